"""A foreign witness: pyHanko's own CSC client, unmodified, signs PDFs here, and Debian's pdfsig accepts them."""

import asyncio
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto import x509 as asn1
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from ledger.models import Entry
from signing import issuing
from signing.keystore import KeyKind
from signing.models import SignatureRecord
from tests.support import days, pdfs
from tests.support.beside import BESIDE

pytestmark = BESIDE


@pytest.mark.requirement("SG-5")
@pytest.mark.parametrize(
    ("count", "kind", "with_pss"),
    [(1, KeyKind.RSA_2048, False), (3, KeyKind.RSA_2048, False), (3, KeyKind.RSA_2048, True)]
    + [(2, kind, False) for kind in (KeyKind.RSA_3072, KeyKind.P256, KeyKind.P384)],
)
def test_pyhanko_signs_and_pdfsig_accepts(
    server: str, tmp_path: Path, count: int, kind: KeyKind, with_pss: bool
) -> None:
    day = days.issued_day(kind)
    root = asn1.Certificate.load(issuing.authority(day.credential.issuer).chain()[-1])
    for number, pdf in enumerate(
        asyncio.run(
            pdfs.sign_pdfs(server, str(day.credential.public_id), day.bearer, count, with_pss=with_pss)
        )
    ):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(pdf)
        said = pdfs.pdfsig(path)
        assert "Signature Validation: Signature is Valid." in said
        assert "Total document signed" in said
        trust = ValidationContext(trust_roots=[root], allow_fetching=False)
        status = validate_pdf_signature(PdfFileReader(BytesIO(pdf)).embedded_signatures[0], trust)
        assert (status.intact, status.valid, status.trusted) == (True, True, True)
    scheme = "rsa-pss-long" if with_pss else "rsa" if kind.is_rsa else "ecdsa"
    records = SignatureRecord.objects.filter(sign_algorithm=f"{scheme}-sha256")
    assert records.count() == SignatureRecord.objects.count() == count
    assert [entry.data["count"] for entry in Entry.objects.filter(kind="signing.signed")] == [count]
