from collections.abc import Iterator

import pytest
from django.db import connection

from signing.signer import client
from tests.signing.turns.running import Hot
from tests.support.signers import SignerProcesses


@pytest.fixture
def hot(transactional_db: None, signers: SignerProcesses) -> Iterator[Hot]:
    if connection.vendor != "postgresql":
        pytest.skip("turns are PostgreSQL's; SQLite has one writer")
    with Hot() as running:
        yield running
    client.signers().disconnect()
