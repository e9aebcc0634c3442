"""Fixtures of the signing room's API tests."""

from collections.abc import Iterator

import pytest

from ledger import clock
from signing.signer import client as signer_client
from tests.support import days
from tests.support.csc import Api
from tests.support.signers import SignerProcesses


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
