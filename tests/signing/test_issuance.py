"""From an order to exactly one certificate, whatever dies on the way."""

import random
import shutil
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings
from django.db import connection

from ledger import clock, verify
from ledger.models import Entry
from outbox.models import Job
from signing import certificates, credentials, issuance, issuing, reconciliation
from signing.credentials import CredentialOrder
from signing.issuing import names
from signing.keystore import KeyKind
from signing.models import CardBinding, Credential, IssuanceIntent
from signing.signer import client
from signing.signer.client import SignerUnavailable
from tests.support import softhsm
from tests.support.killing import AFTER, BEFORE, Killer
from tests.support.signers import ROLES, SignerProcesses

TASK = "signing.issuance.carry_out"
NAIVE = "tests.support.naive.carry_out"


def order(authority: str = "jma", **changes: object) -> CredentialOrder:
    made = CredentialOrder(
        reference=uuid.uuid4(),
        applicant=uuid.uuid4(),
        authority=authority,
        qualification="doctor",
        family_romaji="Yamada",
        given_romaji="Hanako",
        name_kanji="山田\u3000花子",
        birth_date=date(1980, 2, 17),
        my_number_card_fingerprint=random.randbytes(32),
        card_not_after=datetime(2030, 2, 17, tzinfo=UTC),
    )
    return made._replace(**changes)  # type: ignore[arg-type]


def ordered(**changes: object) -> Credential:
    return credentials.issue(order(**changes), clock.now())


def signed_by_authorities() -> Counter[str]:
    """What the authorities' instance itself wrote down: key name and digest of the signed bytes."""
    return Counter((settings.HOME / "signer" / "issued").read_text().splitlines())


def assert_issued_once(credential: Credential) -> None:
    credential.refresh_from_db()
    intent = IssuanceIntent.objects.get(credential=credential)
    assert (credential.state, intent.state) == ("active", "issued")
    certificate = bytes(credential.certificate or b"")
    found = certificates.read(certificate)
    assert found.serial == credential.serial == intent.serial
    assert found.person_id == credential.signer.person_id
    assert found.public_key == bytes(intent.public_key or b"")
    assert certificates.to_be_signed(certificate) == bytes(intent.to_be_signed or b"")
    assert CardBinding.objects.filter(credential=credential, is_living=True).count() == 1
    subject = str(credential.public_id)
    assert Job.objects.filter(kind="signing.credential_issued", subject=subject).count() == 1
    kinds = list(Entry.objects.filter(subject=subject).order_by("pk").values_list("kind", flat=True))
    assert kinds == [
        "signing.credential_ordered",
        "signing.issuance_keyed",
        "signing.issuance_intended",
        "signing.credential_issued",
    ]


@pytest.mark.django_db
class TestInOneProcess:
    @pytest.fixture(autouse=True)
    def _authorities(self, signers: SignerProcesses) -> None:
        issuing.ensure()

    @pytest.mark.parametrize("authority", names.REGISTRARS)
    @pytest.mark.parametrize("qualification", certificates.ROLES)
    def test_an_order_becomes_a_certificate(self, authority: str, qualification: str) -> None:
        credential = ordered(authority=authority, qualification=qualification)
        issuance.carry_out(str(credential.public_id))
        assert_issued_once(credential)
        assert certificates.read(bytes(credential.certificate or b"")).role == qualification

    def test_the_stored_key_is_the_certificates(self) -> None:
        credential = ordered()
        issuance.carry_out(str(credential.public_id))
        credential.refresh_from_db()
        digest = bytes(32)
        item = client.Item(
            bytes(credential.wrapped_key or b""), uuid.uuid4(), digest, client.Algorithm.RSA_SHA256
        )
        (result,) = client.signers().sign([item])
        assert isinstance(result, client.Signed)
        key = x509.load_der_x509_certificate(bytes(credential.certificate or b"")).public_key()
        assert isinstance(key, RSAPublicKey)
        key.verify(result.signature, digest, padding.PKCS1v15(), Prehashed(SHA256()))

    def test_carried_out_again_it_changes_nothing(self) -> None:
        credential = ordered()
        issuance.carry_out(str(credential.public_id))
        before = Credential.objects.filter(pk=credential.pk).values().get()
        issuance.carry_out(str(credential.public_id))
        assert Credential.objects.filter(pk=credential.pk).values().get() == before
        assert_issued_once(credential)

    def test_personal_data_leaves_the_order_when_it_is_done(self) -> None:
        credential = ordered()
        issuance.carry_out(str(credential.public_id))
        assert IssuanceIntent.objects.get(credential=credential).subject == {}

    @pytest.mark.requirement("BD-16")
    def test_a_card_that_opens_another_credential_is_not_bound_twice(self) -> None:
        card = random.randbytes(32)
        for _ in range(2):
            credential = ordered(my_number_card_fingerprint=card)
            issuance.carry_out(str(credential.public_id))
        credential.refresh_from_db()
        assert credential.state == "active"
        assert CardBinding.objects.filter(fingerprint=card, is_living=True).count() == 1

    def test_without_a_signer_the_order_waits(self, signers: SignerProcesses) -> None:
        credential = ordered()
        signers.kill("signers")
        try:
            with pytest.raises(SignerUnavailable):
                issuance.carry_out(str(credential.public_id))
        finally:
            signers.start("signers")
        issuance.carry_out(str(credential.public_id))
        assert_issued_once(credential)

    def test_signed_but_not_stored_it_becomes_the_same_certificate(self, signers: SignerProcesses) -> None:
        credential = ordered()
        for step in (issuance._make_key, issuance._intend):
            step(IssuanceIntent.objects.get(credential=credential))
        to_sign = bytes(IssuanceIntent.objects.get(credential=credential).to_be_signed or b"")
        lost = issuing.authority("jma").sign(to_sign)  # and here the worker died
        signers.kill("authorities")
        signers.start("authorities")
        issuance.carry_out(str(credential.public_id))
        assert_issued_once(credential)
        assert bytes(credential.certificate or b"") == lost


@pytest.mark.django_db
class TestWithAKeyModule:
    """Both instances on one throw-away SoftHSM token: keys made in it, authorities' keys never leaving it."""

    @pytest.fixture(autouse=True)
    def _module(self, signers: SignerProcesses, settings: Any, tmp_path: Path) -> Iterator[None]:
        token = softhsm.create(tmp_path / "hsm")
        folder = Path(tempfile.mkdtemp(prefix="inkan-hsm-", dir="/tmp"))
        settings.SIGNER_SOCKET, settings.ISSUER_SOCKET = folder / "s" / "signer", folder / "s" / "issuer"
        processes = SignerProcesses(**token.environment(folder))
        for role in ROLES:
            processes.start(role)
        yield
        client.signers().disconnect()
        client.authorities().disconnect()
        processes.stop()
        shutil.rmtree(folder)

    @pytest.mark.parametrize("kind", [KeyKind.RSA_2048, KeyKind.P256])
    def test_an_order_becomes_a_certificate_and_its_key_signs(self, kind: KeyKind, settings: Any) -> None:
        settings.SIGNING_KEY_KIND = kind.value
        issuing.ensure()
        credential = ordered()
        issuance.carry_out(str(credential.public_id))
        assert_issued_once(credential)
        assert not [found for found in reconciliation.compare().mismatches if found.what.startswith("key")]
        issuing.publish("jma")
        assert bytes(credential.wrapped_key or b"")[:1] == (b"\x02" if kind.is_rsa else b"\x03")


@pytest.mark.django_db(transaction=True)
class TestUnderFire:
    @pytest.fixture(autouse=True)
    def _authorities(self, signers: SignerProcesses, transactional_db: None) -> None:
        if connection.vendor != "postgresql":
            pytest.skip("other processes cannot see the in-memory database of this run")
        issuing.ensure()

    def sweep(self, task: str) -> tuple[list[str], int]:
        """Kill before and after each round trip, repeat, and tell what went wrong and how many points there were."""
        wrong, points = [], 0
        with Killer() as killer:
            trips = killer.trips(task, str(ordered().public_id))
            for trip in range(1, trips + 1):
                for when in (BEFORE, AFTER):
                    credential, before = ordered(), signed_by_authorities()
                    killed = killer.kill_at(task, str(credential.public_id), trip, when)
                    killer.trips(task, str(credential.public_id))
                    made = len(signed_by_authorities()) - len(before)
                    credential.refresh_from_db()
                    points += killed
                    if made != 1 or credential.state != "active":
                        wrong.append(f"{when} round trip {trip}: {made} certificates, {credential.state}")
                    elif task == TASK:
                        assert_issued_once(credential)
        return wrong, points

    def test_the_sweep_finds_what_is_wrong_with_signing_before_storing(self) -> None:
        wrong, points = self.sweep(NAIVE)
        assert points >= 8
        assert any("2 certificates" in finding for finding in wrong)

    @pytest.mark.requirement("RV-6")
    def test_killed_before_and_after_each_round_trip_it_makes_one_certificate(self) -> None:
        wrong, points = self.sweep(TASK)
        assert wrong == []
        assert points >= 40
        assert verify.verify().ok

    def test_twenty_random_kills_make_one_certificate_each(self) -> None:
        chance, killed = random.Random(20261120), 0
        with Killer() as killer:
            killer.trips(TASK, str(ordered().public_id))
            began = time.monotonic()
            killer.trips(TASK, str(ordered().public_id))
            whole = time.monotonic() - began
            for _ in range(20):
                credential, before = ordered(), signed_by_authorities()
                killed += killer.kill_after(TASK, str(credential.public_id), chance.uniform(0.0, whole))
                killer.trips(TASK, str(credential.public_id))
                assert len(signed_by_authorities()) - len(before) == 1
                assert_issued_once(credential)
        assert killed >= 5

    @pytest.mark.requirement("RV-6")
    def test_eight_at_once_make_one_certificate(self) -> None:
        credential, before, failures = ordered(), signed_by_authorities(), []

        def work() -> None:
            try:
                issuance.carry_out(str(credential.public_id))
            except Exception as problem:
                failures.append(problem)
            finally:
                connection.close()
                client.signers().disconnect()
                client.authorities().disconnect()

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(signed_by_authorities()) - len(before) == 1
        assert_issued_once(credential)
