"""What the faces have in common: what a caller may know and have done, as values without a version's names.

`authorise_many` and `sign_many` take the requests of many callers at once (performance.md): one place per request in
the answer, a value or its refusal. Everything else is one request, one answer.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from cryptography import x509
from django.conf import settings

from signing import activation, issuing, signatures
from signing.activation import Caller, NewSad, Reservation, Spend
from signing.api import asked
from signing.authorising import approvals, extension
from signing.authorising.approvals import Waiting
from signing.errors import Refused
from signing.flow import Credential as CredentialState
from signing.keystore import KeyKind
from signing.models import Credential


class CertificateFacts(NamedTuple):
    """`certInfo`: names by RFC 4514, serial in hexadecimal, moments in UTC."""

    issuer: str
    serial: str
    subject: str
    valid_from: datetime
    valid_to: datetime


class CredentialFacts(NamedTuple):
    """What a caller may know of a credential. `certificates`: DER, the signer's first; None where not wanted.

    `auth_mode`: how this caller authorises, in CSC v1's words.
    """

    is_enabled: bool
    kind: KeyKind
    status: str
    certificates: list[bytes] | None
    facts: CertificateFacts | None
    most: int
    auth_mode: str


class Listed(NamedTuple):
    """A credential's public id, and what is told of it where that was wanted."""

    credential: UUID
    facts: CredentialFacts | None


class Listing(NamedTuple):
    """The signer's credentials, as they were asked for."""

    wanted: asked.Credentials
    credentials: list[Listed]


class Authorise(NamedTuple):
    """One caller's `credentials/authorize`. `may_wait`: the version can tell that the signer is being asked."""

    caller: Caller
    asked: asked.Authorisation
    may_wait: bool


class Sign(NamedTuple):
    """One caller's `signatures/signHash`."""

    caller: Caller
    asked: asked.Signing


def own_credentials(caller: Caller, wanted: asked.Credentials, at: datetime) -> Listing:
    """The signer's one credential; the token says whose."""
    credential = Credential.objects.filter(pk=caller.credential).exclude(certificate=None).first()
    if credential is None or (wanted.only_valid and not _is_usable(credential, at)):
        return Listing(wanted, [])
    facts = wanted.about and _facts_of(credential, wanted.about, caller, at)
    return Listing(wanted, [Listed(credential.public_id, facts)])


def about(caller: Caller, wanted: asked.About, at: datetime) -> CredentialFacts:
    """Raises Refused: credential_unknown (also another signer's)."""
    own = Credential.objects.filter(pk=caller.credential, public_id=wanted.credential)
    credential = own.exclude(certificate=None).first()
    if credential is None:
        raise Refused("credential_unknown")
    return _facts_of(credential, wanted.details, caller, at)


def authorise(caller: Caller, wanted: asked.Authorisation, at: datetime) -> NewSad | Waiting:
    """As `authorise_many`, for one of a version that cannot wait; raises its refusal."""
    return _one(Authorise(caller, wanted, may_wait=False), at)


def authorise_or_ask(caller: Caller, wanted: asked.Authorisation, at: datetime) -> NewSad | Waiting:
    """As `authorise_many`, for one of a version that can wait; raises its refusal."""
    return _one(Authorise(caller, wanted, may_wait=True), at)


def authorise_many(wishes: Sequence[Authorise], at: datetime) -> list[NewSad | Waiting | Refused]:
    """A SAD for each: the living session stands for the signer's will (README.md: SCAL1-like).

    Where the policy wants the signer's own act (step-up) it is a handle instead. Refusals: step_up_required where the
    version knows no handles, and those of `activation.authorise` and `approvals.ask`.
    """
    return [_authorised(wish, at) for wish in wishes]


def check(caller: Caller, wanted: asked.Check, at: datetime) -> NewSad | Waiting:
    """Raises what `approvals.check` raises."""
    return approvals.check(caller, wanted.handle, at)


def extend(caller: Caller, wanted: asked.Extension, at: datetime) -> NewSad:
    """Raises what `extension.extend` raises."""
    return extension.extend(caller, wanted.credential, wanted.sad, wanted.digests, at=at)


def sign(caller: Caller, wanted: asked.Signing, at: datetime) -> list[bytes]:
    """As `sign_many`, for one; raises its refusal."""
    (made,) = sign_many([Sign(caller, wanted)], at)
    if isinstance(made, Refused):
        raise made
    return made


def sign_many(wishes: Sequence[Sign], at: datetime) -> list[list[bytes] | Refused]:
    """The signatures of each in the order of its digests.

    Refusals: of `activation.spend_many`, `signatures.sign`; sad_missing where no SAD came and the bearer is none.
    """
    spends = [
        Spend(wish.asked.sad, wish.asked.credential, wish.caller, wish.asked.digests, wish.asked.algorithm)
        for wish in wishes
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


def _authorised(wish: Authorise, at: datetime) -> NewSad | Waiting | Refused:
    caller, wanted = wish.caller, wish.asked
    try:
        why = approvals.reasons(caller, len(wanted.digests) + wanted.room, wanted.description, at)
        if why:
            return _asked(wish, why, at)
        return activation.authorise(
            caller,
            wanted.credential,
            wanted.digests,
            at=at,
            description=wanted.description,
            room=wanted.room,
        )
    except Refused as refused:
        return refused


def _asked(wish: Authorise, why: tuple[str, ...], at: datetime) -> Waiting:
    wanted = wish.asked
    if not wish.may_wait:
        raise Refused("step_up_required")
    if wanted.room:  # nobody can approve hashes that do not exist yet
        raise Refused("signatures_low")
    return approvals.ask(
        wish.caller, wanted.credential, wanted.digests, why=why, at=at, description=wanted.description
    )


def _one(wish: Authorise, at: datetime) -> NewSad | Waiting:
    (made,) = authorise_many([wish], at)
    if isinstance(made, Refused):
        raise made
    return made


def _facts_of(credential: Credential, wanted: asked.Details, caller: Caller, at: datetime) -> CredentialFacts:
    der = bytes(credential.certificate or b"")
    chain = [der]
    if wanted.certificates == "chain":
        chain += issuing.authority(credential.issuer).chain()
    return CredentialFacts(
        is_enabled=credential.state == CredentialState.ACTIVE,
        kind=credential.key_kind,
        status=_status(credential, at),
        certificates=None if wanted.certificates == "none" else chain,
        facts=_certificate_facts(x509.load_der_x509_certificate(der)) if wanted.wants_facts else None,
        most=settings.MULTISIGN,
        auth_mode=caller.auth_mode,
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
