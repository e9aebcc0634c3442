"""What is stored is read again every night: a certificate that no longer fits is found, told once, and counted."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from ledger import clock
from ledger.models import Entry
from outbox.models import Job
from signing.issuing import checker
from signing.models import CertificateCheck, Credential, IssuanceIntent

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("RV-6")]
Issue = Callable[[], Credential]


def test_a_good_certificate_is_read_and_nothing_is_found(issued: Issue) -> None:
    credential = issued()
    checker.check_some("today")
    row = CertificateCheck.objects.get(credential=credential)
    assert row.findings == ""
    assert not Entry.objects.filter(kind="signing.certificate_finding").exists()


def _flipped(credential: Credential) -> None:
    certificate = bytearray(bytes(credential.certificate or b""))
    certificate[-1] ^= 1
    Credential.objects.filter(pk=credential.pk).update(certificate=bytes(certificate))


def _changed(**columns: object) -> Callable[[Credential], object]:
    return lambda credential: Credential.objects.filter(pk=credential.pk).update(**columns)


SPOILT: dict[str, tuple[str, Callable[[Credential], object]]] = {
    "signature": ("not signed by its authority", _flipped),
    "serial": ("columns differ", _changed(serial="01")),
    "role": ("role is another", _changed(qualification="dentist")),
    "authority": ("not signed by its authority", _changed(issuer="medis")),
    "intent": ("not what was intended", lambda _: IssuanceIntent.objects.update(to_be_signed=b"other")),
    "bytes": ("cannot be read", _changed(certificate=b"0")),
    "pointers": ("CRL distribution points", lambda _: None),
}


@pytest.mark.parametrize("what", SPOILT)
def test_what_was_changed_is_found_and_told_once(
    what: str, issued: Issue, client: Client, settings: Settings
) -> None:
    credential = issued()
    word, spoil = SPOILT[what]
    spoil(credential)
    if what == "pointers":
        settings.ORIGIN = "https://moved.example.jp"
    checker.check_some("today")
    assert word in CertificateCheck.objects.get(credential=credential).findings
    settings.CLOCK_OFFSET = timedelta(days=1)
    checker.check_some("tomorrow")
    assert Entry.objects.filter(kind="signing.certificate_finding").count() == 1
    assert "inkan_certificates_with_findings 1" in client.get("/metrics").content.decode()


def test_a_night_reads_each_certificate_once_in_bounded_pieces(
    issued: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        issued()
    monkeypatch.setattr(checker, "BATCH", 2)
    checker.begin(clock.now())
    checker.begin(clock.now())
    read = 0
    while job := Job.objects.filter(kind="signing.relint", state=Job.State.READY).first():
        assert job.queue == "keys"
        checker.check_some(job.subject)
        Job.objects.filter(pk=job.pk).update(state=Job.State.DONE)
        read += 1
    assert read == 2
    assert CertificateCheck.objects.count() == 3
    before = list(CertificateCheck.objects.order_by("pk").values_list("checked_at", flat=True))
    checker.check_some("again")
    assert list(CertificateCheck.objects.order_by("pk").values_list("checked_at", flat=True)) == before
