"""Step-up: a caller asks, the signer approves these very hashes by phone or card, the caller fetches the SAD.

The handle is an opaque secret of the caller, digest at rest. The SAD is made when it is fetched, so that no secret
waits in a row, and by the same function as every other one. Every move is conditional and logged (law 2).
"""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple, cast
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from ledger import log
from signing import activation, flow, phone_answers
from signing.activation import DIGEST_SIZES, Caller, NewSad
from signing.authorising import covering
from signing.authorising.policy import Intent
from signing.errors import Refused
from signing.flow import Approval as State
from signing.flow import Credential as CredentialState
from signing.models import Approval, Authenticator, Credential, Signer
from vault import tokens

_MOVES = {move.name: move for move in flow.APPROVAL_MOVES}
MOST_WAITING = 20  # of one caller within one day's session: more than anybody reads
_SIZES = {name: size for size, name in DIGEST_SIZES.items()}


class Waiting(NamedTuple):
    """The signer has not answered yet; `handle` is what the caller asks again with."""

    handle: str


def reasons(caller: Caller, count: int, description: str, at: datetime) -> tuple[str, ...]:
    """Why the signer must approve; empty: the session is enough. The policy is settings.SIGNING_STEP_UP ("": none)."""
    if not settings.SIGNING_STEP_UP:
        return ()
    policy = cast(Callable[[Intent, datetime], tuple[str, ...]], import_string(settings.SIGNING_STEP_UP))
    return policy(Intent(caller.session, caller.client, count, description), at)


def ask(
    caller: Caller,
    credential: UUID,
    digests: Sequence[bytes],
    *,
    why: Sequence[str],
    at: datetime,
    description: str = "",
    next_path: str = "",
) -> Waiting:
    """Lay these hashes before their signer, who then goes on to `next_path`.

    Raises Refused: credential_unknown, credential_disabled, hash_length, approvals_many.
    """
    owner = Credential.objects.filter(pk=caller.credential, public_id=credential).first()
    if owner is None:
        raise Refused("credential_unknown")
    if owner.state != CredentialState.ACTIVE:
        raise Refused("credential_disabled")
    if len({len(digest) for digest in digests}) != 1:
        raise Refused("hash_length")
    open_ones = Approval.objects.filter(session=caller.session, client=caller.client, state=State.WAITING)
    if open_ones.filter(expires_at__gt=at).count() >= MOST_WAITING:
        raise Refused("approvals_many")
    handle = tokens.new_token()
    with transaction.atomic():
        approval = Approval.objects.create(
            handle_digest=tokens.digest(handle),
            credential=owner,
            session_id=caller.session,
            client_id=caller.client,
            hash_algorithm=DIGEST_SIZES[len(digests[0])],
            digests=b"".join(digests),
            description=description.encode() or None,
            next_path=next_path or None,
            reasons=list(why),
            nonce=secrets.token_bytes(32),
            created_at=at,
            expires_at=min(at + settings.STEP_UP_LIFETIME, caller.session_expires_at),
        )
        _log(approval, "signing.approval_asked", log.Actor("caller", caller.client_id), why=" ".join(why))
    return Waiting(handle)


def check(caller: Caller, handle: str, at: datetime) -> NewSad | Waiting:
    """What has become of it; the SAD is handed out once.

    Raises Refused: handle_unknown (also another caller's, and one whose SAD was fetched), approval_refused,
    approval_expired, and those of `activation.authorise`.
    """
    rows = Approval.objects.select_related("credential")
    found = rows.filter(
        handle_digest=tokens.digest(handle), session=caller.session, client=caller.client
    ).first()
    if found is None or found.state in (State.TAKEN, State.VOID):
        raise Refused("handle_unknown")
    if found.state == State.REFUSED:
        raise Refused("approval_refused")
    if found.state == State.EXPIRED or found.expires_at <= at:
        raise Refused("approval_expired")
    return take(found, caller, at) if found.state == State.APPROVED else Waiting(handle)


def of_handle(handle: str) -> Approval:
    """The row behind a handle that this process has just made."""
    return Approval.objects.get(handle_digest=tokens.digest(handle))


def waiting(signer: Signer, at: datetime) -> list[Approval]:
    """What waits for this person, the newest first."""
    rows = Approval.objects.select_related("client", "credential__signer")
    mine = rows.filter(credential__signer=signer, state=State.WAITING, expires_at__gt=at)
    return list(mine.filter(credential__state=CredentialState.ACTIVE).order_by("-created_at", "-pk"))


def find(signer: Signer, public_id: UUID, at: datetime) -> Approval:
    """One of `waiting`. Raises Refused("approval_unknown")."""
    for each in waiting(signer, at):
        if each.public_id == public_id:
            return each
    raise Refused("approval_unknown")


def digests(approval: Approval) -> list[bytes]:
    """In the caller's order."""
    joined, size = bytes(approval.digests), _SIZES[approval.hash_algorithm]
    return [joined[at : at + size] for at in range(0, len(joined), size)]


def challenge(approval: Approval) -> bytes:
    """What the phone or the card signs; made from the row, never kept beside it."""
    covered = covering.Covered(
        nonce=bytes(approval.nonce),
        signer=approval.credential.signer.public_id,
        credential=approval.credential.public_id,
        client=approval.client.public_id,
        hash_name=approval.hash_algorithm,
        digests=digests(approval),
    )
    return covering.challenge(covered)


def approve_by_phone(approval: Approval, phone: Authenticator, answer: str, at: datetime) -> None:
    """After the ceremony: the answer was checked, and it must be the answer to this challenge and no other.

    Raises Refused: phone_unknown (another person's), phone_answer_bad, approval_unknown.
    """
    if phone.credential.signer_id != approval.credential.signer_id:
        raise Refused("phone_unknown")
    if phone_answers.challenge(phone_answers.read(answer)) != challenge(approval):
        raise Refused("phone_answer_bad")
    _approve(approval, "authenticator", phone, answer, at)


def approve_by_card(approval: Approval, holder: Credential, answer: str, at: datetime) -> None:
    """After `sessions.holder` has checked the card against this challenge.

    Raises Refused: card_unknown (another person's), approval_unknown.
    """
    if holder.signer_id != approval.credential.signer_id:
        raise Refused("card_unknown")
    _approve(approval, "my_number_card", None, answer, at)


def refuse(approval: Approval, at: datetime) -> None:
    """The signer says no; the caller is told so. Raises Refused("approval_unknown")."""
    with transaction.atomic():
        _move("refuse", approval, at, answered_at=at)
        _log(approval, "signing.approval_refused", _signer(approval))


def expire_overdue(at: datetime) -> int:
    """For the clock: what nobody answered, or nobody fetched; how many."""
    move = _MOVES["expire"]
    rows = Approval.objects.select_related("credential").filter(state__in=move.sources, expires_at__lte=at)
    count = 0
    for approval in rows.order_by("pk"):
        with transaction.atomic():
            still = Approval.objects.filter(pk=approval.pk, state__in=move.sources)
            if still.update(state=move.target) == 1:
                _log(approval, "signing.approval_expired", log.SYSTEM)
                count += 1
    return count


def _approve(approval: Approval, means: str, phone: Authenticator | None, proof: str, at: datetime) -> None:
    with transaction.atomic():
        row = Credential.objects.select_for_update(no_key=True).get(pk=approval.credential_id)
        if row.state != CredentialState.ACTIVE:  # a suspension stands in the same line
            raise Refused("approval_unknown")
        _move("approve", approval, at, answered_at=at, means=means, authenticator=phone, proof=proof)
        _log(
            approval,
            "signing.approved",
            _signer(approval),
            means=means,
            challenge=challenge(approval).hex(),
        )


def take(
    approval: Approval, caller: Caller, at: datetime, *, sad: str = "", labels: Sequence[str] = ()
) -> NewSad:
    """The SAD of what was approved, once; `sad` and `labels` as in `activation.authorise`.

    Raises Refused("handle_unknown"), also for another caller or another day than the one that asked.
    """
    if (approval.session_id, approval.client_id) != (caller.session, caller.client):
        raise Refused("handle_unknown")
    with transaction.atomic():
        _move("take", approval, at)
        made = activation.authorise(
            caller,
            approval.credential.public_id,
            digests(approval),
            at=at,
            description=bytes(approval.description or b"").decode(),
            labels=labels,
            sad=sad,
        )
        row = activation.find(made.sad)
        Approval.objects.filter(pk=approval.pk).update(activation=row)
        _log(
            approval,
            "signing.approval_taken",
            log.Actor("caller", caller.client_id),
            activation=str(row.public_id),
        )
    return made


def _move(name: str, approval: Approval, at: datetime, **values: object) -> None:
    """Conditional: of two that move at once one has it. Raises Refused("approval_unknown")."""
    move = _MOVES[name]
    rows = Approval.objects.filter(pk=approval.pk, state__in=move.sources, expires_at__gt=at)
    if rows.update(state=move.target, **values) != 1:
        raise Refused("approval_unknown" if name != "take" else "handle_unknown")


def _signer(approval: Approval) -> log.Actor:
    return log.Actor("signer", str(approval.credential.signer.public_id))


def _log(approval: Approval, kind: str, actor: log.Actor, **more: str) -> None:
    log.append(
        kind,
        actor=actor,
        subject=str(approval.credential.public_id),
        authority=approval.credential.authority,
        data={"approval": str(approval.public_id), "count": len(digests(approval)), **more},
    )
