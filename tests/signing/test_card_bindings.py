"""A My Number Card of a credential: bound, replaced at once, never shared (BD-01, BD-03, BD-16)."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections

from ledger.log import Actor
from ledger.models import Entry
from outbox.models import Job
from signing import credentials
from signing.card_bindings import bind
from signing.errors import Refused
from signing.models import CardBinding, Credential, SigningSession
from tests.support.credentials import NOON, active_credential

HOLDER = Actor("signer", "holder")
OLD, NEW = b"o" * 32, b"n" * 32
ENDS = NOON + timedelta(days=900)


def living(credential: Credential) -> list[bytes]:
    rows = CardBinding.objects.filter(credential=credential, is_living=True)
    return [bytes(row.fingerprint) for row in rows]


def day(credential: Credential, means: str, mark: bytes) -> SigningSession:
    return SigningSession.objects.create(
        credential=credential,
        token_digest=mark * 32,
        means=means,
        started_at=NOON,
        expires_at=NOON + timedelta(hours=18),
    )


@pytest.mark.django_db
class TestBinding:
    @pytest.mark.requirement("BD-03")
    def test_a_renewed_certificate_takes_the_place_of_the_old_one_at_once(self) -> None:
        credential = active_credential()
        bind(credential, OLD, ENDS, at=NOON, actor=HOLDER)
        by_card, by_phone = day(credential, "my_number_card", b"1"), day(credential, "authenticator", b"2")
        bind(credential, NEW, ENDS, at=NOON, actor=HOLDER)
        assert living(credential) == [NEW]
        by_card.refresh_from_db()
        by_phone.refresh_from_db()
        assert by_card.ended_at == NOON
        assert by_phone.ended_at is None

    def test_each_binding_is_logged_and_told_once(self) -> None:
        credential = active_credential()
        for fingerprint in (OLD, OLD, NEW):
            bind(credential.public_id, fingerprint, None, at=NOON, actor=HOLDER)
        entries = Entry.objects.filter(kind="signing.card_bound", subject=str(credential.public_id))
        assert [entry.data["replaced"] for entry in entries.order_by("pk")] == [0, 1]
        assert Job.objects.filter(kind="signing.card_bound", subject=str(credential.public_id)).count() == 2

    def test_a_second_card_may_stand_beside_the_first_where_it_is_asked_for(self) -> None:
        credential = active_credential()
        bind(credential, OLD, ENDS, at=NOON, actor=HOLDER)
        credentials.bind_card(credential, NEW, ENDS, at=NOON, actor=HOLDER, replaces_all=False)
        assert sorted(living(credential)) == sorted([OLD, NEW])

    def test_a_card_of_another_living_credential_is_refused_and_changes_nothing(self) -> None:
        mine, theirs = active_credential(), active_credential()
        bind(theirs, NEW, ENDS, at=NOON, actor=HOLDER)
        bind(mine, OLD, ENDS, at=NOON, actor=HOLDER)
        with pytest.raises(Refused, match=r"^card_bound_elsewhere$"):
            bind(mine, NEW, ENDS, at=NOON, actor=HOLDER)
        assert living(mine) == [OLD]
        assert living(theirs) == [NEW]

    @pytest.mark.parametrize("state", ["ordered", "suspended", "revoked", "expired"])
    def test_only_an_active_credential_takes_a_card(self, state: str) -> None:
        credential = active_credential(state=state)
        with pytest.raises(Refused, match=r"^credential_not_active$"):
            bind(credential, NEW, ENDS, at=NOON, actor=HOLDER)

    def test_an_ended_certificate_takes_none_either(self) -> None:
        credential = active_credential()
        with pytest.raises(Refused, match=r"^credential_not_active$"):
            bind(credential, NEW, ENDS, at=NOON + timedelta(days=1801), actor=HOLDER)

    def test_a_fingerprint_has_32_bytes(self) -> None:
        with pytest.raises(Refused, match=r"^card_malformed$"):
            bind(active_credential(), b"short", ENDS, at=NOON, actor=HOLDER)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_one_card_offered_to_eight_credentials_at_once_is_bound_once() -> None:
    wanted = [active_credential() for _ in range(8)]
    start, outcomes = threading.Barrier(len(wanted)), list[str]()

    def run(credential: Credential) -> None:
        start.wait(30)
        try:
            bind(credential, NEW, ENDS, at=NOON, actor=HOLDER)
            outcomes.append("bound")
        except Refused as refused:
            outcomes.append(refused.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(one,)) for one in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["bound", *["card_bound_elsewhere"] * 7]
    assert CardBinding.objects.filter(fingerprint=NEW, is_living=True).count() == 1
