"""Migrations move the rows of the database that they are told to migrate, and no other's."""

from pathlib import Path
from typing import Any, NoReturn

import pytest
from django.core.management import call_command
from django.db import connections
from pytest_django import DjangoDbBlocker

from tests.support.beside import sqlite


class Touched(Exception):
    """The run's own database was asked something."""


def refuse(_execute: Any, sql: str, *_about: Any) -> NoReturn:
    raise Touched(sql)


@pytest.mark.parametrize("app", ["enrollment", "signing"])
def test_another_database_is_migrated_without_a_look_at_the_default_one(
    app: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock(), sqlite.beside(tmp_path / "other.sqlite3") as alias:
        with connections["default"].execute_wrapper(refuse):
            call_command("migrate", app, database=alias, verbosity=0)
        with connections[alias].cursor() as cursor:
            assert f"{app}_" in str(connections[alias].introspection.table_names(cursor))
