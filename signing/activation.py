"""Mint a SAD for (session, credential, caller, these hashes), and the one way to spend it (decisions 10 to 12).

A SAD is an opaque handle, digest at rest, 300 s; each authorised hash occurrence is a row that is reserved, then
signed, once. `spend_many` is the only source of items that `signatures.sign` takes (law 3).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction

from ledger import log
from signing.activation_store import Item, Store, Wanted, store
from signing.errors import Refused
from signing.flow import Credential as CredentialState
from signing.flow import Item as Life
from signing.keystore import Algorithm, KeyKind
from signing.models import Activation, ActivationItem, Credential
from vault import tokens

DIGEST_SIZES = {32: "sha256", 48: "sha384", 64: "sha512"}


class Caller(NamedTuple):
    """Who asks over the API: row ids of the system and of the signer's session, as SIGNING_CALLER found them.

    `key_kind` is of the session's credential, so that no certificate is read to know what its key can do.
    """

    client: int
    client_id: str
    session: int
    credential: int
    session_expires_at: datetime
    key_kind: KeyKind
    # The facility's certificate by which the token is bound: row id (0 = none), SHA-256 in hexadecimal, facility code.
    certificate: int = 0
    thumbprint: str = ""
    facility: str = ""
    scope: str = "service"  # or "credential": only what its own SAD authorises, no new one
    auth_mode: str = "implicit"  # what credentials/info tells this caller (CSC 1.0.4 section 11.5)


class NewSad(NamedTuple):
    """`sad` exists in clear only here."""

    sad: str
    expires_in: int
    activation: Activation


class Spend(NamedTuple):
    """What a caller wants signed: digests in its order, under a SAD, for a credential's public id.

    The algorithm comes with the wish, for CSC v1 authorises hashes and says only then how they are to be signed.
    """

    sad: str
    credential: UUID
    caller: Caller
    digests: tuple[bytes, ...]
    algorithm: Algorithm


class Reservation(NamedTuple):
    """Items that are reserved for exactly one attempt to sign; made by `spend_many` only."""

    activation: Activation
    items: tuple[Item, ...]
    algorithm: Algorithm


def authorise(
    caller: Caller,
    credential: UUID,
    digests: Sequence[bytes],
    *,
    at: datetime,
    description: str = "",
    labels: Sequence[str] = (),
    sad: str = "",
    room: int = 0,
) -> NewSad:
    """A SAD for exactly these digests, one row each; equal digests are separate occurrences.

    `labels`: the documents' names in the order of the digests. `sad`: an access token that is to be the SAD.
    `room`: how many more `extension.extend` may bind later.

    Raises Refused: credential_unknown (also another signer's), credential_disabled, credential_expired,
    hashes_missing, hashes_too_many, hash_length.
    """
    algorithm = _algorithm(digests)
    owner = Credential.objects.filter(pk=caller.credential, public_id=credential).first()
    if owner is None:
        raise Refused("credential_unknown")
    _require_usable(owner, at)
    sad = sad or tokens.new_token()
    expires_at = min(at + settings.SAD_LIFETIME, caller.session_expires_at)
    with transaction.atomic():
        activation = Activation.objects.create(
            sad_digest=tokens.digest(sad),
            credential=owner,
            session_id=caller.session,
            client_id=caller.client,
            certificate_id=caller.certificate or None,
            hash_algorithm=algorithm,
            description=description.encode() or None,
            labels=list(labels) if any(labels) else None,
            room=room,
            created_at=at,
            expires_at=expires_at,
        )
        ActivationItem.objects.bulk_create(
            ActivationItem(activation=activation, ordinal=ordinal, digest=digest)
            for ordinal, digest in enumerate(digests)
        )
        log.append(
            "signing.authorised",
            actor=log.Actor("caller", caller.client_id),
            subject=str(owner.public_id),
            authority=owner.authority,
            data={
                "activation": str(activation.public_id),
                "count": len(digests),
                "algorithm": algorithm,
                "certificate": caller.thumbprint,
            },
        )
    return NewSad(sad, int((expires_at - at).total_seconds()), activation)


def spend_many(
    spends: Sequence[Spend], *, at: datetime, keeper: Store | None = None
) -> list[Reservation | Refused]:
    """Reserve what each caller asks for, all of it or nothing of it; commits before it returns (decision 24).

    Per spend a reservation, or the refusal: sad_unknown (also another caller's or credential's), sad_expired,
    session_ended, credential_disabled, credential_expired, hash_not_authorised, sad_spent, outcome_unknown.
    """
    wanted = [
        Wanted(
            tokens.digest(each.sad),
            each.credential,
            each.caller.session,
            each.caller.client,
            each.digests,
            each.caller.certificate,
        )
        for each in spends
    ]
    reserved = (keeper or store()).reserve(wanted, at)
    rows = Activation.objects.select_related("credential__signer", "session", "client", "certificate")
    found = {bytes(row.sad_digest): row for row in rows.filter(sad_digest__in=[w.sad_digest for w in wanted])}
    return [
        Reservation(found[wish.sad_digest], tuple(items), spend.algorithm)
        if items is not None
        else Refused(_why_not(wish, found.get(wish.sad_digest), at))
        for spend, wish, items in zip(spends, wanted, reserved, strict=True)
    ]


def why_not(wanted: Sequence[Wanted], at: datetime) -> list[str]:
    """The code of the refusal of each wish that a store has refused."""
    rows = Activation.objects.select_related("credential", "session", "client")
    found = {bytes(row.sad_digest): row for row in rows.filter(sad_digest__in=[w.sad_digest for w in wanted])}
    return [_why_not(wish, found.get(wish.sad_digest), at) for wish in wanted]


def find(sad: str) -> Activation:
    """The row behind a SAD that this process has just made."""
    return Activation.objects.get(sad_digest=tokens.digest(sad))


def _algorithm(digests: Sequence[bytes]) -> str:
    """CSC v1 names no algorithm when it authorises: the length tells it, and all must agree."""
    if not digests:
        raise Refused("hashes_missing")
    if len(digests) > settings.MULTISIGN:
        raise Refused("hashes_too_many")
    sizes = {len(digest) for digest in digests}
    if len(sizes) != 1 or not sizes <= DIGEST_SIZES.keys():
        raise Refused("hash_length")
    return DIGEST_SIZES[sizes.pop()]


def _require_usable(credential: Credential, at: datetime) -> None:
    if credential.state != CredentialState.ACTIVE:
        raise Refused("credential_disabled")
    if credential.not_after is None or at >= credential.not_after:
        raise Refused("credential_expired")


def _why_not(wish: Wanted, activation: Activation | None, at: datetime) -> str:
    """A better word for a refusal that stands already; what it reads may have changed since, the refusal has not."""
    if activation is None or (activation.session_id, activation.client_id) != (wish.session, wish.client):
        return "sad_unknown"
    if (activation.certificate_id or 0) != wish.certificate:
        return "sad_unknown"
    credential, session = activation.credential, activation.session
    if credential.public_id != wish.credential:
        return "sad_unknown"
    if credential.state != CredentialState.ACTIVE:
        return "credential_disabled"
    if credential.not_after is None or at >= credential.not_after:
        return "credential_expired"
    if session.ended_at is not None or session.expires_at <= at:
        return "session_ended"
    if activation.expires_at <= at:
        return "sad_expired"
    if not activation.client.is_active:
        return "sad_unknown"
    return _why_not_these(wish, activation)


def _why_not_these(wish: Wanted, activation: Activation) -> str:
    states: dict[bytes, list[str]] = {}
    for digest, state in activation.items.values_list("digest", "state"):
        states.setdefault(bytes(digest), []).append(state)
    if any(digest not in states for digest in wish.digests):
        return "hash_not_authorised"
    used = {state for digest in wish.digests for state in states[digest]}
    return "outcome_unknown" if Life.FAILED in used else "sad_spent"
