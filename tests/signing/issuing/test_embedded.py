"""The embedded authority against openssl: chains, lists, revocation."""

import subprocess
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.http import Http404
from django.test import Client, RequestFactory

from ledger import clock
from ledger.models import Entry
from outbox.models import Job
from signing import certificates, issuing
from signing.certificates import Subject
from signing.issuing import lint, lists, names, views
from signing.issuing.seam import NotIssued, Revoked
from signing.models import Credential, IssuingCertificate, RevocationList
from signing.signer.client import authorities
from tests.support.credentials import active_credential
from tests.support.signers import SignerProcesses

BORN = date(1980, 2, 17)
DOCTOR = Subject("K7PXW3M9QA", "Yamada", "Hanako", "山田\u3000花子", "doctor")

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def made(signers: SignerProcesses, db: None) -> None:
    issuing.ensure()


@pytest.fixture(scope="module")
def spki() -> bytes:
    key = rsa.generate_private_key(65537, 2048)
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def drafted(code: str, spki: bytes, serial: int = 2**126 + 77) -> tuple[bytes, certificates.Issuer]:
    profile = issuing.authority(code).profile(code, BORN, clock.now())
    draft = certificates.throw_away_certificate(DOCTOR, spki, profile.issuer, serial, profile.period)
    return draft, profile.issuer


def issued(code: str, spki: bytes, serial: int = 2**126 + 77) -> bytes:
    draft, _ = drafted(code, spki, serial)
    return issuing.authority(code).sign(certificates.to_be_signed(draft))


def openssl(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def lay_out(folder: Path, code: str, certificate: bytes) -> None:
    """root.pem, ca.pem, leaf.pem and both lists as one file, taken from the public pages."""
    request = RequestFactory().get("/")
    for name, ca in (("root.pem", names.ROOT), ("ca.pem", code)):
        der = views.certificate(request, ca).content
        (folder / name).write_bytes(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM))
    (folder / "leaf.pem").write_bytes(x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM))
    crls = b""
    for ca in (names.ROOT, code):
        der = views.revocation_list(request, ca).content
        crls += x509.load_der_x509_crl(der).public_bytes(Encoding.PEM)
        (folder / f"{ca}.crl").write_bytes(der)
    (folder / "crls.pem").write_bytes(crls)


def verified(folder: Path) -> str:
    return openssl(folder, "verify", "-x509_strict", "-crl_check_all", "-CRLfile", "crls.pem", "-CAfile", "root.pem",
                   "-untrusted", "ca.pem", "leaf.pem")  # fmt: skip


@pytest.mark.parametrize("code", names.ISSUERS)
def test_openssl_verifies_chain_and_revocation(code: str, spki: bytes, tmp_path: Path) -> None:
    lay_out(tmp_path, code, issued(code, spki))
    assert verified(tmp_path).strip() == "leaf.pem: OK"


def test_a_revoked_certificate_is_refused_by_openssl(spki: bytes, tmp_path: Path) -> None:
    serial = 2**126 + 4711
    certificate = issued("medis", spki, serial)
    credential = active_credential(at=clock.now(), state="revoked")
    Credential.objects.filter(pk=credential.pk).update(
        issuer="medis",
        serial=certificates.serial_text(serial),
        revoked_at=clock.now(),
        revocation_reason="key_compromise",
    )
    issuing.publish("medis")
    lay_out(tmp_path, "medis", certificate)
    assert "certificate revoked" in verified(tmp_path)
    text = openssl(
        tmp_path, "crl", "-inform", "DER", "-in", "medis.crl", "-noout", "-text", "-CAfile", "ca.pem"
    )
    assert "Key Compromise" in text
    newest = RevocationList.objects.filter(issuer="medis").order_by("-number").first()
    assert newest is not None
    assert f"X509v3 CRL Number: \n                {newest.number}\n" in text
    assert Entry.objects.filter(kind="signing.list_published", subject="medis").count() == 2


def test_another_authoritys_list_is_untouched_by_a_revocation(spki: bytes) -> None:
    before = RevocationList.objects.get(issuer="jma").number
    issuing.publish("medis")
    assert RevocationList.objects.get(issuer="jma").number == before


def test_set_up_twice_changes_nothing() -> None:
    before = {row.code: bytes(row.certificate) for row in IssuingCertificate.objects.all()}
    issuing.ensure()
    assert {row.code: bytes(row.certificate) for row in IssuingCertificate.objects.all()} == before
    assert sorted(before) == ["jma", "jpa", "medis", "root"]
    assert RevocationList.objects.count() == 4


def test_the_same_bytes_give_the_same_certificate_even_from_a_new_process(
    signers: SignerProcesses, spki: bytes
) -> None:
    draft, _ = drafted("jma", spki)
    to_sign = certificates.to_be_signed(draft)
    first = issuing.authority("jma").sign(to_sign)
    signers.kill("authorities")
    signers.start("authorities")
    assert issuing.authority("jma").sign(to_sign) == first


def test_an_authority_whose_key_is_another_does_not_issue(spki: bytes) -> None:
    other = IssuingCertificate.objects.get(code="medis").certificate
    IssuingCertificate.objects.filter(code="jma").update(certificate=other)
    draft, _ = drafted("jma", spki)
    with pytest.raises(NotIssued, match="not the one of its certificate"):
        issuing.authority("jma").sign(certificates.to_be_signed(draft))


def test_bytes_that_are_no_certificate_are_not_signed(spki: bytes) -> None:
    with pytest.raises(NotIssued, match="neither_certificate_nor_list"):
        issuing.authority("jma").sign(b"pay to the bearer")
    assert authorities().ping() > 0


def test_the_periods_are_each_associations_own() -> None:
    at = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
    ends = {code: names.REGISTRARS[code].validity(at, BORN).not_after for code in names.ISSUERS}
    assert ends["medis"] == datetime(2031, 11, 20, 14, 59, 59, tzinfo=UTC)
    assert ends["jma"] == ends["jpa"] == datetime(2031, 2, 17, 14, 59, 59, tzinfo=UTC)


def test_one_association_may_have_anothers_ca(monkeypatch: pytest.MonkeyPatch, spki: bytes) -> None:
    shared = names.REGISTRARS["jpa"]._replace(issuer="jma")
    monkeypatch.setitem(names.REGISTRARS, "jpa", shared)
    assert issuing.issuer_of("jpa") == "jma"
    profile = issuing.authority("jma").profile("jpa", BORN, clock.now())
    assert profile.issuer.certificate == bytes(IssuingCertificate.objects.get(code="jma").certificate)


def test_a_list_is_due_at_half_its_life() -> None:
    at = clock.now()
    assert lists.due(at) == []
    assert lists.due(at + lists.LIFE / 2 + timedelta(seconds=1)) == ["jma", "jpa", "medis", "root"]
    RevocationList.objects.filter(issuer="jma").update(next_update=at + timedelta(hours=1))
    assert issuing.publish_due() == 1
    assert issuing.publish_due() == 1  # the same hour: the same job
    assert list(Job.objects.filter(kind="signing.crl").values_list("subject", "queue")) == [("jma", "keys")]


def test_old_lists_are_not_kept_for_ever() -> None:
    made = []
    for _ in range(8):
        issuing.publish("jma")
        made.append(RevocationList.objects.filter(issuer="jma").latest("number").number)
    kept = RevocationList.objects.filter(issuer="jma").order_by("number").values_list("number", flat=True)
    assert list(kept) == made[-5:] == sorted(set(made))[-5:]


def test_a_long_list_is_still_read_by_openssl(tmp_path: Path) -> None:
    at = clock.now().replace(microsecond=0)
    entries = [Revoked(2**126 + n, at, "superseded" if n % 2 else "") for n in range(2000)]
    content = issuing.authority("jma").crl(9, entries, at, at + timedelta(days=1))
    (tmp_path / "long.crl").write_bytes(content)
    text = openssl(tmp_path, "crl", "-inform", "DER", "-in", "long.crl", "-noout", "-text")
    assert text.count("Serial Number:") == 2000


Spoil = Callable[[bytes, certificates.Issuer, bytes], list[str]]
SPOILT: dict[str, tuple[str, Spoil]] = {
    "a fitting one": ("", lambda c, i, k: lint.problems(c, DOCTOR, k, i)),
    "another person": ("person", lambda c, i, k: lint.problems(c, DOCTOR._replace(person_id="K1"), k, i)),
    "another role": (
        "hcRole",
        lambda c, i, k: lint.problems(c, DOCTOR._replace(qualification="dentist"), k, i),
    ),
    "another name in kanji": (
        "ordered",
        lambda c, i, k: lint.problems(c, DOCTOR._replace(name_kanji="山"), k, i),
    ),
    "another key": ("key store's", lambda c, i, k: lint.problems(c, DOCTOR, k[:-1] + b"\x00", i)),
    "another list": ("CRL", lambda c, i, k: lint.problems(c, DOCTOR, k, i._replace(crl_url="http://x/"))),
    "another policy": (
        "policies",
        lambda c, i, k: lint.problems(c, DOCTOR, k, i._replace(policy="1.2.392.1")),
    ),
    "a cut one": ("cannot be read", lambda c, i, k: lint.problems(c[:-3], DOCTOR, k, i)),
}


@pytest.mark.parametrize("case", SPOILT)
def test_the_linter_names_what_does_not_fit(case: str, spki: bytes) -> None:
    draft, issuer = drafted("jma", spki)
    word, spoil = SPOILT[case]
    found = spoil(draft, issuer, spki)
    assert (found == []) if not word else any(word in problem for problem in found), found


def test_the_linter_refuses_a_short_serial_and_a_wrong_hour(spki: bytes) -> None:
    draft, issuer = drafted("jma", spki, serial=7)
    assert any("serial" in problem for problem in lint.problems(draft, DOCTOR, spki, issuer))
    period = certificates.Period(clock.now().replace(minute=17), clock.now() + timedelta(days=30))
    draft = certificates.throw_away_certificate(DOCTOR, spki, issuer, 2**126, period)
    assert len(lint.problems(draft, DOCTOR, spki, issuer)) == 2


def test_the_linter_refuses_another_authoritys_certificate(spki: bytes) -> None:
    draft, _ = drafted("jma", spki)
    _, medis = drafted("medis", spki)
    found = " ".join(lint.problems(draft, DOCTOR, spki, medis))
    assert "byte for byte" in found
    assert "authority key identifier" in found


def test_an_unknown_authority_has_no_address() -> None:
    for view in (views.certificate, views.revocation_list):
        with pytest.raises(Http404):
            view(RequestFactory().get("/"), str(uuid.uuid4()))


def test_relying_parties_find_certificate_and_list_by_their_addresses(client: Client) -> None:
    for code in names.NAMES:
        certificate = client.get(f"/pki/{code}.crt")
        assert (certificate.status_code, certificate["Content-Type"]) == (200, "application/pkix-cert")
        revoked = client.get(f"/pki/{code}.crl")
        assert (revoked.status_code, revoked["Content-Type"]) == (200, "application/pkix-crl")
        assert (
            x509.load_der_x509_crl(revoked.content).issuer
            == x509.load_der_x509_certificate(certificate.content).subject
        )
    assert client.get("/pki/nobody.crl").status_code == 404
    assert client.post("/pki/jma.crl").status_code == 405


def test_the_practice_address_in_each_certificate_leads_somewhere(spki: bytes, client: Client) -> None:
    certificate = x509.load_der_x509_certificate(issued("jma", spki))
    policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    (address,) = policies[0].policy_qualifiers or []
    assert address == f"{settings.ORIGIN}/pki/"
    page = client.get("/pki/").content.decode()
    assert "試験用" in page
    for row in IssuingCertificate.objects.all():
        assert sha256(bytes(row.certificate)).hexdigest() in page
