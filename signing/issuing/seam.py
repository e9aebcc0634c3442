"""What signing asks of a certification authority, so that another one can take the embedded one's place. Plain."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple, Protocol

from signing.certificates import Issuer, Period


class Profile(NamedTuple):
    """What the authority fixes in a certificate: its own names and addresses, and the period."""

    issuer: Issuer
    period: Period


class Revoked(NamedTuple):
    """`reason` is a name of RFC 5280 section 5.3.1 in snake case, empty for none."""

    serial: int
    at: datetime
    reason: str


class NotIssued(Exception):
    """The authority did not sign; asking again with the same bytes is safe."""


class CertificationAuthority(Protocol):
    """One issuing CA. Asked twice for the same bytes it gives the same certificate."""

    def profile(self, authority: str, birth_date: date, at: datetime) -> Profile:
        """For a person registered by this association."""
        ...

    def sign(self, to_sign: bytes) -> bytes:
        """The certificate (DER) over exactly these bytes; NotIssued."""
        ...

    def chain(self) -> list[bytes]:
        """The CA's certificate, then its issuers up to the root (DER)."""
        ...

    def crl(
        self, number: int, revoked: Sequence[Revoked], this_update: datetime, next_update: datetime
    ) -> bytes:
        """A complete, signed list (DER); NotIssued."""
        ...
