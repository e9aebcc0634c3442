"""The embedded authority: a TEST root and three CAs whose keys live in the authorities' signer instance.

CA certificates are made once, at set-up, and stand in the database. The same to-be-signed bytes always give the same
signature (PKCS#1 v1.5), so every step here can be repeated.
"""

import secrets
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from django.conf import settings

from signing import certificates
from signing.issuing import encoding, names, responders
from signing.issuing.seam import Answer, NotIssued, Profile, Revoked, Status
from signing.models import IssuingCertificate
from signing.signer.client import Signed, authorities

ROOT_YEARS = 30
CA_YEARS = 20
_ATTRIBUTES = {
    "C": NameOID.COUNTRY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
}


class EmbeddedAuthority:
    """`code` is one of names.NAMES; IssuingCertificate.DoesNotExist before `ensure` was run."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._certificate = bytes(IssuingCertificate.objects.get(code=code).certificate)

    def profile(self, authority: str, birth_date: date, at: datetime) -> Profile:
        period = names.REGISTRARS[authority].validity(at, birth_date)
        last = certificates.not_after(self._certificate)
        capped = period._replace(not_after=min(period.not_after, last))
        return Profile(issuer(self._code), capped)

    def sign(self, to_sign: bytes) -> bytes:
        return _signed(self._code, to_sign, self._certificate)

    def chain(self) -> list[bytes]:
        root = bytes(IssuingCertificate.objects.get(code=names.ROOT).certificate)
        return [self._certificate] if self._code == names.ROOT else [self._certificate, root]

    def crl(
        self, number: int, revoked: Iterable[Revoked], this_update: datetime, next_update: datetime
    ) -> bytes:
        own = x509.load_der_x509_certificate(self._certificate)
        to_sign = encoding.list_to_sign(own, number, revoked, this_update, next_update)
        return _signed(self._code, to_sign, self._certificate)

    def ocsp(self, asked: Sequence[Status], this_update: datetime, next_update: datetime) -> list[Answer]:
        own = x509.load_der_x509_certificate(self._certificate)
        responder = responders.current(self._code, this_update, self.sign)
        return responders.answers(
            self._code, own, responder, asked, this_update, min(next_update, responder.not_after)
        )


def issuer(code: str) -> certificates.Issuer:
    """The CA as its certificates name it."""
    certificate = bytes(IssuingCertificate.objects.get(code=code).certificate)
    return certificates.Issuer(certificate, crl_url(code), f"{settings.ORIGIN}/pki/")


def crl_url(code: str) -> str:
    return f"{settings.ORIGIN}/pki/{code}.crl"


def make_certificate(code: str, at: datetime) -> bytes:
    """The CA's own certificate, fresh; the root's must stand in the database before a CA's is made."""
    (public_key,) = authorities().public([names.key_name(code)])
    if code == names.ROOT:
        builder = _ca_builder(code, public_key, at, ROOT_YEARS).issuer_name(_name(code))
        return _signed(code, certificates.to_be_signed(certificates.sign_away(builder)), None, public_key)
    root_der = bytes(IssuingCertificate.objects.get(code=names.ROOT).certificate)
    root = x509.load_der_x509_certificate(root_der)
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(crl_url(names.ROOT))], None, None, None)
    policy = x509.PolicyInformation(x509.ObjectIdentifier(certificates.AUTHORITY_POLICY), None)
    builder = (
        _ca_builder(code, public_key, at, CA_YEARS)
        .issuer_name(root.subject)
        .add_extension(certificates.authority_key(root), False)
        .add_extension(x509.CRLDistributionPoints([point]), False)
        .add_extension(x509.CertificatePolicies([policy]), True)
    )
    return _signed(names.ROOT, certificates.to_be_signed(certificates.sign_away(builder)), root_der)


def _ca_builder(code: str, public_key: bytes, at: datetime, years: int) -> x509.CertificateBuilder:
    # From the year's first day, so that a clock set back a little (decision 14) still finds it in force.
    first = at.astimezone(certificates.JST).replace(month=1, day=1)
    period = certificates.fixed_years(first, years)
    key = certificates.public_key(public_key)
    is_root = code == names.ROOT
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(code))
        .public_key(key)
        .serial_number(secrets.randbits(127) | 1 << 126)
        .not_valid_before(period.not_before)
        .not_valid_after(period.not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
        .add_extension(usage, True)
        .add_extension(x509.BasicConstraints(True, None if is_root else 0), True)
    )


def _name(code: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(_ATTRIBUTES[kind], value) for kind, value in names.NAMES[code]])


def _signed(code: str, to_sign: bytes, certificate: bytes | None, public_key: bytes = b"") -> bytes:
    """By the key of `code`, and checked against its certificate; NotIssued."""
    (result,) = authorities().issue([(names.key_name(code), to_sign)])
    if not isinstance(result, Signed):
        raise NotIssued(result.reason)
    if certificate is not None:
        key = x509.load_der_x509_certificate(certificate).public_key()
        public_key = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        return certificates.assemble(to_sign, result.signature, public_key)
    except InvalidSignature:
        raise NotIssued("the authority's key is not the one of its certificate") from None
