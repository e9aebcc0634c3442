"""A foreign witness: pyHanko's own CSC client, unmodified, signs PDFs here, and Debian's pdfsig accepts them."""

import asyncio
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from asn1crypto import x509 as asn1
from django.db import connection
from pyhanko.pdf_utils.generic import StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign import signers as pdf_signers
from pyhanko.sign.signers import csc_signer
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from ledger.models import Entry
from signing import issuing
from signing.models import SignatureRecord
from signing.signer import client as signer_client
from tests.support import days
from tests.support.days import Day
from tests.support.signers import SignerProcesses
from tests.support.web import served

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="the server needs the test's database beside the test"
    ),
]


class Authorization(csc_signer.CSCAuthorizationManager):  # type: ignore[misc]
    """The part that pyHanko leaves to its user: ask for the SAD (authMode implicit)."""

    def __init__(self, session: aiohttp.ClientSession, *args: Any) -> None:
        super().__init__(*args)
        self.session = session

    async def authorize_signature(self, hash_b64s: list[str]) -> Any:
        body = self.format_csc_auth_request(
            num_signatures=len(hash_b64s), hash_b64s=hash_b64s, description="処方箋"
        )
        url = self.csc_session_info.endpoint_url("credentials/authorize")
        async with self.session.post(
            url, headers=self.auth_headers, json=body, raise_for_status=True
        ) as response:
            return self.parse_csc_auth_response(await response.json())


def one_page() -> BytesIO:
    writer = PdfFileWriter()
    content = writer.add_object(StreamObject(stream_data=b"BT /F1 24 Tf 72 720 Td (Prescription) Tj ET"))
    writer.insert_page(PageObject(contents=content, media_box=(0, 0, 595, 842)))
    out = BytesIO()
    writer.write(out)
    out.seek(0)
    return out


async def sign_pdfs(address: str, day: Day, count: int) -> list[bytes]:
    """`count` PDFs in one authorisation."""
    async with aiohttp.ClientSession() as session:
        about = csc_signer.CSCServiceSessionInfo(
            service_url=address, credential_id=str(day.credential.public_id), oauth_token=day.bearer
        )
        credential = await csc_signer.fetch_certs_in_csc_credential(session, about)
        signer = csc_signer.CSCSigner(
            session, Authorization(session, about, credential), batch_size=count, batch_autocommit=True
        )
        metadata = pdf_signers.PdfSignatureMetadata(field_name="Signature", md_algorithm="sha256")
        signed = await asyncio.gather(
            *(
                pdf_signers.async_sign_pdf(IncrementalPdfFileWriter(one_page()), metadata, signer=signer)
                for _ in range(count)
            )
        )
        return [bytes(each.getbuffer()) for each in signed]


@pytest.fixture
def server(signers: SignerProcesses) -> Iterator[str]:
    with served() as address:
        yield address
    signer_client.signers().disconnect()
    signer_client.authorities().disconnect()


@pytest.mark.parametrize("count", [1, 3])
def test_pyhanko_signs_and_pdfsig_accepts(server: str, tmp_path: Path, count: int) -> None:
    day = days.issued_day()
    root = asn1.Certificate.load(issuing.authority(day.credential.issuer).chain()[-1])
    for number, pdf in enumerate(asyncio.run(sign_pdfs(server, day, count))):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(pdf)
        said = subprocess.run(
            ["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False
        ).stdout
        assert "Signature Validation: Signature is Valid." in said
        assert "Total document signed" in said
        trust = ValidationContext(trust_roots=[root], allow_fetching=False)
        status = validate_pdf_signature(PdfFileReader(BytesIO(pdf)).embedded_signatures[0], trust)
        assert (status.intact, status.valid, status.trusted) == (True, True, True)
    assert SignatureRecord.objects.count() == count
    assert [entry.data["count"] for entry in Entry.objects.filter(kind="signing.signed")] == [count]
