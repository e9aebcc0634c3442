"""The shapes of JPKI certificates: identifiers, policies and extensions (domain.md section 3).

Used by whoever reads them (`cards.holder`, `cards.jpki`) and by the TEST authority that makes them (`cards.pki`).
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from asn1crypto.core import UTF8String
from cryptography import x509
from cryptography.x509.oid import NameOID

_ATTRIBUTE_ARC = "1.2.392.200149.8.5.5"
NAME_OID = x509.ObjectIdentifier(f"{_ATTRIBUTE_ARC}.1")
NAME_SUBSTITUTES_OID = x509.ObjectIdentifier(f"{_ATTRIBUTE_ARC}.2")
SEX_OID = x509.ObjectIdentifier(f"{_ATTRIBUTE_ARC}.3")
BIRTH_OID = x509.ObjectIdentifier(f"{_ATTRIBUTE_ARC}.4")
ADDRESS_OID = x509.ObjectIdentifier(f"{_ATTRIBUTE_ARC}.5")
ADDRESS_SUBSTITUTES_OID = x509.ObjectIdentifier(f"{_ATTRIBUTE_ARC}.6")

CPS = "http://www.jpki.go.jp/cps.html"
# (from, era digit): the digit before the Gregorian YYYYMMDD in the certificate (domain.md 3.3)
_ERAS = (
    (date(2019, 5, 1), "5"),
    (date(1989, 1, 8), "4"),
    (date(1926, 12, 25), "3"),
    (date(1912, 7, 30), "2"),
    (date(1868, 1, 25), "1"),
)


class CertificateKind(Enum):
    """署名用 and 利用者証明用: the OU of the authority says which."""

    SIGNATURE = "JPKI for digital signature"
    AUTHENTICATION = "JPKI for user authentication"


PRODUCTION_POLICIES = {
    CertificateKind.SIGNATURE: x509.ObjectIdentifier("1.2.392.200149.8.5.1.1.20"),
    CertificateKind.AUTHENTICATION: x509.ObjectIdentifier("1.2.392.200149.8.5.1.3.30"),
}
TEST_POLICIES = {
    CertificateKind.SIGNATURE: x509.ObjectIdentifier("1.2.392.200149.8.5.1.0.20"),
    # the real test authority's is not known; by analogy
    CertificateKind.AUTHENTICATION: x509.ObjectIdentifier("1.2.392.200149.8.5.1.0.30"),
}


@dataclass(frozen=True, slots=True)
class CertifiedFacts:
    """What a signature certificate says about its holder; flags have one 0 or 1 per character."""

    name: str
    address: str
    birth_date: date
    sex: str
    prefecture: str = "Tokyo-to"
    municipality: str = "Chiyoda-ku"
    name_substitutes: str = ""
    address_substitutes: str = ""


def authority_name(kind: CertificateKind) -> x509.Name:
    """The one name that all generations share."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "JPKI-TEST"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, kind.value),
            x509.NameAttribute(
                NameOID.ORGANIZATIONAL_UNIT_NAME, "Japan Agency for Local Authority Information Systems"
            ),
        ]
    )


def birth_text(born: date) -> str:
    """`EYYYYMMDD`: era digit and Gregorian date (domain.md 3.3)."""
    era = next((digit for start, digit in _ERAS if born >= start), "0")
    return f"{era}{born:%Y%m%d}"


def holder_names(facts: CertifiedFacts) -> x509.SubjectAlternativeName:
    """The six otherNames in the order of a real card: 1, 4, 3, 5, 2, 6."""
    values = (
        (NAME_OID, facts.name),
        (BIRTH_OID, birth_text(facts.birth_date)),
        (SEX_OID, facts.sex),
        (ADDRESS_OID, facts.address),
        (NAME_SUBSTITUTES_OID, facts.name_substitutes or "0" * len(facts.name)),
        (ADDRESS_SUBSTITUTES_OID, facts.address_substitutes or "0" * len(facts.address)),
    )
    return x509.SubjectAlternativeName([x509.OtherName(oid, UTF8String(text).dump()) for oid, text in values])


def list_name(kind: CertificateKind, prefecture: str, municipality: str) -> x509.Name:
    """Where the real authority files the list of one municipality: a directory name, never fetched by us."""
    unit = NameOID.ORGANIZATIONAL_UNIT_NAME
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "JPKI-TEST"),
            x509.NameAttribute(unit, kind.value),
            x509.NameAttribute(unit, "CRL Distribution Points"),
            x509.NameAttribute(unit, prefecture),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{municipality} CRLDP"),
        ]
    )


def issue_number(at: datetime) -> str:
    """23 characters: time of issue, municipality code, three digits, A."""
    return f"{at:%Y%m%d%H%M%S}13101{secrets.randbelow(1000):03d}A"


def key_usage(*, signing: bool) -> x509.KeyUsage:
    """digitalSignature, and nonRepudiation for 署名用 only."""
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=signing,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def authority_usage() -> x509.KeyUsage:
    """An authority signs certificates and lists, nothing else."""
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
