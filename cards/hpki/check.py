"""Verify an HPKI authentication certificate: path to a configured root, period, policy, key usage, revocation.

Threat 21: a signature certificate, another authority's look-alike, a JPKI certificate or a TEST card in production is
none of these. Without a usable list of the card's authority and of its root the outcome is NOT_CHECKED, never VALID.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from cards.hpki import profile
from cards.hpki.trust import HpkiTrust
from cards.paths import NEVER, Outcome, Problem, issued_by, not_revoked, require_understood, usages
from cards.trust import authority_key_id, extension, is_test

_FOR_CLIENTS = {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
_LONGEST_PERSON_ID = 16


@dataclass(frozen=True, slots=True)
class HpkiResult:
    """What is known about one card; `problem` is a code for our own texts, "" when VALID.

    `issuer` is the authority's code as soon as the signature is its own, also for a revoked or expired card, so that
    the person can be told whom to ask. `role` is the whole SubjectDirectoryAttributes value, b"" where there is none.
    """

    outcome: Outcome
    problem: str
    issuer: str = ""
    person_id: str = ""
    role: bytes = b""
    serial: int = 0
    not_after: datetime = NEVER
    fingerprint: bytes = b""


def verify(certificate_der: bytes, at: datetime, trust: HpkiTrust) -> HpkiResult:
    """Everything about one certificate at the time `at` (aware). Never raises because of the bytes."""
    fingerprint = sha256(certificate_der).digest()
    code = ""
    try:
        certificate = x509.load_der_x509_certificate(certificate_der)
        found, authority = trust.authority(authority_key_id(certificate))
        code = found if authority and _is_signed(certificate, authority) else ""
        _path(certificate, authority, at, trust)
        person_id = _profile(certificate, trust.is_test)
        assert authority is not None  # _path has refused everything else
        not_revoked(certificate, authority, at, trust.store)
        role = _role(certificate)
    except Problem as problem:
        return HpkiResult(problem.outcome, problem.code, code, fingerprint=fingerprint)
    except Exception:  # a stranger's bytes: the parser's many errors all mean the same to us
        return HpkiResult(Outcome.ERROR, "unreadable", code, fingerprint=fingerprint)
    return HpkiResult(
        Outcome.VALID,
        "",
        code,
        person_id,
        role,
        certificate.serial_number,
        certificate.not_valid_after_utc,
        fingerprint,
    )


def _is_signed(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except Exception:  # as in `verify`
        return False
    return True


def _path(
    certificate: x509.Certificate, authority: x509.Certificate | None, at: datetime, trust: HpkiTrust
) -> None:
    """Card, authority, root; the authority itself must be one, by the root's word, and stand in no list."""
    authority = issued_by(certificate, authority, at)
    root = issued_by(authority, trust.root(authority_key_id(authority)), at)
    constraints = extension(authority, x509.BasicConstraints)
    if constraints is None or not constraints.ca or "key_cert_sign" not in usages(authority):
        raise Problem("not_an_authority")
    wanted = profile.TEST_AUTHORITY if trust.is_test else profile.MINISTRY_AUTHORITY
    if is_test(root) != is_test(authority) or wanted not in _policies(authority):
        raise Problem("policy")
    not_revoked(authority, root, at, trust.store)


def _profile(certificate: x509.Certificate, is_test_trust: bool) -> str:
    """The 本人ID of a certificate that is an HPKI card's for authentication (domain.md sections 1.3, 1.4)."""
    require_understood(certificate)
    wanted = profile.TEST_HOLDER if is_test_trust else profile.MINISTRY_HOLDER
    if wanted not in _policies(certificate):
        raise Problem("policy")
    constraints = extension(certificate, x509.BasicConstraints)
    if usages(certificate) != profile.AUTHENTICATION or (constraints is not None and constraints.ca):
        raise Problem("key_usage")
    extended = extension(certificate, x509.ExtendedKeyUsage)
    if extended is not None and not _FOR_CLIENTS & set(extended):
        raise Problem("key_usage")
    return _person_id(certificate)


def _person_id(certificate: x509.Certificate) -> str:
    found = certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    text = str(found[0].value) if len(found) == 1 else ""
    if not text or len(text) > _LONGEST_PERSON_ID or not (text.isascii() and text.isprintable()):
        raise Problem("person_id")
    return text


def _role(certificate: x509.Certificate) -> bytes:
    for item in certificate.extensions:
        if item.oid == ExtensionOID.SUBJECT_DIRECTORY_ATTRIBUTES:
            value = item.value
            return value.value if isinstance(value, x509.UnrecognizedExtension) else b""
    return b""


def _policies(certificate: x509.Certificate) -> list[x509.ObjectIdentifier]:
    stated = extension(certificate, x509.CertificatePolicies)
    return [] if stated is None else [policy.policy_identifier for policy in stated]
