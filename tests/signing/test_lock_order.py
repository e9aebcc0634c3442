"""Transactions that meet on one credential wait for each other and never in a circle; on PostgreSQL."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from ledger import clock, log
from signing import card_bindings, credentials, issuance, issuing
from signing.models import Credential, IssuanceIntent, SigningSession
from signing.signer import client
from tests.signing.test_succession import successor
from tests.support.credentials import NOON, active_credential
from tests.support.signers import SignerProcesses

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time"),
]
SIGNER = log.Actor("signer", "s")


class Meanwhile:
    """Another connection's transaction, begun when it is told to; `begin` comes back once it waits for a lock."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.problem = ""
        self._work, self._thread = work, threading.Thread(target=self._run)

    def begin(self) -> None:
        self._thread.start()
        until = time.monotonic() + 10
        while self._thread.is_alive() and time.monotonic() < until:
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
                if cursor.fetchone()[0]:
                    return
            time.sleep(0.01)
        raise AssertionError(f"nothing waited: {self.problem}")

    def end(self) -> str:
        self._thread.join(30)
        return self.problem

    def _run(self) -> None:
        try:
            self._work()
        except Exception as problem:
            self.problem = repr(problem)
        finally:
            connection.close()


@pytest.mark.requirement("BD-03")
def test_binding_a_card_lets_a_row_about_the_credential_be_written() -> None:
    """A signature is recorded after its ledger entry, so its row asks for the credential while it holds the chain."""
    credential = active_credential()
    bind = partial(card_bindings.bind, credential, b"f" * 32, None, at=NOON, actor=SIGNER)
    other = Meanwhile(bind)
    with transaction.atomic():
        log.append("signing.signed", actor=SIGNER, subject=str(credential.public_id), authority="jma")
        other.begin()
        SigningSession.objects.create(
            credential=credential, token_digest=b"t" * 32, means="hpki_card", started_at=NOON, expires_at=NOON
        )
    assert other.end() == ""


@pytest.mark.requirement("RV-7")
def test_a_revocation_passes_while_its_successors_key_is_stored(
    signers: SignerProcesses, transactional_db: None
) -> None:
    issuing.ensure()
    former = active_credential()
    credential = successor(former)
    other = Meanwhile(lambda: credentials.revoke(former, SIGNER, "unspecified", clock.now()))
    begun = []

    def keyed(execute: Callable[..., Any], sql: str, *about: Any) -> Any:
        if sql.startswith('UPDATE "signing_credential"') and not begun:
            begun.append(sql)
            other.begin()
        return execute(sql, *about)

    with connection.execute_wrapper(keyed):
        issuance._make_key(IssuanceIntent.objects.select_related("credential").get(credential=credential))
    assert (bool(begun), other.end()) == (True, "")
    assert set(Credential.objects.values_list("state", flat=True)) == {"revoked"}
    assert IssuanceIntent.objects.get().subject == {}
    client.signers().disconnect()
