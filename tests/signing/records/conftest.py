from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from pytest_django import Settings

from ledger import clock
from signing.models import SigningSession
from tests.support.signed_in import SignerBrowser


@pytest.fixture
def at() -> datetime:
    return clock.now()


@pytest.fixture
def browser(db: None) -> SignerBrowser:
    """A signer who has opened the day."""
    found = SignerBrowser()
    found.sign_in()
    return found


@pytest.fixture
def session(browser: SignerBrowser) -> SigningSession:
    return SigningSession.objects.get(credential=browser.credential)


@pytest.fixture
def noon(settings: Settings) -> Callable[[date], None]:
    def move(day: date) -> None:
        settings.CLOCK_OFFSET = timedelta(0)
        settings.CLOCK_OFFSET = clock.end_of_day(day) - timedelta(hours=12) - clock.now()

    return move
