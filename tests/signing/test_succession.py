"""A certificate takes the place of another: everything moves at once, and nothing is ever in two places."""

import random
import subprocess
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import IntegrityError, transaction

from ledger import clock
from ledger.log import Actor
from ledger.models import Entry
from outbox.models import Job
from signing import credentials, issuance, issuing, links
from signing.issuing import lists
from signing.models import (
    Authenticator,
    CardBinding,
    Credential,
    EnrollmentLink,
    IssuanceIntent,
    IssuingCertificate,
    RevocationList,
    SigningSession,
)
from tests.signing.test_credentials import open_item, refused
from tests.signing.test_issuance import order, ordered
from tests.support.credentials import active_credential
from tests.support.signers import SignerProcesses

SIGNER, OFFICER = Actor("signer", "s"), Actor("officer", "o")


def phone(credential: Credential, state: str = "active") -> Authenticator:
    return Authenticator.objects.create(
        credential=credential,
        state=state,
        webauthn_id=random.randbytes(32),
        public_key=b"key",
        label="iPhone",
        bound_at=clock.now(),
    )


def bound(credential: Credential) -> CardBinding:
    return CardBinding.objects.create(
        credential=credential, fingerprint=random.randbytes(32), bound_at=clock.now()
    )


def successor(former: Credential, **changes: object) -> Credential:
    """An order of a successor, not carried out."""
    wanted = order(
        authority=former.authority,
        applicant=former.signer.applicant,
        succeeds=former.public_id,
        my_number_card_fingerprint=None,
        card_not_after=None,
        **changes,
    )
    return credentials.issue(wanted, clock.now())


def with_keys() -> Credential:
    """An issued credential with its certificate."""
    credential = ordered()
    issuance.carry_out(str(credential.public_id))
    credential.refresh_from_db()
    return credential


@pytest.mark.django_db
class TestTheOrder:
    def test_a_person_may_have_one_standing_and_one_on_its_way(self) -> None:
        former = active_credential()
        first = successor(former)
        assert (first.state, first.succeeds, first.signer) == ("ordered", former, former.signer)
        with refused("credential_living"):
            successor(former)
        assert Credential.objects.count() == 2

    def test_the_database_itself_keeps_it_so(self) -> None:
        former = active_credential()
        for state in ("active", "suspended"):
            with pytest.raises(IntegrityError), transaction.atomic():
                active_credential(former.signer, state=state)
        active_credential(former.signer, state="ordered")
        with pytest.raises(IntegrityError), transaction.atomic():
            active_credential(former.signer, state="ordered")

    def test_an_order_that_succeeds_nothing_is_refused_beside_a_living_one(self) -> None:
        former = active_credential()
        with refused("credential_living"):
            credentials.issue(order(applicant=former.signer.applicant), clock.now())

    @pytest.mark.parametrize("change", ["applicant", "authority", "qualification", "state"])
    def test_what_it_succeeds_must_be_the_same_persons_and_in_force(self, change: str) -> None:
        former = active_credential()
        wanted = order(applicant=former.signer.applicant, succeeds=former.public_id)
        if change == "state":
            credentials.revoke(former, SIGNER, "unspecified", clock.now())
        else:
            other = {"applicant": uuid.uuid4(), "authority": "medis", "qualification": "dentist"}
            wanted = wanted._replace(**{change: other[change]})  # type: ignore[arg-type]
        with refused("not_succeedable"):
            credentials.issue(wanted, clock.now())

    def test_a_card_holder_keeps_the_person_id(self) -> None:
        wanted = order(person_id="T20024-jpa", my_number_card_fingerprint=None, card_not_after=None)
        credential = credentials.issue(wanted, clock.now())
        assert credential.signer.person_id == "T20024-jpa"

    def test_a_person_id_of_another_association_is_somebody_else(self) -> None:
        wanted = order(person_id="T20024")
        credentials.issue(wanted, clock.now())
        with refused("person_id_taken"):
            credentials.issue(
                wanted._replace(reference=uuid.uuid4(), applicant=uuid.uuid4(), authority="medis"),
                clock.now(),
            )
        for bad in ("Ä1", "a" * 17, "a b", "x\n"):
            with refused("person_id_malformed"):
                credentials.issue(order(person_id=bad), clock.now())

    def test_a_card_that_ends_never_is_malformed(self) -> None:
        with refused("card_malformed"):
            credentials.issue(order(card_not_after=None), clock.now())


@pytest.mark.django_db
class TestActivation:
    @pytest.fixture(autouse=True)
    def _authorities(self, signers: SignerProcesses) -> None:
        issuing.ensure()

    @pytest.mark.requirement("RV-7")
    def test_phones_and_cards_move_and_the_former_ends(self) -> None:
        former = active_credential()
        old_phone, new_phone = phone(former, "replaced"), phone(former)
        card, item = bound(former), open_item(former)
        link = open_link(former)
        credential = successor(former)
        issuance.carry_out(str(credential.public_id))
        for row in (former, credential, old_phone, new_phone, card, item, link):
            row.refresh_from_db()
        assert (credential.state, former.state, former.revocation_reason) == (
            "active",
            "revoked",
            "superseded",
        )
        assert credential.signer.person_id == former.signer.person_id
        assert (new_phone.credential, old_phone.credential) == (credential, former)
        assert (card.credential, card.is_living) == (credential, True)
        assert (item.state, link.state) == ("dead", "void")
        assert not SigningSession.objects.filter(credential=former, ended_at=None).exists()
        kinds = set(Job.objects.filter(subject=str(former.public_id)).values_list("kind", flat=True))
        assert kinds == {"signing.credential_revoked", "signing.ocsp"}
        assert Job.objects.filter(kind="signing.crl", dedupe=f"crl-revoked-{former.public_id}").count() == 1
        entry = Entry.objects.get(kind="signing.credential_succeeded")
        assert entry.data == {
            "successor": str(credential.public_id),
            "phones": 1,
            "cards": 1,
            "reason": "superseded",
        }

    def test_a_changed_name_ends_the_former_for_its_own_reason(self) -> None:
        former = active_credential()
        credential = successor(former, former_ends=credentials.AFFILIATION_CHANGED, family_romaji="SATO")
        issuance.carry_out(str(credential.public_id))
        former.refresh_from_db()
        assert (former.state, former.revocation_reason) == ("revoked", "affiliation_changed")

    def test_a_suspended_one_hands_its_suspension_on(self) -> None:
        former = active_credential()
        credential = successor(former)
        credentials.suspend(former, SIGNER, "lost_phone", clock.now())
        lost = phone(former)
        issuance.carry_out(str(credential.public_id))
        credential.refresh_from_db(), lost.refresh_from_db()
        assert (credential.state, lost.credential) == ("suspended", credential)

    def test_one_that_expires_first_leaves_its_phone_and_card(self) -> None:
        former = active_credential()
        kept, card = phone(former), bound(former)
        credential = successor(former)
        at = clock.now()
        Credential.objects.filter(pk=former.pk).update(not_after=at - timedelta(seconds=1))
        assert credentials.expire_due(at) == 1
        issuance.carry_out(str(credential.public_id))
        for row in (former, credential, kept, card):
            row.refresh_from_db()
        assert (former.state, credential.state) == ("expired", "active")
        assert (kept.credential, card.credential, card.is_living) == (credential, credential, True)
        assert not Job.objects.filter(kind="signing.crl").exists()

    def test_a_revocation_stops_what_was_to_succeed(self) -> None:
        former = active_credential()
        credential = successor(former)
        credentials.revoke(former, SIGNER, "unspecified", clock.now())
        credential.refresh_from_db()
        assert credential.state == "revoked"
        issuance.carry_out(str(credential.public_id))
        credential.refresh_from_db()
        assert (credential.certificate, credential.serial) == (None, None)
        assert IssuanceIntent.objects.get(credential=credential).subject == {}
        assert credentials.newest_of(former.public_id) == former.public_id
        fresh = credentials.issue(order(applicant=former.signer.applicant), clock.now())
        assert fresh.state == "ordered"

    def test_one_that_may_be_signed_already_is_recorded_and_listed(self) -> None:
        former = active_credential()
        kept = phone(former)
        credential = successor(former)
        for step in (issuance._make_key, issuance._intend):
            step(IssuanceIntent.objects.select_related("credential__signer").get(credential=credential))
        credentials.revoke(former, OFFICER, "privilege_withdrawn", clock.now())
        issuance.carry_out(str(credential.public_id))
        credential.refresh_from_db(), kept.refresh_from_db()
        assert credential.state == "revoked"
        assert kept.credential == former
        assert credential.certificate is not None
        lists.publish("jma")
        listed = x509.load_der_x509_crl(newest_list())
        found = listed.get_revoked_certificate_by_serial_number(int(credential.serial or "", 16))
        assert found is not None
        assert not Job.objects.filter(kind="signing.credential_issued").exists()

    def test_the_line_is_found_from_both_ends(self) -> None:
        former = with_keys()
        second = successor(former)
        issuance.carry_out(str(second.public_id))
        third = successor(Credential.objects.get(pk=second.pk))
        issuance.carry_out(str(third.public_id))
        assert credentials.line(third.public_id) == [third.public_id, second.public_id, former.public_id]
        assert credentials.newest_of(former.public_id) == third.public_id

    def test_evidence_is_old_only_when_the_newest_certificate_is(self) -> None:
        former = with_keys()
        second = successor(former)
        issuance.carry_out(str(second.public_id))
        former.refresh_from_db(), second.refresh_from_db()
        assert former.not_after is not None
        assert second.not_after is not None
        Credential.objects.filter(pk=former.pk).update(not_after=former.not_after - timedelta(days=400))
        between = former.not_after - timedelta(days=200)
        after = second.not_after + timedelta(seconds=1)
        assert credentials.ended_before(between, [former.public_id]) == []
        assert credentials.ended_before(after, [former.public_id]) == [former.public_id]
        successor(Credential.objects.get(pk=second.pk))
        assert credentials.ended_before(after, [former.public_id]) == []

    @pytest.mark.requirement("RV-7")
    def test_openssl_finds_the_former_revoked_and_the_new_one_good(self, tmp_path: Path) -> None:
        former = with_keys()
        credential = successor(former)
        issuance.carry_out(str(credential.public_id))
        former.refresh_from_db(), credential.refresh_from_db()
        lists.publish("jma")
        authorities = {
            row.code: pem(tmp_path, row.code, row.certificate) for row in IssuingCertificate.objects.all()
        }
        crl = x509.load_der_x509_crl(newest_list())
        listed = tmp_path / "list.pem"
        listed.write_bytes(crl.public_bytes(Encoding.PEM))

        def verified(row: Credential) -> str:
            trust = ["-trusted", authorities["root"], "-untrusted", authorities["jma"], "-crl_check"]
            leaf = pem(tmp_path, "leaf", row.certificate or b"")
            command = ["openssl", "verify", *trust, "-CRLfile", listed, leaf]
            run = subprocess.run(command, capture_output=True, text=True, check=False)
            return run.stdout + run.stderr

        assert "certificate revoked" in verified(former)
        assert verified(credential).rstrip().endswith("OK")


def newest_list() -> bytes:
    return bytes(RevocationList.objects.filter(issuer="jma").latest("number").content)


def pem(folder: Path, name: str, der: bytes) -> Path:
    path = folder / f"{name}.pem"
    path.write_bytes(x509.load_der_x509_certificate(bytes(der)).public_bytes(Encoding.PEM))
    return path


def open_link(credential: Credential) -> EnrollmentLink:
    links.create(credential, at=clock.now())
    return EnrollmentLink.objects.get(credential=credential, state="open")
