"""A SQLite database as the product opens one, beside the run's own or in its place (decisions 10 and 39)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connections

from deploy.settings import _database

ALIAS = "second"


@contextmanager
def beside(file: Path) -> Iterator[str]:
    """Its alias; unknown to Django before and after."""
    _describe(ALIAS, file)
    try:
        yield ALIAS
    finally:
        connections[ALIAS].close()
        del connections[ALIAS], connections.settings[ALIAS]


@contextmanager
def instead(file: Path, **options: object) -> Iterator[None]:
    """Every thread that opens the product's database meanwhile opens this one; `options` are of its own."""
    settings, opened = connections.settings["default"], connections["default"]
    del connections["default"]
    _describe("default", file, **options)
    try:
        yield
    finally:
        connections["default"].close()
        connections.settings["default"], connections["default"] = settings, opened


def _describe(alias: str, file: Path, **options: object) -> None:
    ours = _database(f"sqlite://{file}")
    connections.settings[alias] = {
        **connections.settings["default"],
        **ours,
        "OPTIONS": {**ours["OPTIONS"], **options},
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": False,
    }
