"""Answers about certificates: made ahead, never "good" for what is not; openssl asks and judges."""

import base64
import random
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import run
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from django.test import Client
from pytest_django import Settings

from ledger import clock
from ledger.log import Actor
from outbox.models import Job
from signing import credentials, issuing
from signing.issuing import answers, names, responders, status_views
from signing.models import Credential, IssuingCertificate, OcspAnswer, OcspResponder
from signing.signer.client import NotSigned
from signing.signer.client import authorities as signer_of_authorities
from tests.signing.issuing.conftest import RelyingParty

pytestmark = pytest.mark.django_db
OFFICER = Actor("officer", "7")
Issue = Callable[[], Credential]
MALFORMED, TRY_LATER, UNAUTHORISED = (bytes((0x30, 3, 0x0A, 1, code)) for code in (1, 3, 6))
CHECK = ("-issuer", "ca.pem", "-CAfile", "root.pem", "-verify_other", "ca.pem")


@pytest.fixture
def answered(issued: Issue) -> Credential:
    """Issued, and the worker has done what the issuance asked of it."""
    credential = issued()
    work_off("signing.ocsp")
    return credential


def work_off(kind: str) -> int:
    handlers = {"signing.ocsp": answers.make, "signing.ocsp_renewal": answers.renew}
    jobs = list(Job.objects.filter(kind=kind, state=Job.State.READY, queue="keys"))
    for job in jobs:
        handlers[kind](job.subject)
        Job.objects.filter(pk=job.pk).update(state=Job.State.DONE)
    return len(jobs)


def certificate_of(code: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(bytes(IssuingCertificate.objects.get(code=code).certificate))


def asked(credential: Credential, algorithm: HashAlgorithm | None = None) -> bytes:
    leaf = x509.load_der_x509_certificate(bytes(credential.certificate or b""))
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        leaf, certificate_of(credential.issuer), algorithm or SHA1()
    )
    return builder.build().public_bytes(Encoding.DER)


def posted(client: Client, body: bytes, code: str = "jma") -> bytes:
    got = client.post(f"/pki/{code}.ocsp", body, content_type="application/ocsp-request")
    assert (got.status_code, got["Content-Type"]) == (200, "application/ocsp-response")
    return bytes(got.content)


def with_openssl(relying: RelyingParty, client: Client, credential: Credential, *more: str) -> str:
    """openssl writes the request, our door answers, openssl judges the answer."""
    relying.lay_out(credential)
    relying.openssl("ocsp", "-issuer", "ca.pem", *more, "-cert", "leaf.pem", "-reqout", "request.der")
    answer = posted(client, (relying.folder / "request.der").read_bytes(), credential.issuer)
    (relying.folder / "answer.der").write_bytes(answer)
    return judged(relying, *more)


def judged(relying: RelyingParty, *more: str) -> str:
    return relying.openssl("ocsp", "-respin", "answer.der", *CHECK, *more, "-cert", "leaf.pem")


@pytest.mark.requirement("RV-7")
@pytest.mark.parametrize("digest", [(), ("-sha256",)])
def test_openssl_hears_good(
    digest: tuple[str, ...], answered: Credential, relying: RelyingParty, client: Client
) -> None:
    told = with_openssl(relying, client, answered, *digest)
    assert "Response verify OK" in told
    assert "leaf.pem: good" in told


@pytest.mark.requirement("RV-7")
def test_openssl_hears_revoked_with_reason_and_moment(
    answered: Credential, relying: RelyingParty, client: Client
) -> None:
    at = clock.now()
    credentials.revoke(answered, OFFICER, "key_compromise", at)
    assert work_off("signing.ocsp") == 1
    told = with_openssl(relying, client, answered)
    assert "Response verify OK" in told
    assert "leaf.pem: revoked" in told
    assert "Reason: keyCompromise" in told
    assert f"Revocation Time: {at.astimezone(UTC):%b %e %H:%M:%S %Y} GMT" in told


@pytest.mark.requirement("RV-7")
def test_from_the_moment_of_revocation_nobody_hears_good(answered: Credential, client: Client) -> None:
    """The worker is behind: the row says revoked, the answer made ahead still says good, and is not given."""
    request = asked(answered)
    assert ocsp.load_der_ocsp_response(posted(client, request)).certificate_status.name == "GOOD"
    credentials.revoke(answered, OFFICER, "superseded", clock.now())
    assert posted(client, request) == TRY_LATER
    assert answers.late(clock.now()) == 1
    work_off("signing.ocsp")
    assert answers.late(clock.now()) == 0
    assert ocsp.load_der_ocsp_response(posted(client, request)).certificate_status.name == "REVOKED"


def test_just_issued_and_not_yet_answered_is_try_later(issued: Issue, client: Client) -> None:
    assert posted(client, asked(issued())) == TRY_LATER


def test_suspended_is_good_for_what_was_signed_before_stays_valid(
    answered: Credential, client: Client
) -> None:
    credentials.suspend(answered, OFFICER, "phone_lost", clock.now())
    answers.make(str(answered.public_id))
    assert ocsp.load_der_ocsp_response(posted(client, asked(answered))).certificate_status.name == "GOOD"


@pytest.mark.requirement("RV-7")
def test_what_was_never_issued_is_never_good(answered: Credential, client: Client) -> None:
    ca, other = certificate_of("jma"), certificate_of("medis")

    def by_hash(issuer: x509.Certificate, serial: int, algorithm: HashAlgorithm) -> bytes:
        leaf = x509.load_der_x509_certificate(bytes(answered.certificate or b""))
        right = ocsp.load_der_ocsp_request(
            ocsp.OCSPRequestBuilder()
            .add_certificate(leaf, issuer, algorithm)
            .build()
            .public_bytes(Encoding.DER)
        )
        builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
            right.issuer_name_hash, right.issuer_key_hash, serial, algorithm
        )
        return builder.build().public_bytes(Encoding.DER)

    serial = int(answered.serial or "0", 16)
    for what in (
        by_hash(ca, serial + 1, SHA1()),
        by_hash(ca, 1, SHA1()),
        by_hash(other, serial, SHA1()),  # an unknown issuer
        by_hash(ca, serial, SHA384()),
    ):
        assert posted(client, what) == UNAUTHORISED
    assert posted(client, asked(answered), "medis") == UNAUTHORISED
    assert posted(client, asked(answered, SHA256())) != UNAUTHORISED
    assert client.post("/pki/root.ocsp", b"x", content_type="application/ocsp-request").status_code == 404


@pytest.mark.requirement("RV-7")
def test_openssl_refuses_an_answer_that_is_old(
    answered: Credential, relying: RelyingParty, client: Client, settings: Settings
) -> None:
    settings.CLOCK_OFFSET = -answers.LIFE - timedelta(hours=1)  # openssl lives in the world's own time
    answers.make(str(answered.public_id))
    told = with_openssl(relying, client, answered)
    assert "status expired" in told
    assert "WARNING: Status times invalid" in told


@pytest.mark.requirement("RV-7")
def test_openssl_refuses_a_responder_of_another_authority(
    answered: Credential, relying: RelyingParty, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MEDIS's responder speaks about JMA's certificate: signed well, by somebody who may not."""
    other = responders.current("medis", clock.now(), issuing.authority("medis").sign)
    monkeypatch.setattr(names, "responder_key_name", lambda _code: "ocsp-medis")
    OcspResponder.objects.filter(pk=other.pk).update(
        issuer="jma", not_after=other.not_after + timedelta(days=1)
    )
    answers.make(str(answered.public_id))
    told = with_openssl(relying, client, answered)
    assert "Response Verify Failure" in told
    assert "Response verify OK" not in told


def test_an_answer_signed_by_the_wrong_key_is_refused(
    answered: Credential, relying: RelyingParty, client: Client
) -> None:
    with_openssl(relying, client, answered)
    answer = bytearray((relying.folder / "answer.der").read_bytes())
    read = ocsp.load_der_ocsp_response(bytes(answer))
    at = bytes(answer).index(read.signature)
    answer[at + 100] ^= 1
    (relying.folder / "answer.der").write_bytes(bytes(answer))
    told = judged(relying)
    assert "Response Verify Failure" in told
    assert "Response verify OK" not in told


@pytest.mark.requirement("RV-7")
def test_by_get_it_may_be_cached_and_an_error_may_not(
    answered: Credential, client: Client, settings: Settings
) -> None:
    request = asked(answered)
    path = f"/pki/jma.ocsp/{quote(base64.b64encode(request).decode(), safe='')}"
    got = client.get(path)
    assert got.content == posted(client, request)
    assert got["Cache-Control"] == "max-age=300, public, no-transform, must-revalidate"
    row = OcspAnswer.objects.get(credential=answered)
    assert got["Expires"] == f"{row.next_update.astimezone(UTC):%a, %d %b %Y %H:%M:%S} GMT"
    assert client.get(path, headers={"if-none-match": got["ETag"]}).status_code == 304
    assert client.head(path).status_code == 200
    settings.CLOCK_OFFSET = answers.LIFE - timedelta(seconds=60)
    assert int(client.get(path)["Cache-Control"].split(",")[0].partition("=")[2]) <= 60
    settings.CLOCK_OFFSET = answers.LIFE + timedelta(seconds=60)
    late = client.get(path)
    assert (late.content, late["Cache-Control"]) == (TRY_LATER, "no-store")
    for wrong in ("!", "AAAA", "", quote(base64.b64encode(b"x" * 5000).decode(), safe="")):
        bad = client.get(f"/pki/jma.ocsp/{wrong}" if wrong else "/pki/jma.ocsp")
        assert (bad.status_code, bad.content, bad["Cache-Control"]) == (200, MALFORMED, "no-store")


def test_two_serials_at_once_and_critical_extensions_are_refused_cleanly(
    answered: Credential, relying: RelyingParty, client: Client
) -> None:
    relying.lay_out(answered)
    relying.openssl("ocsp", "-issuer", "ca.pem", "-cert", "leaf.pem", "-serial", "0x55", "-reqout", "two.der")
    assert posted(client, (relying.folder / "two.der").read_bytes()) == MALFORMED
    leaf = x509.load_der_x509_certificate(bytes(answered.certificate or b""))
    for critical, expected in ((True, True), (False, False)):
        builder = (
            ocsp.OCSPRequestBuilder()
            .add_certificate(leaf, certificate_of("jma"), SHA1())
            .add_extension(x509.OCSPNonce(b"\x07" * 16), critical)
        )
        answer = posted(client, builder.build().public_bytes(Encoding.DER))
        assert (answer == MALFORMED) is expected


def test_a_long_body_is_not_read(authorities: None, client: Client) -> None:
    assert posted(client, b"\x30" * 3_000_000) == MALFORMED


@pytest.mark.requirement("RV-7")
def test_three_thousand_broken_requests_break_nothing(answered: Credential) -> None:
    chance, at = random.Random(20261126), clock.now()
    issuer = bytes(IssuingCertificate.objects.get(code="jma").certificate)
    good = [asked(answered), asked(answered, SHA256())]
    for _ in range(3000):
        broken = bytearray(chance.choice(good))
        for _ in range(chance.randint(1, 6)):
            where = chance.randrange(len(broken))
            broken[where : where + chance.randint(0, 2)] = chance.randbytes(chance.randint(0, 2))
            broken = broken or bytearray(b"\x30")
        found = status_views.answer("jma", issuer, bytes(broken), at)
        if not isinstance(found, bytes):  # what was hit is nothing that names the certificate
            read = ocsp.load_der_ocsp_response(found.content)
            assert read.serial_number == int(answered.serial or "0", 16)
        else:
            assert found in (MALFORMED, UNAUTHORISED)


@pytest.mark.requirement("RV-7")
def test_answers_and_the_responder_are_renewed_in_time(
    answered: Credential, client: Client, settings: Settings
) -> None:
    at = clock.now()
    assert answers.renew_due(at) == 2  # medis and jpa have no responder yet
    work_off("signing.ocsp_renewal")
    assert answers.renew_due(at) == 0
    first = OcspAnswer.objects.get().next_update
    settings.CLOCK_OFFSET = answers.HALF + timedelta(minutes=5)
    assert (
        answers.renew_due(clock.now()) == answers.renew_due(clock.now()) == 1
    )  # the second finds the same job
    assert Job.objects.filter(kind="signing.ocsp_renewal", state=Job.State.READY).count() == 1
    work_off("signing.ocsp_renewal")
    assert OcspAnswer.objects.get().next_update > first
    assert OcspResponder.objects.filter(issuer="jma").count() == 1
    settings.CLOCK_OFFSET = responders.LIFE - responders.RENEWED + timedelta(hours=1)
    answers.renew("jma")
    assert OcspResponder.objects.filter(issuer="jma").count() == 2
    renewed = ocsp.load_der_ocsp_response(posted(client, asked(answered)))
    newest = responders.newest("jma")
    assert newest is not None
    assert renewed.certificates[0].public_bytes(Encoding.DER) == bytes(newest.certificate)
    assert renewed.next_update_utc is not None
    assert renewed.next_update_utc <= newest.not_after


def test_a_batch_is_bounded_and_calls_the_next(
    answered: Credential, issued: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued(), issued()
    OcspAnswer.objects.all().delete()
    monkeypatch.setattr(answers, "BATCH", 2)
    answers.renew("jma")
    assert OcspAnswer.objects.count() == 2
    work_off("signing.ocsp_renewal")
    assert OcspAnswer.objects.count() == 3


def test_ended_certificates_are_answered_for_one_list_longer_and_then_forgotten(
    answered: Credential, client: Client, settings: Settings
) -> None:
    assert answered.not_after is not None
    request = asked(answered)
    settings.CLOCK_OFFSET = answered.not_after + timedelta(hours=1) - datetime.now(UTC)
    answers.renew("jma")
    assert posted(client, request) not in (TRY_LATER, UNAUTHORISED)
    settings.CLOCK_OFFSET = answered.not_after + timedelta(days=5) - datetime.now(UTC)
    answers.renew("jma")
    assert posted(client, request) == UNAUTHORISED
    assert not OcspAnswer.objects.exists()


def test_a_revocation_that_is_faster_than_the_worker_is_not_overwritten(
    issued: Issue, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    """The worker has read "good", then the certificate is revoked and answered for, then the worker stores."""
    credential = issued()
    store = answers._store

    def meanwhile(code: str, rows: object, made: object) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(answers, "_store", store)
            credentials.revoke(credential, OFFICER, "superseded", clock.now())
            answers.make(str(credential.public_id))
        store(code, rows, made)  # type: ignore[arg-type]

    monkeypatch.setattr(answers, "_store", meanwhile)
    answers.make(str(credential.public_id))
    assert OcspAnswer.objects.get().is_revoked
    assert ocsp.load_der_ocsp_response(posted(client, asked(credential))).certificate_status.name == "REVOKED"


@pytest.mark.requirement("RV-7")
def test_the_responders_key_signs_answers_and_nothing_else(answered: Credential) -> None:
    speaker, key = signer_of_authorities(), names.responder_key_name("jma")
    tbs = x509.load_der_x509_certificate(bytes(answered.certificate or b"")).tbs_certificate_bytes
    answer = ocsp.load_der_ocsp_response(bytes(OcspAnswer.objects.get().sha1)).tbs_response_bytes
    assert speaker.issue([(key, tbs)]) == [NotSigned("no_such_key")]
    assert speaker.answer([(names.key_name("jma"), answer)]) == [NotSigned("no_such_key")]
    assert speaker.answer([(key, tbs)]) == [NotSigned("no_answer")]
    assert speaker.answer([("log", answer)]) == [NotSigned("no_such_key")]
    assert speaker.issue([(names.key_name("jma"), answer)]) == [NotSigned("neither_certificate_nor_list")]


@pytest.mark.requirement("RV-7")
def test_the_responders_certificate_may_do_this_alone_and_not_for_long(answered: Credential) -> None:
    row = OcspResponder.objects.get()
    read = x509.load_der_x509_certificate(bytes(row.certificate))
    read.verify_directly_issued_by(certificate_of("jma"))
    usage = read.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [oid.dotted_string for oid in usage] == ["1.3.6.1.5.5.7.3.9"]
    assert read.extensions.get_extension_for_class(x509.OCSPNoCheck)
    assert read.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    assert read.not_valid_after_utc - read.not_valid_before_utc == responders.LIFE
    assert read.serial_number.bit_length() > 128


def test_pkilint_reads_an_answer(answered: Credential, tmp_path: Path) -> None:
    row = OcspAnswer.objects.get()
    credentials.revoke(answered, OFFICER, "superseded", clock.now())
    answers.make(str(answered.public_id))
    later = OcspAnswer.objects.get()
    linter = Path(sys.executable).with_name("lint_ocsp_response")
    for index, content in enumerate((row.sha1, row.sha256, later.sha1, later.sha256)):
        (tmp_path / f"{index}.der").write_bytes(bytes(content))
        done = run(
            [linter, "lint", "-s", "WARNING", f"{index}.der"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout.strip()) == (0, ""), done.stdout


def test_the_page_says_where_to_ask(authorities: None, client: Client, settings: Settings) -> None:
    page = client.get("/pki/").content.decode()
    assert all(f"{settings.ORIGIN}/pki/{code}.ocsp" in page for code in names.ISSUERS)
    assert "/pki/root.ocsp" not in page
