from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import Settings

from ledger import clock
from signing.models import AccessToken, ClientCertificate
from signing.signer import client
from tests.signing.turns.running import Hot
from tests.support import days
from tests.support.card_site import facilities
from tests.support.card_site.nginx import SECRET
from tests.support.days import Day
from tests.support.signers import SignerProcesses


@pytest.fixture
def hot(transactional_db: None, signers: SignerProcesses) -> Iterator[Hot]:
    if connection.vendor != "postgresql":
        pytest.skip("turns are PostgreSQL's; SQLite has one writer")
    with Hot() as running:
        yield running
    client.signers().disconnect()


@pytest.fixture
def bound(hot: Hot, settings: Settings) -> Day:
    """A day whose token is bound to its facility's certificate; `hot` shows that certificate."""
    settings.API_ORIGIN, settings.PROXY_SECRET = facilities.API_ORIGIN, SECRET
    day = days.day(clock.now())
    issued = facilities.bound(day.client.client_id)
    mine = AccessToken.objects.filter(session=day.session)
    mine.update(certificate=ClientCertificate.objects.get(), revoked_at=None)
    hot.headers = facilities.headers(issued)
    return day
