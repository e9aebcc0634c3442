"""Two linters read a certificate before an authority is asked (decision 30): ours and somebody else's."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from ledger import clock
from signing import certificates
from signing.certificates import Issuer, Subject
from signing.issuing import outside_lint, second_reading
from tests.signing.issuing import issuers

DOCTOR = Subject("K7PXW3M9QA", "Yamada", "Hanako", "山田\u3000花子", "doctor")
SERIAL = 1 << 128 | 77


@pytest.fixture(scope="module")
def authority() -> tuple[bytes, rsa.RSAPrivateKey]:
    return issuers.self_signed("HPKI-01-InkanTestJma-forNonRepudiation")


def draft(
    ca: bytes, origin: str, subject: Subject = DOCTOR, policy: str = certificates.SIGNER_POLICY
) -> bytes:
    issuer = Issuer(ca, f"{origin}/pki/jma.crl", f"{origin}/pki/", policy)
    key = x509.load_der_x509_certificate(ca).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    period = certificates.nth_birthday(clock.now(), date(1980, 2, 17), 5)
    return certificates.throw_away_certificate(subject, spki, issuer, SERIAL, period)


ORIGINS = ("https://inkan.example.jp", "http://localhost:8000", "http://inkan:8000", "http://127.0.0.1:8000")


@pytest.mark.requirement("RV-6")
@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("kanji", ["山田\u3000花子", ""])
@pytest.mark.parametrize("qualification", certificates.ROLES)
def test_the_profile_passes_the_outside_linter(
    origin: str, kanji: str, qualification: str, authority: tuple[bytes, rsa.RSAPrivateKey]
) -> None:
    subject = DOCTOR._replace(name_kanji=kanji, qualification=qualification)
    assert second_reading.problems(draft(authority[0], origin, subject)) == []


@pytest.mark.requirement("RV-6")
def test_each_exemption_is_met_by_a_real_certificate_and_has_a_reason(
    authority: tuple[bytes, rsa.RSAPrivateKey],
) -> None:
    found = outside_lint.findings(draft(authority[0], "http://localhost:8000"))
    for row in outside_lint.EXEMPTIONS:
        assert any(row.covers(one) for one in found), row.code
        assert row.reason
    assert all(any(row.covers(one) for row in outside_lint.EXEMPTIONS) for one in found)


def test_behind_an_unreadable_policy_the_rest_is_read_in_a_twin(
    authority: tuple[bytes, rsa.RSAPrivateKey],
) -> None:
    good = draft(authority[0], "http://inkan.example.test")
    at = good.rindex(b"http://inkan")
    found = outside_lint.stopping(good[:at] + b"http:  inkan" + good[at + 12 :])
    assert [one.where.rpartition(".")[2] for one in found] == ["cPSuri"]


SPOILT = {
    "the first version": (bytes.fromhex("a003020102"), bytes.fromhex("a003020100")),
    "a key usage that is empty": (bytes.fromhex("03020640"), bytes.fromhex("03020600")),
    "a list's address that is none": (
        b"http://inkan.example.test/pki/jma",
        b"http:  inkan.example.test/pki/jma",
    ),
    "a letter that its type does not know": (b"\x13\x0aK7PXW3M9QA", b"\x13\x0aK7PXW*@_QA"),
    "no DER": (b"\x30\x82", b"\x30\x83"),
}


@pytest.mark.requirement("RV-6")
@pytest.mark.parametrize("case", SPOILT)
def test_it_finds_what_is_spoilt(case: str, authority: tuple[bytes, rsa.RSAPrivateKey]) -> None:
    before, after = SPOILT[case]
    good = draft(authority[0], "http://inkan.example.test")
    assert before in good
    assert outside_lint.stopping(good) == []
    assert outside_lint.stopping(good.replace(before, after)) != []


def test_it_finds_a_policy_that_is_neither_readable_nor_ours(
    authority: tuple[bytes, rsa.RSAPrivateKey],
) -> None:
    good = draft(authority[0], "https://inkan.example.jp", policy="2.5.29.32.0")
    assert outside_lint.stopping(good) == []
    ours = draft(authority[0], "https://inkan.example.jp")
    assert len(outside_lint.findings(ours)) == 1  # the exempt one
    assert [one.code for one in outside_lint.findings(good)] == []


def test_findings_quote_nothing_of_the_certificate(authority: tuple[bytes, rsa.RSAPrivateKey]) -> None:
    spoilt = draft(authority[0], "http://inkan.example.test").replace(b"http://inkan", b"http:  inkan")
    assert "inkan" in "".join(one.message for one in outside_lint.stopping(spoilt))
    told = second_reading.problems(spoilt)
    assert told
    assert not any(word in line for line in told for word in ("inkan", "Yamada", "K7PXW3M9QA"))


def test_neither_the_web_nor_the_hot_path_loads_it() -> None:
    code = (
        "import sys, django; django.setup();"
        "import deploy.wsgi, deploy.asgi, deploy.urls, deploy.celery, deploy.tasks, deploy.events;"
        "from django.urls import get_resolver; get_resolver().url_patterns;"
        "print('pkilint' in sys.modules, 'signing.issuing.outside_lint' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(settings.ROOT), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]
