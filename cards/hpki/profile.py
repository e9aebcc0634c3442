"""Names, policies and extensions of HPKI authentication certificates (domain.md sections 1.1 to 1.5).

The holder's policy under the ministry is by analogy (no such certificate was at hand, domain.md section 1.2); the TEST
authority uses an arc of our own and never the ministry's (decision 30).
"""

from cryptography import x509
from cryptography.x509.oid import NameOID

MINISTRY_HOLDER = x509.ObjectIdentifier("1.2.392.100495.1.5.1.2.0.1")
MINISTRY_AUTHORITY = x509.ObjectIdentifier("1.2.392.100495.1.5.1.2.3.1")
_TEST_ARC = "2.25.289604865752012819910403230929172266159.2"
TEST_HOLDER = x509.ObjectIdentifier(f"{_TEST_ARC}.1")
TEST_AUTHORITY = x509.ObjectIdentifier(f"{_TEST_ARC}.3")

ROOT = "root"
AUTHENTICATION = {
    "digital_signature"
}  # domain.md section 1.3: a signature certificate has nonRepudiation only
LISTS = "http://hpki-test.example/"  # where a certificate says its list is; nobody follows it
CPS = "http://hpki-test.example/cps"


def authority_name(code: str) -> x509.Name:
    """As section 1.1 names them; relying parties look for "forAuthentication" in the CN."""
    name = code.capitalize()
    parts = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, f"Inkan TEST {code.upper()}"),
    ]
    if code == ROOT:
        unit = "Inkan TEST HPKI authentication root CA"
        return x509.Name([*parts, x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit)])
    common = f"HPKI-01-InkanTest{name}-forAuthentication-forIndividual"
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def holder_name(person_id: str, common_name: str) -> x509.Name:
    """C, CN, serialNumber in this order; the given name stands first in the CN (section 1.3)."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, person_id),
        ]
    )


def usage(*, is_authority: bool) -> x509.KeyUsage:
    """digitalSignature for a card; certificates and lists for an authority."""
    holder, signs = not is_authority, is_authority
    return x509.KeyUsage(holder, False, False, False, False, signs, signs, False, False)
