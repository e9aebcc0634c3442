from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from pytest_django import Settings

from tests.outbox import bells


@pytest.fixture(autouse=True)
def _bells(settings: Settings) -> Iterator[None]:
    settings.OUTBOX_RINGER = "tests.outbox.bells.ring"
    settings.OUTBOX_HANDLERS = "tests.outbox.bells.HANDLERS"
    bells.RUNG.clear()
    bells.HANDLERS.clear()
    yield
    bells.HANDLERS.clear()


@pytest.fixture
def later(settings: Settings) -> Callable[..., None]:
    """Moves the product's clock: later(minutes=10)."""

    def move(**by: float) -> None:
        settings.CLOCK_OFFSET = settings.CLOCK_OFFSET + timedelta(**by)

    return move
