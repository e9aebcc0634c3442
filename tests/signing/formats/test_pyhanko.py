"""A foreign witness: pyHanko's own CSC client, unmodified, signs PDFs and CMS here; pdfsig and openssl accept them."""

import asyncio
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from ledger.models import Entry
from signing import issuing
from signing.keystore import KeyKind
from signing.models import SignatureRecord
from tests.support import days, pdfs
from tests.support.beside import BESIDE
from tests.support.days import Day

pytestmark = BESIDE
# kind of key, whether PSS is preferred, the algorithm that must stand in the record
WAYS = [
    (KeyKind.RSA_2048, False, "rsa-sha256"),
    (KeyKind.RSA_2048, True, "rsa-pss-long-sha256"),  # pyHanko's salt is as long as the key allows
    (KeyKind.P256, False, "ecdsa-sha256"),
]
NAMES = ["rsa", "pss", "ec"]


def root(day: Day) -> bytes:
    return issuing.authority(day.credential.issuer).chain()[-1]


def accepted(pdf: bytes, day: Day, path: Path) -> None:
    """By Debian's pdfsig and by pyHanko's validator, under our root."""
    path.write_bytes(pdf)
    said = pdfs.pdfsig(path)
    assert "Signature Validation: Signature is Valid." in said
    assert "Total document signed" in said
    trust = ValidationContext(trust_roots=[asn1.Certificate.load(root(day))], allow_fetching=False)
    status = validate_pdf_signature(PdfFileReader(BytesIO(pdf)).embedded_signatures[0], trust)
    assert (status.intact, status.valid, status.trusted) == (True, True, True)


@pytest.mark.requirement("SG-1")
@pytest.mark.parametrize(("kind", "pss", "algorithm"), WAYS, ids=NAMES)
@pytest.mark.parametrize("count", [1, 3])
def test_pyhanko_signs_and_pdfsig_accepts(
    server: str, tmp_path: Path, count: int, kind: KeyKind, pss: bool, algorithm: str
) -> None:
    day = days.issued_day(kind)
    made = asyncio.run(pdfs.sign_pdfs(server, str(day.credential.public_id), day.bearer, count, with_pss=pss))
    for number, pdf in enumerate(made):
        accepted(pdf, day, tmp_path / f"{number}.pdf")
    assert list(SignatureRecord.objects.values_list("sign_algorithm", flat=True)) == [algorithm] * count
    assert [entry.data["count"] for entry in Entry.objects.filter(kind="signing.signed")] == [count]


@pytest.mark.requirement("SG-1")
@pytest.mark.parametrize(("kind", "pss", "algorithm"), WAYS, ids=NAMES)
def test_three_hundred_pdfs_in_one_authorisation(
    server: str, tmp_path: Path, kind: KeyKind, pss: bool, algorithm: str
) -> None:
    day = days.issued_day(kind)
    made = asyncio.run(pdfs.sign_pdfs(server, str(day.credential.public_id), day.bearer, 300, with_pss=pss))
    assert len(made) == 300 == SignatureRecord.objects.filter(sign_algorithm=algorithm).count()
    assert Entry.objects.filter(kind="signing.signed").count() == 1
    for number in (0, 1, 149, 298, 299):
        accepted(made[number], day, tmp_path / f"{number}.pdf")


@pytest.mark.requirement("SG-1")
@pytest.mark.parametrize(("kind", "pss", "algorithm"), WAYS, ids=NAMES)
def test_openssl_accepts_cades(server: str, tmp_path: Path, kind: KeyKind, pss: bool, algorithm: str) -> None:
    day, data = days.issued_day(kind), "処方箋".encode()
    signed = asyncio.run(
        pdfs.sign_cades(server, str(day.credential.public_id), day.bearer, data, with_pss=pss)
    )
    (tmp_path / "data").write_bytes(data)
    (tmp_path / "signed.der").write_bytes(signed)
    pem = x509.load_der_x509_certificate(root(day)).public_bytes(Encoding.PEM)
    (tmp_path / "root.pem").write_bytes(pem)
    command = [
        "openssl", "cms", "-verify", "-cades", "-binary", "-purpose", "any", "-inform", "DER",
        "-in", "signed.der", "-content", "data", "-CAfile", "root.pem", "-out", "out",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "CAdES Verification successful" in done.stderr
    (tmp_path / "data").write_bytes(data + b"x")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0
