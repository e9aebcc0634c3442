"""pyHanko's own CSC client, unmodified, as an EHR would use it, and what Debian's pdfsig says of its work."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
from pyhanko.pdf_utils.generic import StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign import signers as pdf_signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import csc_signer


class Authorization(csc_signer.CSCAuthorizationManager):
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


@asynccontextmanager
async def _signer(
    address: str, credential_id: str, token: str, count: int, with_pss: bool
) -> AsyncIterator[csc_signer.CSCSigner]:
    async with aiohttp.ClientSession() as session:
        about = csc_signer.CSCServiceSessionInfo(
            service_url=address, credential_id=credential_id, oauth_token=token
        )
        credential = await csc_signer.fetch_certs_in_csc_credential(session, about)
        yield csc_signer.CSCSigner(
            session,
            Authorization(session, about, credential),
            prefer_pss=with_pss,
            batch_size=count,
            batch_autocommit=True,
        )


async def sign_cades(
    address: str, credential_id: str, token: str, data: bytes, *, with_pss: bool = False
) -> bytes:
    """A detached CAdES signature over the data (CMS, DER), with an access token of ours."""
    async with _signer(address, credential_id, token, 1, with_pss) as signer:
        made = await signer.async_sign_general_data(data, "sha256", detached=True, use_cades=True)
        return bytes(made.dump())


async def sign_pdfs(
    address: str, credential_id: str, token: str, count: int, *, with_pss: bool = False
) -> list[bytes]:
    """`count` PDFs (PAdES-B-B) in one authorisation, with an access token of ours."""
    async with _signer(address, credential_id, token, count, with_pss) as signer:
        metadata = pdf_signers.PdfSignatureMetadata(
            field_name="Signature", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
        )
        signed = await asyncio.gather(
            *(
                pdf_signers.async_sign_pdf(IncrementalPdfFileWriter(one_page()), metadata, signer=signer)
                for _ in range(count)
            )
        )
        return [bytes(each.getbuffer()) for each in signed]


def pdfsig(path: Path) -> str:
    """What Debian's pdfsig says of the signatures in a file."""
    return subprocess.run(
        ["pdfsig", "-nocert", f"{path}"], capture_output=True, text=True, check=False
    ).stdout
