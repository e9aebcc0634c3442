"""What the faces have in common: what a caller may know and have done, as values without a version's names.

`authorise_many` and `sign_many` take the requests of many callers at once (performance.md): one place per request in
the answer, a value or its refusal. Everything else is one request, one answer.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

from signing import activation, issuing, signatures
from signing.activation import Caller, NewSad, Reservation, Spend
from signing.api import asked, wire
from signing.errors import Refused
from signing.flow import Credential as CredentialState
from signing.models import Credential

T = TypeVar("T")


class CertificateFacts(NamedTuple):
    """`certInfo`: names by RFC 4514, serial in hexadecimal, moments in UTC."""

    issuer: str
    serial: str
    subject: str
    valid_from: datetime
    valid_to: datetime


class CredentialFacts(NamedTuple):
    """What a caller may know of a credential. `certificates`: DER, the signer's first; None where not wanted."""

    is_enabled: bool
    algorithms: tuple[str, ...]
    key_length: int
    curve: str
    status: str
    certificates: list[bytes] | None
    facts: CertificateFacts | None
    most: int


class Authorise(NamedTuple):
    """One caller's `credentials/authorize`."""

    caller: Caller
    asked: asked.Authorisation


class Sign(NamedTuple):
    """One caller's `signatures/signHash`."""

    caller: Caller
    asked: asked.Signing


def own_credentials(caller: Caller, _wanted: asked.Credentials, _at: datetime) -> list[UUID]:
    """The signer's one credential; the token says whose."""
    own = Credential.objects.filter(pk=caller.credential).exclude(certificate=None)
    return list(own.values_list("public_id", flat=True))


def about(caller: Caller, wanted: asked.About, at: datetime) -> CredentialFacts:
    """Raises Refused: credential_unknown (also another signer's), key_not_supported."""
    credential = _own(caller, wanted.credential)
    der = bytes(credential.certificate or b"")
    certificate = x509.load_der_x509_certificate(der)
    public_key = certificate.public_key()
    if isinstance(public_key, ec.EllipticCurvePublicKey) or not hasattr(public_key, "key_size"):
        raise Refused("key_not_supported")
    chain = [der]
    if wanted.certificates == "chain":
        chain += issuing.authority(credential.issuer).chain()
    return CredentialFacts(
        is_enabled=credential.state == CredentialState.ACTIVE,
        # pyHanko wants 1.1.11 beside bare RSA; Documenso wants the length (remote-signing.md sections 3 and 5)
        algorithms=(wire.RSA, *wire.SIGNATURE_OIDS),
        key_length=public_key.key_size,
        curve="",
        status=_status(credential, at),
        certificates=None if wanted.certificates == "none" else chain,
        facts=_facts(certificate) if wanted.wants_facts else None,
        most=settings.MULTISIGN,
    )


def authorise(caller: Caller, wanted: asked.Authorisation, at: datetime) -> NewSad:
    """As `authorise_many`, for one; raises its refusal."""
    return _only(authorise_many([Authorise(caller, wanted)], at))


def authorise_many(wishes: Sequence[Authorise], at: datetime) -> list[NewSad | Refused]:
    """A SAD for each: the living session stands for the signer's will (README.md: SCAL1-like).

    Refusals: those of `activation.authorise`.
    """
    return [_authorised(wish, at) for wish in wishes]


def sign(caller: Caller, wanted: asked.Signing, at: datetime) -> list[bytes]:
    """As `sign_many`, for one; raises its refusal."""
    return _only(sign_many([Sign(caller, wanted)], at))


def sign_many(wishes: Sequence[Sign], at: datetime) -> list[list[bytes] | Refused]:
    """The signatures of each in the order of its digests. Refusals: of `activation.spend_many`, `signatures.sign`."""
    spends = [
        Spend(wish.asked.sad, wish.asked.credential, wish.caller, wish.asked.digests) for wish in wishes
    ]
    reserved = activation.spend_many(spends, at=at)
    good = [each for each in reserved if isinstance(each, Reservation)]
    made = iter(signatures.sign(good, at=at) if good else [])
    return [each if isinstance(each, Refused) else next(made) for each in reserved]


def _authorised(wish: Authorise, at: datetime) -> NewSad | Refused:
    try:
        return activation.authorise(
            wish.caller,
            wish.asked.credential,
            wish.asked.digests,
            at=at,
            description=wish.asked.description,
        )
    except Refused as refused:
        return refused


def _only(answers: list[T | Refused]) -> T:
    (answer,) = answers
    if isinstance(answer, Refused):
        raise answer
    return answer


def _own(caller: Caller, public_id: UUID) -> Credential:
    own = Credential.objects.filter(pk=caller.credential, public_id=public_id).exclude(certificate=None)
    credential = own.first()
    if credential is None:
        raise Refused("credential_unknown")
    return credential


def _status(credential: Credential, at: datetime) -> str:
    if credential.state == CredentialState.REVOKED:
        return "revoked"
    if credential.not_after is None or at >= credential.not_after:
        return "expired"
    return "suspended" if credential.state == CredentialState.SUSPENDED else "valid"


def _facts(certificate: x509.Certificate) -> CertificateFacts:
    return CertificateFacts(
        issuer=certificate.issuer.rfc4514_string(),
        serial=f"{certificate.serial_number:x}",
        subject=certificate.subject.rfc4514_string(),
        valid_from=certificate.not_valid_before_utc,
        valid_to=certificate.not_valid_after_utc,
    )
