from datetime import datetime

import pytest

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
