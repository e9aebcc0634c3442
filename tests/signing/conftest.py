"""Fixtures of the signing room: a caller within a day, cards within TEST hierarchies."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from cards.pki import Hierarchy, new_key
from cards.profile import CertificateKind
from ledger import clock
from signing.signer import client as signer_client
from tests.support import days
from tests.support.card_site import hpki
from tests.support.card_site.nginx import SECRET
from tests.support.cards import Card
from tests.support.credentials import NOON
from tests.support.csc import Api
from tests.support.signers import SignerProcesses
from tests.support.web import served


@pytest.fixture(scope="session")
def hierarchy() -> Hierarchy:
    return Hierarchy.create(NOON)


@pytest.fixture
def trust(hierarchy: Hierarchy, tmp_path: Path, settings: Settings) -> Path:
    hierarchy.publish(tmp_path, NOON)
    settings.JPKI_TRUST = tmp_path
    return tmp_path


@pytest.fixture
def card(hierarchy: Hierarchy, trust: Path) -> Card:
    key = new_key()
    authority = hierarchy.current(CertificateKind.AUTHENTICATION)
    start, end = NOON - timedelta(days=100), NOON + timedelta(days=1000)
    return Card(key, authority.authentication_certificate(key, start, end))


@pytest.fixture
def at_noon(settings: Settings) -> None:
    """The product's clock stands near NOON, where the TEST hierarchy and its cards are valid."""
    settings.CLOCK_OFFSET = NOON - datetime.now(UTC)


@pytest.fixture
def signer_connection() -> Iterator[None]:
    """Closes what this test's thread has opened to the signer processes."""
    yield
    signer_client.signers().disconnect()
    signer_client.authorities().disconnect()


@pytest.fixture
def api(db: None, signers: SignerProcesses, signer_connection: None) -> Api:
    """A caller within a signer's day; the credential has a key and no certificate."""
    return Api(days.day(clock.now()))


@pytest.fixture
def issued(db: None, signers: SignerProcesses, signer_connection: None) -> Api:
    """With a certificate of the embedded authority."""
    return Api(days.issued_day())


@pytest.fixture
def card_site(settings: Settings, tmp_path: Path) -> Path:
    """An installation with a card origin, in front of which a test speaks as our nginx does: its trust folder."""
    settings.CARD_ORIGIN, settings.PROXY_SECRET = hpki.CARD_ORIGIN, SECRET
    settings.HPKI_TRUST = tmp_path / "hpki"
    return hpki.publish(settings.HPKI_TRUST)


@pytest.fixture
def server(signers: SignerProcesses) -> Iterator[str]:
    """The product's web server with its signers, over the test's database (`tests.support.beside.BESIDE`)."""
    with served() as address:
        yield address
    signer_client.signers().disconnect()
    signer_client.authorities().disconnect()


@pytest.fixture
def site(server: str) -> str:
    """The same for a browser: WebAuthn wants a name."""
    return server.replace("127.0.0.1", "localhost")
