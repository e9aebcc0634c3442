"""Revocation lists: on time, at once, never backwards, one writer; openssl and pkilint read them."""

import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import run

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import connection
from django.test import Client
from pytest_django import Settings

from ledger import clock
from ledger.log import Actor
from outbox.models import Job
from signing import credentials, issuing
from signing.issuing import encoding, lists
from signing.issuing.seam import Revoked
from signing.models import Credential, RevocationList
from signing.signer import client as signer_client
from tests.signing.issuing.conftest import RelyingParty
from tests.signing.issuing.issuers import self_signed
from tests.support.credentials import active_credential

OFFICER = Actor("officer", "7")
Issue = Callable[[], Credential]


def newest(code: str = "jma") -> RevocationList:
    return RevocationList.objects.filter(issuer=code).latest("number")


def numbers(code: str = "jma") -> list[int]:
    return list(RevocationList.objects.filter(issuer=code).order_by("pk").values_list("number", flat=True))


def revoked_rows(count: int, at: datetime) -> None:
    for index in range(count):
        row = active_credential(at=at, state="revoked")
        Credential.objects.filter(pk=row.pk).update(
            serial=f"01{index:032x}", revoked_at=at, revocation_reason="superseded"
        )


@pytest.mark.django_db
@pytest.mark.requirement("RV-7")
def test_a_revocation_stands_in_the_next_list_and_openssl_refuses_the_certificate(
    issued: Issue, relying: RelyingParty, client: Client
) -> None:
    credential = issued()
    relying.lay_out(credential)
    before = client.get("/pki/jma.crl")
    (relying.folder / "before.crl").write_bytes(
        x509.load_der_x509_crl(before.content).public_bytes(Encoding.PEM)
    )
    verify = [
        "verify",
        "-x509_strict",
        "-crl_check",
        "-trusted",
        "root.pem",
        "-untrusted",
        "ca.pem",
        "-CRLfile",
    ]
    assert "leaf.pem: OK" in relying.openssl(*verify, "before.crl", "leaf.pem")
    credentials.revoke(credential, OFFICER, "key_compromise", clock.now())
    job = Job.objects.get(kind="signing.crl", queue="keys")  # written in the transaction of the revocation
    lists.renew(job.subject)
    after = client.get("/pki/jma.crl", headers={"if-none-match": before["ETag"]})
    assert after.status_code == 200
    (relying.folder / "after.crl").write_bytes(
        x509.load_der_x509_crl(after.content).public_bytes(Encoding.PEM)
    )
    told = relying.openssl(*verify, "after.crl", "leaf.pem")
    assert "certificate revoked" in told
    assert "OK" not in told
    text = relying.openssl("crl", "-in", "after.crl", "-noout", "-text", "-CAfile", "ca.pem")
    assert "verify OK" in text
    assert "Key Compromise" in text
    assert (credential.serial or "").upper() in text


@pytest.mark.django_db
def test_a_list_of_another_authority_proves_nothing(issued: Issue, relying: RelyingParty) -> None:
    relying.lay_out(issued())
    (relying.folder / "medis.crl").write_bytes(
        x509.load_der_x509_crl(bytes(newest("medis").content)).public_bytes(Encoding.PEM)
    )
    told = relying.openssl("verify", "-crl_check", "-trusted", "root.pem", "-untrusted", "ca.pem",
                           "-CRLfile", "medis.crl", "leaf.pem")  # fmt: skip
    assert "unable to get certificate CRL" in told


@pytest.mark.django_db
def test_what_is_suspended_stands_in_no_list(issued: Issue) -> None:
    credential = issued()
    credentials.suspend(credential, OFFICER, "phone_lost", clock.now())
    issuing.publish("jma")
    assert len(x509.load_der_x509_crl(bytes(newest().content))) == 0


@pytest.mark.django_db
@pytest.mark.requirement("RV-7")
def test_a_hundred_revocations_at_once_are_in_one_list(authorities: None) -> None:
    at = clock.now()
    revoked_rows(3, at)
    before = len(numbers())
    for _ in range(3):
        lists.renew("jma")
    assert len(numbers()) == before + 1
    assert newest().entries == len(x509.load_der_x509_crl(bytes(newest().content))) == 3


@pytest.mark.django_db
def test_an_old_list_is_renewed_though_nothing_changed(authorities: None, settings: Settings) -> None:
    lists.renew("jma")
    before = newest().number
    settings.CLOCK_OFFSET = lists.HALF + timedelta(minutes=1)
    lists.renew("jma")
    assert newest().number > before
    assert newest().next_update > clock.now() + lists.LIFE - timedelta(minutes=1)


@pytest.mark.django_db
def test_an_entry_stays_one_list_beyond_its_certificate(authorities: None, settings: Settings) -> None:
    at = clock.now()
    revoked_rows(1, at)
    ends = Credential.objects.get(serial__startswith="01").not_after
    assert ends is not None
    for moment, entries in ((ends + timedelta(hours=1), 1), (ends + lists.LIFE + timedelta(hours=1), 0)):
        settings.CLOCK_OFFSET = moment - datetime.now(UTC)
        issuing.publish("jma")
        assert newest().entries == entries


@pytest.mark.django_db
@pytest.mark.requirement("RV-7")
def test_after_a_restored_backup_and_with_a_clock_set_back_numbers_still_rise(
    authorities: None, settings: Settings
) -> None:
    issuing.publish("jma")
    lost = newest().number
    newest().delete()  # the backup has never heard of it
    time.sleep(0.002)
    issuing.publish("jma")
    assert newest().number > lost
    settings.CLOCK_OFFSET = timedelta(hours=-3)
    before = newest().number
    issuing.publish("jma")
    assert newest().number == before + 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.requirement("RV-7")
def test_eight_writers_make_one_line_of_lists(authorities: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer anyway")
    failures: list[Exception] = []
    at = clock.now()

    def work(index: int) -> None:
        try:
            row = active_credential(at=at, state="revoked")
            Credential.objects.filter(pk=row.pk).update(
                serial=f"02{index:032x}", revoked_at=at, revocation_reason=""
            )
            lists.renew("jma")
        except Exception as problem:
            failures.append(problem)
        finally:
            connection.close()
            signer_client.authorities().disconnect()

    threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    rows = list(RevocationList.objects.filter(issuer="jma").order_by("number"))
    assert [row.pk for row in rows] == sorted(row.pk for row in rows)
    assert [row.entries for row in rows] == sorted(row.entries for row in rows)
    assert rows[-1].entries == 8  # whoever was last has seen all


@pytest.mark.django_db
@pytest.mark.requirement("RV-7")
def test_caches_are_told_how_long(authorities: None, client: Client, settings: Settings) -> None:
    got = client.get("/pki/jma.crl")
    assert got["Cache-Control"] == "max-age=300, public, no-transform, must-revalidate"
    assert got["Content-Type"] == "application/pkix-crl"
    for header in ({"if-none-match": got["ETag"]}, {"if-modified-since": got["Last-Modified"]}):
        again = client.get("/pki/jma.crl", headers=header)
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == got["ETag"]
    settings.CLOCK_OFFSET = lists.LIFE - timedelta(seconds=100)
    assert int(client.get("/pki/jma.crl")["Cache-Control"].split(",")[0].partition("=")[2]) <= 100
    settings.CLOCK_OFFSET = lists.LIFE + timedelta(seconds=100)
    assert client.get("/pki/jma.crl")["Cache-Control"].startswith("max-age=0,")


LINT = Path(sys.executable).with_name("lint_crl")


@pytest.mark.requirement("RV-7")
@pytest.mark.parametrize("profile", ["PKIX", "BR"])
def test_pkilint_reads_a_list(profile: str, tmp_path: Path) -> None:
    issuer, key = self_signed("HPKI-01-InkanTestJma-forNonRepudiation")
    at = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
    reasons = ("", "key_compromise", "superseded", "affiliation_changed", "cessation_of_operation")
    entries = [Revoked(1 << 128 | n, at, reason) for n, reason in enumerate(reasons)]
    for name, listed in (("full", entries), ("empty", [])):
        (tmp_path / f"{name}.crl").write_bytes(signed_list(issuer, key, listed, at))
        done = run(
            [LINT, "lint", "-t", "CRL", "-p", profile, "-s", "WARNING", f"{name}.crl"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout.strip()) == (0, ""), done.stdout


def signed_list(issuer: bytes, key: rsa.RSAPrivateKey, entries: list[Revoked], at: datetime) -> bytes:
    parsed = x509.load_der_x509_certificate(issuer)
    to_sign = encoding.list_to_sign(parsed, 7, entries, at, at + lists.LIFE)
    signature = key.sign(to_sign, PKCS1v15(), SHA256())
    return encoding.tlv(0x30, to_sign, encoding.SHA256_RSA, encoding.tlv(0x03, b"\x00", signature))


@pytest.mark.requirement("RV-7")
def test_what_is_written_is_what_cryptography_reads(tmp_path: Path) -> None:
    issuer, key = self_signed("HPKI-01-InkanTestJma-forNonRepudiation")
    at = datetime(2049, 12, 30, 3, 0, tzinfo=UTC)  # UTCTime, and a nextUpdate that needs GeneralizedTime
    entries = [
        Revoked(127, at, "privilege_withdrawn"),
        Revoked(128, at + timedelta(days=9), "unspecified"),
        Revoked(1 << 128, at, "ca_compromise"),
    ]
    read = x509.load_der_x509_crl(signed_list(issuer, key, entries, at))
    assert read.is_signature_valid(key.public_key())
    assert (read.last_update_utc, read.next_update_utc) == (at, at + lists.LIFE)
    assert read.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 7
    assert [(row.serial_number, row.revocation_date_utc) for row in read] == [row[:2] for row in entries]
    flags = [
        [extension.value.reason.name for extension in row.extensions]  # type: ignore[attr-defined]
        for row in read
    ]
    assert flags == [["privilege_withdrawn"], [], ["ca_compromise"]]


@pytest.mark.requirement("RV-7")
def test_a_list_of_a_hundred_thousand_is_signed_and_read(relying: RelyingParty, authorities: None) -> None:
    at = clock.now().replace(microsecond=0)
    entries = (Revoked(1 << 128 | n, at, "superseded") for n in range(100_000))
    content = issuing.authority("jma").crl(9, entries, at, at + lists.LIFE)
    assert 5_000_000 < len(content) < 6_000_000  # more than a frame of the signers' instance would bear
    (relying.folder / "long.crl").write_bytes(content)
    text = relying.openssl("crl", "-inform", "DER", "-in", "long.crl", "-noout", "-crlnumber")
    assert "crlNumber=0x" in text


def test_memory_grows_with_the_bytes_and_not_with_objects() -> None:
    issuer = x509.load_der_x509_certificate(self_signed("CA")[0])
    at = clock.now()
    entries = (Revoked(1 << 128 | n, at, "superseded") for n in range(10_000))
    tracemalloc.start()
    to_sign = encoding.list_to_sign(issuer, 9, entries, at, at + lists.LIFE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5 * len(to_sign)


@pytest.mark.django_db
@pytest.mark.requirement("RV-7")
def test_an_operator_is_woken_for_a_list_past_half_its_life(
    authorities: None, client: Client, settings: Settings
) -> None:
    def figure() -> float:
        lines = client.get("/metrics").content.decode().splitlines()
        (line,) = [line for line in lines if line.startswith('inkan_crl_overdue_seconds{issuer="jma"}')]
        return float(line.split()[-1])

    assert figure() == 0
    settings.CLOCK_OFFSET = lists.HALF + timedelta(minutes=10)
    assert 590 < figure() < 700
    lists.renew("jma")
    assert figure() == 0
