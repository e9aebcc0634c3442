from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import transaction
from pytest_django import Settings

from ledger import clock, log


@pytest.fixture
def on(settings: Settings) -> Callable[[date], None]:
    """Puts the product's clock on noon (JST) of a day."""

    def move(day: date) -> None:
        settings.CLOCK_OFFSET = timedelta(0)
        settings.CLOCK_OFFSET = clock.end_of_day(day) - timedelta(hours=12) - clock.now()

    return move


@pytest.fixture
def write(transactional_db: None) -> Callable[..., None]:
    """Appends entries, each in its own transaction."""

    def append(count: int, shard: str = "web") -> None:
        for number in range(count):
            with transaction.atomic():
                log.append(
                    "case.viewed", actor=log.Actor("officer", "7d1f"), subject=f"case-{number}", shard=shard
                )

    return append


@pytest.fixture(autouse=True)
def no_witness(settings: Settings) -> None:
    """The signer's journal of this run holds lines of other tests; it is tried in tests/signing."""
    settings.LEDGER_WITNESSES = {}
