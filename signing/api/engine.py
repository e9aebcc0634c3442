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
from signing.authorising import extension
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


class Listed(NamedTuple):
    """A credential's public id, and what is told of it where that was wanted."""

    credential: UUID
    facts: CredentialFacts | None


class Listing(NamedTuple):
    """The signer's credentials, as they were asked for."""

    wanted: asked.Credentials
    credentials: list[Listed]


class Authorise(NamedTuple):
    """One caller's `credentials/authorize`."""

    caller: Caller
    asked: asked.Authorisation


class Sign(NamedTuple):
    """One caller's `signatures/signHash`."""

    caller: Caller
    asked: asked.Signing


def signature_algorithms() -> list[str]:
    """The identifiers of every algorithm that some key here signs with."""
    return [wire.RSA, *wire.SIGNATURE_OIDS]


def own_credentials(caller: Caller, wanted: asked.Credentials, at: datetime) -> Listing:
    """The signer's one credential; the token says whose."""
    credential = Credential.objects.filter(pk=caller.credential).exclude(certificate=None).first()
    if credential is None or (wanted.only_valid and not _is_usable(credential, at)):
        return Listing(wanted, [])
    facts = wanted.about and _facts_of(credential, wanted.about, at)
    return Listing(wanted, [Listed(credential.public_id, facts)])


def about(caller: Caller, wanted: asked.About, at: datetime) -> CredentialFacts:
    """Raises Refused: credential_unknown (also another signer's), key_not_supported."""
    own = Credential.objects.filter(pk=caller.credential, public_id=wanted.credential)
    credential = own.exclude(certificate=None).first()
    if credential is None:
        raise Refused("credential_unknown")
    return _facts_of(credential, wanted.details, at)


def authorise(caller: Caller, wanted: asked.Authorisation, at: datetime) -> NewSad:
    """As `authorise_many`, for one; raises its refusal."""
    return _only(authorise_many([Authorise(caller, wanted)], at))


def authorise_many(wishes: Sequence[Authorise], at: datetime) -> list[NewSad | Refused]:
    """A SAD for each: the living session stands for the signer's will (README.md: SCAL1-like).

    Refusals: those of `activation.authorise`.
    """
    return [_authorised(wish, at) for wish in wishes]


def extend(caller: Caller, wanted: asked.Extension, at: datetime) -> NewSad:
    """Raises what `extension.extend` raises."""
    return extension.extend(caller, wanted.credential, wanted.sad, wanted.digests, at=at)


def sign(caller: Caller, wanted: asked.Signing, at: datetime) -> list[bytes]:
    """As `sign_many`, for one; raises its refusal."""
    return _only(sign_many([Sign(caller, wanted)], at))


def sign_many(wishes: Sequence[Sign], at: datetime) -> list[list[bytes] | Refused]:
    """The signatures of each in the order of its digests.

    Refusals: of `activation.spend_many`, `signatures.sign`; sad_missing where no SAD came and the bearer is none.
    """
    spends = [
        Spend(wish.asked.sad, wish.asked.credential, wish.caller, wish.asked.digests) for wish in wishes
    ]
    reserved = activation.spend_many(spends, at=at)
    good = [each for each in reserved if isinstance(each, Reservation)]
    made = iter(signatures.sign(good, at=at) if good else [])
    return [
        _why(each, wish.asked) if isinstance(each, Refused) else next(made)
        for each, wish in zip(reserved, wishes, strict=True)
    ]


def _why(refused: Refused, wanted: asked.Signing) -> Refused:
    is_missing = refused.code == "sad_unknown" and wanted.is_bearer
    return Refused("sad_missing") if is_missing else refused


def _authorised(wish: Authorise, at: datetime) -> NewSad | Refused:
    try:
        return activation.authorise(
            wish.caller,
            wish.asked.credential,
            wish.asked.digests,
            at=at,
            description=wish.asked.description,
            room=wish.asked.room,
        )
    except Refused as refused:
        return refused


def _only(answers: list[T | Refused]) -> T:
    (answer,) = answers
    if isinstance(answer, Refused):
        raise answer
    return answer


def _facts_of(credential: Credential, wanted: asked.Details, at: datetime) -> CredentialFacts:
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
        facts=_certificate_facts(certificate) if wanted.wants_facts else None,
        most=settings.MULTISIGN,
    )


def _is_usable(credential: Credential, at: datetime) -> bool:
    return _status(credential, at) == "valid" and credential.state == CredentialState.ACTIVE


def _status(credential: Credential, at: datetime) -> str:
    if credential.state == CredentialState.REVOKED:
        return "revoked"
    if credential.not_after is None or at >= credential.not_after:
        return "expired"
    return "suspended" if credential.state == CredentialState.SUSPENDED else "valid"


def _certificate_facts(certificate: x509.Certificate) -> CertificateFacts:
    return CertificateFacts(
        issuer=certificate.issuer.rfc4514_string(),
        serial=f"{certificate.serial_number:x}",
        subject=certificate.subject.rfc4514_string(),
        valid_from=certificate.not_valid_before_utc,
        valid_to=certificate.not_valid_after_utc,
    )
