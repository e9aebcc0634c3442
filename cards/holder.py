"""Who holds a signature certificate: the six otherNames of its subjectAltName (domain.md 3.3)."""

from dataclasses import dataclass
from datetime import date

from asn1crypto.core import UTF8String
from cryptography import x509

from cards import attributes, profile
from cards.trust import extension


class HolderUnreadable(ValueError):
    """The certificate does not say who holds it as JPKI certificates do."""


@dataclass(frozen=True, slots=True)
class SignatureAttributes:
    """The holder by the certificate; `written` is the name as it stands there, with one flag per character."""

    name: str
    address: str
    birth_date: date
    sex: str
    former_family: str
    alias: str
    written: str
    name_flags: str
    address_flags: str

    @property
    def has_substitutes(self) -> bool:
        """Whether a printed character stands for another one (NM-06): the reviewer must look."""
        return "1" in self.name_flags + self.address_flags


def read(certificate: x509.Certificate) -> SignatureAttributes:
    """By OID, never by position; every one of the six exactly once. Raises HolderUnreadable."""
    names = extension(certificate, x509.SubjectAlternativeName) or ()
    found: dict[x509.ObjectIdentifier, str] = {}
    for name in names:
        if isinstance(name, x509.OtherName):
            if name.type_id in found:
                raise HolderUnreadable
            found[name.type_id] = str(UTF8String.load(name.value, strict=True).native)
    try:
        written, address, birth = (
            found[profile.NAME_OID],
            found[profile.ADDRESS_OID],
            found[profile.BIRTH_OID],
        )
        flags, address_flags = found[profile.NAME_SUBSTITUTES_OID], found[profile.ADDRESS_SUBSTITUTES_OID]
        sex = found[profile.SEX_OID]
        born = date(int(birth[1:5]), int(birth[5:7]), int(birth[7:9]))
    except (KeyError, ValueError):
        raise HolderUnreadable from None
    sound = len(birth) == 9 and sex in ("1", "2", "3", "9") and bool(written.strip())
    if not sound or "\x00" in written + address or set(flags + address_flags) - {"0", "1"}:
        raise HolderUnreadable
    parts = attributes.take_apart(written)
    return SignatureAttributes(
        name=parts.name,
        address=address,
        birth_date=born,
        sex=sex,
        former_family=parts.former_family,
        alias=parts.alias,
        written=written,
        name_flags=flags,
        address_flags=address_flags,
    )
