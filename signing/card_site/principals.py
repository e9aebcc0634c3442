"""Who an HPKI card says its holder is: authority, 本人ID, qualification (BD-01; domain.md sections 1.3 to 1.5).

nginx has seen the private key's proof in the TLS handshake; everything that the certificate says is checked here again.
"""

import logging
from datetime import datetime
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings

from cards.hpki import check
from cards.hpki.trust import HpkiTrust
from cards.paths import Outcome
from cards.trust import TrustError
from signing import certificates
from signing.errors import Refused

logger = logging.getLogger(__name__)

LONGEST = 16_384  # characters of an escaped PEM certificate; an HPKI card's has about 3,000
_CODES = {
    "expired": "hpki_expired",
    "not_yet_valid": "hpki_expired",
    "unknown_issuer": "hpki_unknown",
    "bad_signature": "hpki_unknown",
}


class Principal(NamedTuple):
    """A card's holder, as the authority that issued the card says."""

    issuer: str
    person_id: str
    qualification: str
    serial: str
    fingerprint: bytes
    not_after: datetime


def read(escaped: str, at: datetime) -> Principal:
    """From nginx's `$ssl_client_escaped_cert`.

    Raises Refused: hpki_refused, hpki_unknown, hpki_expired, hpki_revoked, hpki_not_checked (no usable revocation
    list: fail closed, decision 27), hpki_no_role; `issuer` is said where the card is certainly that authority's.
    """
    result = check.verify(_der(escaped), at, _trust())
    if result.outcome is Outcome.REVOKED:
        raise Refused("hpki_revoked", issuer=result.issuer)
    if result.outcome is Outcome.NOT_CHECKED:
        logger.error("HPKI card of %s not checked: %s", result.issuer, result.problem)
        raise Refused("hpki_not_checked", issuer=result.issuer)
    if result.outcome is not Outcome.VALID:
        raise Refused(_CODES.get(result.problem, "hpki_refused"), issuer=result.issuer)
    try:
        qualification = certificates.qualification_of(result.role)
    except certificates.Malformed:
        raise Refused("hpki_no_role", issuer=result.issuer) from None
    serial = certificates.serial_text(result.serial)
    return Principal(
        result.issuer, result.person_id, qualification, serial, result.fingerprint, result.not_after
    )


def _trust() -> HpkiTrust:
    try:
        return HpkiTrust.load(settings.HPKI_TRUST)
    except TrustError:
        logger.exception("no HPKI card can be checked")
        raise Refused("hpki_not_checked") from None


def _der(escaped: str) -> bytes:
    """One PEM certificate; two, or anything around it, is a header that somebody has put together."""
    if len(escaped) > LONGEST or "," in escaped:
        raise Refused("hpki_refused")
    try:
        (certificate,) = x509.load_pem_x509_certificates(unquote_to_bytes(escaped))
    except ValueError:
        raise Refused("hpki_refused") from None
    return certificate.public_bytes(Encoding.DER)
