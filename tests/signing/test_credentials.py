"""Ordering, suspending, resuming, revoking: who may, what dies with it, and two at once."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection

from ledger import clock
from ledger.log import SYSTEM, Actor
from ledger.models import Entry
from outbox.models import Job
from signing import credentials, flow
from signing.errors import Refused
from signing.models import (
    Activation,
    ActivationItem,
    CardBinding,
    Credential,
    IssuanceIntent,
    OAuthClient,
    Signer,
    SigningSession,
)
from tests.signing.test_issuance import order, ordered
from tests.support.credentials import active_credential

SIGNER, OFFICER = Actor("signer", "s"), Actor("officer", "o")
OPERATOR, CALLER = Actor("operator", "p"), Actor("caller", "c")


def refused(code: str) -> "pytest.RaisesExc[Refused]":
    return pytest.raises(Refused, match=f"^{code}$")


def open_item(credential: Credential, state: str = flow.Item.AUTHORISED) -> ActivationItem:
    at = clock.now()
    token = uuid.uuid4().bytes * 2
    session = SigningSession.objects.create(
        credential=credential,
        token_digest=token,
        means="authenticator",
        started_at=at,
        expires_at=at + timedelta(hours=1),
    )
    client = OAuthClient.objects.create(
        client_id=str(uuid.uuid4()), secret_digest=bytes(32), name="EHR", created_at=at
    )
    activation = Activation.objects.create(
        sad_digest=token,
        credential=credential,
        session=session,
        client=client,
        hash_algorithm="sha256",
        created_at=at,
        expires_at=at + timedelta(minutes=5),
    )
    return ActivationItem.objects.create(activation=activation, ordinal=0, digest=bytes(32), state=state)


@pytest.mark.django_db
class TestOrdering:
    def test_an_order_makes_signer_credential_intent_and_job(self) -> None:
        wanted = order("medis", qualification="pharmacist")
        credential = credentials.issue(wanted, clock.now())
        assert (credential.state, credential.authority, credential.issuer) == ("ordered", "medis", "medis")
        assert credential.signer.applicant == wanted.applicant
        assert len(credential.signer.person_id) == 10
        assert len(bytes(credential.signer.user_handle)) == 64
        job = Job.objects.get(kind="signing.issue")
        assert (job.subject, job.queue) == (str(credential.public_id), "keys")
        entry = Entry.objects.get(kind="signing.credential_ordered")
        assert entry.data == {
            "issuer": "medis",
            "qualification": "pharmacist",
            "key": "rsa2048",
            "kanji_fit": True,
        }

    def test_the_same_reference_gives_the_same_credential(self) -> None:
        wanted = order()
        first = credentials.issue(wanted, clock.now())
        assert credentials.issue(wanted, clock.now()) == first
        assert IssuanceIntent.objects.count() == Job.objects.count() == Signer.objects.count() == 1

    def test_a_second_living_credential_is_refused(self) -> None:
        wanted = order()
        credentials.issue(wanted, clock.now())
        with refused("credential_living"):
            credentials.issue(wanted._replace(reference=uuid.uuid4()), clock.now())

    def test_after_revocation_the_same_person_keeps_the_id(self) -> None:
        wanted = order()
        first = credentials.issue(wanted, clock.now())
        Credential.objects.filter(pk=first.pk).update(state="revoked")
        second = credentials.issue(wanted._replace(reference=uuid.uuid4()), clock.now())
        assert second != first
        assert second.signer == first.signer

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"authority": "jda"}, "unknown_authority"),
            ({"qualification": "nurse"}, "unknown_qualification"),
            ({"family_romaji": "山田"}, "name_not_issuable"),
            ({"family_romaji": ""}, "name_not_issuable"),
            ({"given_romaji": "H" * 60}, "name_not_issuable"),
            ({"given_romaji": "Hana\nko"}, "name_not_issuable"),
            ({"my_number_card_fingerprint": b"short"}, "card_malformed"),
        ],
    )
    def test_what_cannot_become_a_certificate_is_not_ordered(
        self, change: dict[str, object], code: str
    ) -> None:
        with refused(code):
            credentials.issue(order(**change), clock.now())  # type: ignore[arg-type]
        assert Signer.objects.count() == 0

    def test_a_name_too_long_for_the_alternative_name_is_left_out(self) -> None:
        credential = ordered(name_kanji="ゴンザレスデラクルス\u3000マリアフェルナンダイザベル")
        assert IssuanceIntent.objects.get(credential=credential).subject["name_kanji"] == ""


@pytest.mark.django_db
class TestMoves:
    def test_suspending_ends_sessions_and_kills_open_items(self) -> None:
        credential = active_credential()
        item, reserved = open_item(credential), open_item(credential, flow.Item.RESERVED)
        bystander = open_item(active_credential())
        at = clock.now()
        credentials.suspend(credential, SIGNER, "lost_phone", at)
        for row in (item, reserved, bystander):
            row.refresh_from_db()
        assert credential.state == "suspended"
        assert (item.state, reserved.state, bystander.state) == ("dead", "reserved", "authorised")
        assert SigningSession.objects.filter(credential=credential, ended_at=at).count() == 2
        assert SigningSession.objects.filter(ended_at=None).count() == 1
        assert Entry.objects.get(kind="signing.credential_suspended").data == {"reason": "lost_phone"}
        assert not Job.objects.filter(kind="signing.crl").exists()

    def test_a_suspended_credential_comes_back_without_its_sessions(self) -> None:
        credential = active_credential(state="suspended")
        credentials.resume(credential, OFFICER, "found", clock.now())
        assert credential.state == "active"

    def test_revoking_renews_the_list_and_frees_the_card(self) -> None:
        credential = active_credential()
        item = open_item(credential)
        CardBinding.objects.create(credential=credential, fingerprint=bytes(32), bound_at=clock.now())
        at = clock.now()
        credentials.revoke(credential, SIGNER, "key_compromise", at)
        item.refresh_from_db()
        assert (credential.state, credential.revoked_at, credential.revocation_reason) == (
            "revoked",
            at,
            "key_compromise",
        )
        assert item.state == "dead"
        assert not CardBinding.objects.filter(is_living=True).exists()
        job = Job.objects.get(kind="signing.crl")
        assert (job.subject, job.queue) == ("jma", "keys")

    def test_what_is_revoked_stays_revoked(self) -> None:
        credential = active_credential()
        credentials.revoke(credential, OFFICER, "superseded", clock.now())
        with refused("credential_state"):
            credentials.revoke(credential, OFFICER, "key_compromise", clock.now())
        with refused("credential_state"):
            credentials.resume(credential, OFFICER, "mistake", clock.now())
        credential.refresh_from_db()
        assert credential.revocation_reason == "superseded"
        assert Entry.objects.filter(kind="signing.credential_revoked").count() == 1

    def test_only_those_in_the_table_may(self) -> None:
        credential = active_credential()
        for actor in (CALLER, SYSTEM, Actor("applicant", "a")):
            with refused("actor_not_allowed"):
                credentials.revoke(credential, actor, "unspecified", clock.now())
            with refused("actor_not_allowed"):
                credentials.suspend(credential, actor, "why", clock.now())
        suspended = active_credential(state="suspended")
        with refused("actor_not_allowed"):
            credentials.resume(suspended, OPERATOR, "found", clock.now())

    def test_a_reason_is_a_word_of_the_standard(self) -> None:
        with refused("reason_unknown"):
            credentials.revoke(active_credential(), SIGNER, "lost_phone", clock.now())
        with refused("reason_malformed"):
            credentials.suspend(active_credential(), SIGNER, "Lost it, Mr. Yamada", clock.now())

    def test_a_certificate_past_its_end_expires(self) -> None:
        late, living = active_credential(), active_credential()
        at = clock.now()
        Credential.objects.filter(pk=late.pk).update(not_after=at - timedelta(seconds=1))
        assert credentials.expire_due(at) == 1
        assert credentials.expire_due(at) == 0
        late.refresh_from_db(), living.refresh_from_db()
        assert (late.state, living.state) == ("expired", "active")


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    @pytest.fixture(autouse=True)
    def _real_rows(self, transactional_db: None) -> None:
        if connection.vendor != "postgresql":
            pytest.skip("SQLite has one writer; there is nothing to race")

    def both(self, *works: object) -> list[str]:
        outcomes: list[str] = []

        def run(work: object) -> None:
            try:
                work()  # type: ignore[operator]
                outcomes.append("done")
            except Refused as refusal:
                outcomes.append(refusal.code)
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(outcomes)

    def test_eight_revocations_make_one(self) -> None:
        credential = active_credential()
        at = clock.now()
        outcomes = self.both(
            *[lambda: credentials.revoke(Credential.objects.get(pk=credential.pk), OFFICER, "superseded", at)]
            * 8
        )
        assert outcomes == ["credential_state"] * 7 + ["done"]
        assert Entry.objects.filter(kind="signing.credential_revoked").count() == 1

    def test_eight_orders_of_one_reference_make_one(self) -> None:
        wanted = order()
        assert self.both(*[lambda: credentials.issue(wanted, clock.now())] * 8) == ["done"] * 8
        assert Credential.objects.count() == Job.objects.filter(kind="signing.issue").count() == 1

    def test_eight_applications_of_one_person_make_one_credential(self) -> None:
        wanted = order()
        outcomes = self.both(
            *[lambda: credentials.issue(wanted._replace(reference=uuid.uuid4()), clock.now())] * 8
        )
        assert outcomes == ["credential_living"] * 7 + ["done"]
