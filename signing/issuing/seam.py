"""What signing asks of a certification authority, so that another one can take the embedded one's place. Plain."""

from collections.abc import Iterable, Sequence
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


class Status(NamedTuple):
    """What is to be answered about a certificate; `reason` as in Revoked."""

    serial: int
    revoked_at: datetime | None
    reason: str


class Answer(NamedTuple):
    """One status, signed: a whole OCSPResponse (DER) for each way in which a request may name the CA."""

    sha1: bytes
    sha256: bytes
    this_update: datetime
    next_update: datetime


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
        self, number: int, revoked: Iterable[Revoked], this_update: datetime, next_update: datetime
    ) -> bytes:
        """A complete, signed list (DER); NotIssued. Takes the entries one by one: there may be 100,000."""
        ...

    def ocsp(self, asked: Sequence[Status], this_update: datetime, next_update: datetime) -> list[Answer]:
        """An answer to each in the same order, ending at `next_update` or before; NotIssued."""
        ...
