"""One step of a certification path and its revocation, for JPKI and HPKI alike (RFC 5280 section 6, fail closed).

The issuer is found by key id before it comes here, never by name; addresses in a certificate are never followed.
"""

from datetime import UTC, datetime
from enum import Enum

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.x509.oid import ExtensionOID

from cards.trust import TrustStore, extension

NEVER = datetime.min.replace(tzinfo=UTC)  # the end of what was not read
_HASHES = (SHA256, SHA384, SHA512)
_UNDERSTOOD = {
    ExtensionOID.KEY_USAGE,
    ExtensionOID.CERTIFICATE_POLICIES,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    ExtensionOID.CRL_DISTRIBUTION_POINTS,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.BASIC_CONSTRAINTS,
}


class Outcome(Enum):
    """VALID is said only when revocation was checked too."""

    VALID = "valid"
    REVOKED = "revoked"
    NOT_CHECKED = "not_checked"
    ERROR = "error"


class Problem(Exception):
    """Why a certificate is not believed; `code` is for our own texts."""

    def __init__(self, code: str, outcome: Outcome = Outcome.ERROR) -> None:
        self.code, self.outcome = code, outcome


def issued_by(
    certificate: x509.Certificate, anchor: x509.Certificate | None, at: datetime
) -> x509.Certificate:
    """The anchor, which has signed this certificate; both are in force at `at`. Raises Problem."""
    if anchor is None:
        raise Problem("unknown_issuer")
    if not isinstance(certificate.signature_hash_algorithm, _HASHES):
        raise Problem("algorithm")
    try:
        certificate.verify_directly_issued_by(anchor)
    except (InvalidSignature, ValueError, TypeError):
        raise Problem("bad_signature") from None
    if not anchor.not_valid_before_utc <= at <= anchor.not_valid_after_utc:
        raise Problem("issuer_expired")
    if at < certificate.not_valid_before_utc:
        raise Problem("not_yet_valid")
    if at > certificate.not_valid_after_utc:
        raise Problem("expired")
    return anchor


def require_understood(certificate: x509.Certificate) -> None:
    """No critical extension that nobody here reads (RFC 5280 section 4.2), an RSA key of 2048 bits. Raises Problem."""
    if any(item.critical and item.oid not in _UNDERSTOOD for item in certificate.extensions):
        raise Problem("critical_extension")
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < 2048:
        raise Problem("algorithm")


def usages(certificate: x509.Certificate) -> set[str]:
    """The key usages that are set; none where the extension is absent."""
    usage = extension(certificate, x509.KeyUsage)
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
    )
    return set() if usage is None else {name for name in names if getattr(usage, name)}


def not_revoked(
    certificate: x509.Certificate, anchor: x509.Certificate, at: datetime, trust: TrustStore
) -> None:
    """The newest applicable list decides; raises Problem unless it says "not revoked"."""
    newest = trust.newest_list(certificate, anchor)
    if newest is None:
        raise Problem("list_missing", Outcome.NOT_CHECKED)
    key = anchor.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or not newest.is_signature_valid(key):
        raise Problem("list_bad_signature")
    # a listed certificate stays revoked even when the list has grown old
    if newest.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
        raise Problem("revoked", Outcome.REVOKED)
    if newest.next_update_utc is None or not newest.last_update_utc <= at <= newest.next_update_utc:
        raise Problem("list_stale", Outcome.NOT_CHECKED)
