"""Which facility's certificate a caller has shown to nginx, and whether it still counts (RFC 8705).

nginx asks for it at INKAN_API_ORIGIN, checks the chain, overwrites two headers and shows the shared secret with them
(decision 40). Whoever sends such headers in another way has shown nothing. The client's registration is ours: only a
certificate that stands in a row of that client, within its time, is one.
"""

import binascii
import hashlib
import hmac
from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from urllib.parse import unquote

from django.conf import settings

from signing.models import ClientCertificate, OAuthClient

SECRET = "x-inkan-proxy-secret"  # noqa: S105  (a header's name)
VERIFIED, CERTIFICATE = "x-inkan-facility-verify", "x-inkan-facility-certificate"
_LONGEST = 16_384  # characters of an escaped PEM certificate
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def shown(headers: Mapping[str, str]) -> bytes | None:
    """The SHA-256 of the certificate that our nginx vouches for; header names in lower case."""
    secret = headers.get(SECRET, "")
    if not secret or not settings.API_ORIGIN or not settings.PROXY_SECRET:
        return None
    if not hmac.compare_digest(secret.encode("latin-1", "replace"), settings.PROXY_SECRET.encode()):
        return None
    if headers.get(VERIFIED) != "SUCCESS":
        return None
    escaped = headers.get(CERTIFICATE, "")
    return _thumbprint(escaped) if len(escaped) <= _LONGEST else None


def find(client: OAuthClient, thumbprint: bytes | None, at: datetime) -> ClientCertificate | None:
    """The living row of this client's certificate."""
    if thumbprint is None:
        return None
    return ClientCertificate.living(at).filter(client=client, thumbprint=thumbprint).first()


def is_living(row: ClientCertificate, at: datetime) -> bool:
    return row.not_before <= at < row.not_after and (row.ends_at is None or at < row.ends_at)


@lru_cache(maxsize=4096)
def _thumbprint(escaped: str) -> bytes | None:
    """One PEM certificate; two, or anything around it, is a header that somebody has put together.

    nginx has parsed it already; here it is only hashed, once per certificate and process: 11 us, and 1 us for whoever
    comes again. Remembered are so many texts of _LONGEST at most, none of them secret: certificates that are public.
    """
    text = unquote(escaped).strip()
    if not (text.startswith(_BEGIN) and text.endswith(_END)):
        return None
    body = text.removeprefix(_BEGIN).removesuffix(_END)
    try:
        return hashlib.sha256(b64decode("".join(body.split()), validate=True)).digest()
    except (binascii.Error, ValueError):
        return None
