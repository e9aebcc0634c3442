"""Verify a JPKI certificate: path, period, policy, key usage, revocation, attributes (domain.md section 3).

The issuer is found by key id, never by name: all generations share one name. Nothing is fetched: what a
certificate says about addresses is a stranger's word. Revocation comes from the lists that the operator has put
into the trust folder; without a usable one the outcome is NOT_CHECKED and never VALID (decision 27).
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from cards import holder, profile
from cards.exchange import CardResponse, authentication_message
from cards.holder import SignatureAttributes
from cards.paths import NEVER, Outcome, Problem, issued_by, not_revoked, require_understood, usages
from cards.profile import CertificateKind
from cards.trust import TrustError, TrustStore, authority_key_id, extension, is_test

__all__ = [
    "CertificateKind",
    "JpkiResult",
    "Outcome",
    "SignatureAttributes",
    "TrustError",
    "TrustStore",
    "check_authentication",
    "check_signature",
    "verify",
]


@dataclass(frozen=True, slots=True)
class JpkiResult:
    """What is known about one certificate; `problem` is a code for our own texts, "" when VALID."""

    outcome: Outcome
    problem: str
    attributes: SignatureAttributes | None
    fingerprint: bytes
    issuer_key_id: bytes = b""
    serial: int = 0
    not_after: datetime = NEVER


def verify(certificate_der: bytes, kind: CertificateKind, at: datetime, trust: TrustStore) -> JpkiResult:
    """Everything about one certificate at the time `at` (aware). Never raises because of the bytes."""
    fingerprint = sha256(certificate_der).digest()
    try:
        certificate = x509.load_der_x509_certificate(certificate_der)
        key_id = authority_key_id(certificate)
        serial, not_after = certificate.serial_number, certificate.not_valid_after_utc
    except Exception:  # a stranger's bytes: the parser's many errors all mean the same to us
        return JpkiResult(Outcome.ERROR, "unreadable", None, fingerprint)
    owner: SignatureAttributes | None = None
    outcome, problem = Outcome.VALID, ""
    try:
        anchor = issued_by(certificate, trust.anchor(key_id), at)
        _profile(certificate, kind, anchor)
        if kind is CertificateKind.SIGNATURE:
            owner = holder.read(certificate)
        not_revoked(certificate, anchor, at, trust)
    except Problem as found:
        outcome, problem = found.outcome, found.code
    except holder.HolderUnreadable:
        outcome, problem = Outcome.ERROR, "attributes"
    except Exception:  # extensions are read lazily: broken DER can show up only here
        outcome, problem = Outcome.ERROR, "unreadable"
    return JpkiResult(outcome, problem, owner, fingerprint, key_id, serial, not_after)


def check_authentication(
    response: CardResponse, origin: str, challenge: bytes, at: datetime, trust: TrustStore
) -> JpkiResult:
    """The card proved its authentication key for this origin and challenge, and its certificate holds."""
    result = verify(response.authentication_certificate, CertificateKind.AUTHENTICATION, at, trust)
    message = authentication_message(origin, challenge)
    asked = response.outcome == "ok" and response.operation == "authenticate"
    return _with_signature(result, response.authentication_certificate, response.signature, message, asked)


def check_signature(response: CardResponse, content: bytes, at: datetime, trust: TrustStore) -> JpkiResult:
    """The card's signature key signed SHA-256 of `content`, and its certificate holds."""
    result = verify(response.signature_certificate, CertificateKind.SIGNATURE, at, trust)
    asked = response.outcome == "ok" and response.operation == "sign"
    return _with_signature(result, response.signature_certificate, response.signature, content, asked)


def signed_by(certificate_der: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the certificate's RSA key made this PKCS#1 v1.5 signature over SHA-256 of the message."""
    try:
        key = x509.load_der_x509_certificate(certificate_der).public_key()
    except Exception:  # a stranger's bytes, as in `verify`
        return False
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, message, padding.PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def _with_signature(
    result: JpkiResult, certificate: bytes, signature: bytes, message: bytes, asked: bool
) -> JpkiResult:
    if result.outcome is Outcome.ERROR or (asked and signed_by(certificate, signature, message)):
        return result
    return JpkiResult(
        Outcome.ERROR,
        "signature",
        None,
        result.fingerprint,
        result.issuer_key_id,
        result.serial,
        result.not_after,
    )


def _profile(certificate: x509.Certificate, kind: CertificateKind, anchor: x509.Certificate) -> None:
    require_understood(certificate)
    policies = profile.TEST_POLICIES if is_test(anchor) else profile.PRODUCTION_POLICIES
    stated = extension(certificate, x509.CertificatePolicies)
    if stated is None or policies[kind] not in [policy.policy_identifier for policy in stated]:
        raise Problem("policy")
    constraints = extension(certificate, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        raise Problem("key_usage")
    if (
        usages(certificate)
        != {
            CertificateKind.SIGNATURE: {"digital_signature", "content_commitment"},
            CertificateKind.AUTHENTICATION: {"digital_signature"},
        }[kind]
    ):
        raise Problem("key_usage")
