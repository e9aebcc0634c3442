"""HPKI certificates: build what is to be signed, put the certificate together, and read it back. Plain.

Profile: domain.md section 1.3 (decoded from the associations' test certificates); hcRole: ISO 17090-2 as
section 1.5 shows it, golden bytes in section 1.9. cryptography cannot give to-be-signed bytes without a
signature, so a throw-away key signs first and its signature is dropped (decision 30).
"""

from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from asn1crypto import algos, core
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from cryptography.x509.oid import ExtensionOID, NameOID

JST = ZoneInfo("Asia/Tokyo")
HEALTHCARE_ACTOR = "1.0.17090.0.1"
CODING_SCHEME = "1.2.392.100495.1.6.1.1"
# codeDataFreeText of one qualification (domain.md section 1.5). One role per certificate.
ROLES = {"doctor": "Medical Doctor", "dentist": "Dentist", "pharmacist": "Pharmacist"}
CURVES = (
    "secp256r1",
    "secp384r1",
)  # for signers' keys, under these names in cryptography and asn1crypto alike
# Our own arc (decision 30): never the ministry's policy, which only a CA under its root may claim.
POLICY_ARC = "2.25.289604865752012819910403230929172266159"
SIGNER_POLICY = f"{POLICY_ARC}.1.1"
AUTHORITY_POLICY = f"{POLICY_ARC}.1.3"


class Malformed(ValueError):
    """Bytes that are no certificate of this profile."""


class Subject(NamedTuple):
    """What a certificate says about a person; `name_kanji` is family, U+3000, given, or empty."""

    person_id: str
    family_romaji: str
    given_romaji: str
    name_kanji: str
    qualification: str


class Issuer(NamedTuple):
    """The CA as its certificates name it: its own certificate (DER) and the addresses they point to."""

    certificate: bytes
    crl_url: str
    cps_url: str
    policy: str = SIGNER_POLICY


class Period(NamedTuple):
    """Both ends inclusive, aware, whole seconds."""

    not_before: datetime
    not_after: datetime


class HpkiCertificate(NamedTuple):
    """What we read back. `role` is None for a certificate without hcRole: no qualification."""

    person_id: str
    common_name: str
    name_kanji: str
    role: str | None
    serial: str
    period: Period
    issuer_key_id: bytes
    public_key: bytes


# --- hcRole --------------------------------------------------------------------------------------------------


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) >= 128:  # never for the roles above: the longest is 53 bytes
        raise Malformed("an hcRole of this profile is shorter than 128 bytes")
    return bytes([tag, len(content)]) + content


def healthcare_role(qualification: str) -> bytes:
    """The whole SubjectDirectoryAttributes value with two nested SETs. KeyError for an unknown qualification."""
    free_text = _der(0xA2, core.UTF8String(ROLES[qualification]).dump())
    coded = _der(0x31, _der(0xA0, core.ObjectIdentifier(CODING_SCHEME).dump()), free_text)
    actors = _der(0x31, _der(0x30, _der(0xA0, coded)))
    return _der(0x30, _der(0x30, core.ObjectIdentifier(HEALTHCARE_ACTOR).dump(), _der(0x31, actors)))


def qualification_of(extension: bytes) -> str:
    """The qualification a SubjectDirectoryAttributes value states; Malformed when it is none of ours."""
    for qualification in ROLES:
        if healthcare_role(qualification) == extension:
            return qualification
    raise Malformed("the hcRole is not one of this profile")


# --- validity ------------------------------------------------------------------------------------------------


def _on_year(day: date, year: int) -> date:
    """The same civil day of that year; 29 February falls on the 28th where there is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def _period(first: date, last: date) -> Period:
    start = datetime.combine(first, time.min, JST).astimezone(UTC)
    return Period(start, datetime.combine(last, time(23, 59, 59), JST).astimezone(UTC))


def fixed_years(at: datetime, years: int) -> Period:
    """From 00:00 JST of the day to 23:59:59 JST of that day `years` later (MEDIS, domain.md section 1.6)."""
    first = at.astimezone(JST).date()
    return _period(first, _on_year(first, first.year + years))


def nth_birthday(at: datetime, birth_date: date, count: int) -> Period:
    """Until the end of the n-th birthday after the day of issue (JMA, JPA, domain.md section 1.6)."""
    first = at.astimezone(JST).date()
    year = first.year + count - (1 if _on_year(birth_date, first.year) > first else 0)
    return _period(first, _on_year(birth_date, year))


# --- building ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _throw_away() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _kanji(subject: Subject) -> x509.SubjectAlternativeName:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.COMMON_NAME, subject.name_kanji),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, subject.person_id),
        ]
    )
    return x509.SubjectAlternativeName([x509.DirectoryName(name)])


def key_identifier(certificate: x509.Certificate) -> bytes:
    """The issuer's own SKI, which is what its certificates' AKI repeats."""
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def authority_key(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """keyId + the issuer's issuer + the issuer's serial, as the associations write it."""
    return x509.AuthorityKeyIdentifier(
        key_identifier(issuer), [x509.DirectoryName(issuer.issuer)], issuer.serial_number
    )


def public_key(spki: bytes) -> CertificatePublicKeyTypes:
    """The key of a SubjectPublicKeyInfo (DER); Malformed for one that the profile does not take.

    RSA with the exponent 65537, or a point on P-256 or P-384, uncompressed (RFC 5480 section 2.2) under a named curve.
    """
    key = load_der_public_key(spki)
    if isinstance(key, rsa.RSAPublicKey) and key.public_numbers().e == 65537:
        return key
    if (
        isinstance(key, ec.EllipticCurvePublicKey)
        and key.curve.name in CURVES
        and key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == spki
    ):
        return key
    raise Malformed("the profile takes RSA with the exponent 65537, P-256 and P-384")


def _extensions(
    subject: Subject, issuer: Issuer, issued_by: x509.Certificate, key: CertificatePublicKeyTypes
) -> list[tuple[x509.ExtensionType, bool]]:
    """In the profile's order: AKI, SKI, keyUsage, SAN, CRLDP, SDA, certificatePolicies."""
    usage = x509.KeyUsage(False, True, False, False, False, False, False, False, False)
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(issuer.crl_url)], None, None, None)
    role = x509.UnrecognizedExtension(
        ExtensionOID.SUBJECT_DIRECTORY_ATTRIBUTES, healthcare_role(subject.qualification)
    )
    policy = x509.PolicyInformation(x509.ObjectIdentifier(issuer.policy), [issuer.cps_url])
    return [
        (authority_key(issued_by), False),
        (x509.SubjectKeyIdentifier.from_public_key(key), False),
        (usage, True),
        *([(_kanji(subject), False)] if subject.name_kanji else []),
        (x509.CRLDistributionPoints([point]), False),
        (role, False),
        (x509.CertificatePolicies([policy]), True),
    ]


def throw_away_certificate(
    subject: Subject, spki: bytes, issuer: Issuer, serial: int, period: Period
) -> bytes:
    """The certificate as it will be, signed by a key that signs nothing else: what the linter reads (decision 30).

    `spki` is a SubjectPublicKeyInfo (DER); the common name has the given name first (domain.md section 1.3).
    """
    issued_by = x509.load_der_x509_certificate(issuer.certificate)
    key = public_key(spki)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{subject.given_romaji} {subject.family_romaji}"),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, subject.person_id),
        ]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issued_by.subject)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(period.not_before)
        .not_valid_after(period.not_after)
    )
    for extension, critical in _extensions(subject, issuer, issued_by, key):
        builder = builder.add_extension(extension, critical)
    return sign_away(builder)


def sign_away(builder: x509.CertificateBuilder) -> bytes:
    """DER of the certificate under the throw-away key; only its to-be-signed part is ever used."""
    return builder.sign(_throw_away(), SHA256()).public_bytes(Encoding.DER)


def to_be_signed(certificate: bytes) -> bytes:
    """The TBSCertificate inside a certificate, byte for byte."""
    try:
        return x509.load_der_x509_certificate(certificate).tbs_certificate_bytes
    except ValueError as problem:
        raise Malformed("no certificate") from problem


def assemble(to_sign: bytes, signature: bytes, signed_by: bytes) -> bytes:
    """Certificate or CRL (DER) from its to-be-signed bytes and a PKCS#1 v1.5 signature with SHA-256.

    `signed_by` is the signer's SubjectPublicKeyInfo; cryptography.exceptions.InvalidSignature when it did not sign
    these very bytes. The same bytes and key always give the same result (RFC 8017 section 8.2: no randomness).
    """
    key = load_der_public_key(signed_by)
    if not isinstance(key, rsa.RSAPublicKey):
        raise Malformed("the authority's key is RSA")
    key.verify(signature, to_sign, padding.PKCS1v15(), SHA256())
    algorithm = algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa", "parameters": core.Null()}).dump()
    content = to_sign + algorithm + core.OctetBitString(signature).dump()
    return bytes(core.Sequence(contents=content).dump())


# --- reading -------------------------------------------------------------------------------------------------


def read(certificate: bytes) -> HpkiCertificate:
    """What an HPKI certificate says; Malformed where a part is missing. Checks no signature and no path."""
    try:
        return _read(asn1.Certificate.load(certificate, strict=True))
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise Malformed("not an HPKI certificate") from problem


def _read(parsed: asn1.Certificate) -> HpkiCertificate:
    body = parsed["tbs_certificate"]
    subject = body["subject"].native
    extensions = {item["extn_id"].dotted: item["extn_value"].contents for item in body["extensions"]}
    role = extensions.get("2.5.29.9")
    names = parsed.subject_alt_name_value or []
    kanji = [name.chosen.native.get("common_name", "") for name in names if name.name == "directory_name"]
    validity = body["validity"].native
    return HpkiCertificate(
        person_id=subject["serial_number"],
        common_name=subject["common_name"],
        name_kanji=kanji[0] if kanji else "",
        role=None if role is None else qualification_of(role),
        serial=serial_text(body["serial_number"].native),
        period=Period(validity["not_before"], validity["not_after"]),
        issuer_key_id=parsed.authority_key_identifier,
        public_key=body["subject_public_key_info"].dump(),
    )


def not_after(certificate: bytes) -> datetime:
    """The last moment of any X.509 certificate (DER)."""
    return x509.load_der_x509_certificate(certificate).not_valid_after_utc


def serial_text(serial: int) -> str:
    """Lower-case hexadecimal with whole bytes, as it is stored and shown."""
    return serial.to_bytes((serial.bit_length() + 7) // 8 or 1, "big").hex()
