"""Issue, suspend, resume, revoke: the door for enrollment and for the signer's pages.

`issue` (signing.ordering) only orders; signing.issuance carries the order out. Every move is a conditional update
(law 2), and what a suspension or revocation ends, it ends in the same transaction (decision 11).
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from ledger.log import SYSTEM, Actor, append
from outbox import jobs
from signing import card_bindings, flow, issuing
from signing.errors import Refused
from signing.issuing import keys
from signing.models import Authenticator, CardBinding, Credential
from signing.ordering import AFFILIATION_CHANGED, SUPERSEDED, CredentialOrder, issue
from signing.standing import Standing, find
from signing.standing import of as standing
from signing.succession import end_everything, stop_successor, tell, void_links

__all__ = [
    "AFFILIATION_CHANGED",
    "REVOCATION_REASONS",
    "SUPERSEDED",
    "Credential",
    "CredentialOrder",
    "Facts",
    "Refused",
    "Standing",
    "active_of",
    "bind_card",
    "ended_before",
    "expire_due",
    "facts",
    "find",
    "hold",
    "issue",
    "line",
    "newest_of",
    "resume",
    "revoke",
    "standing",
    "suspend",
]

_REASON = re.compile(r"[a-z_]{1,32}")
# RFC 5280 section 5.3.1; a hold is our suspension and stands in no list.
REVOCATION_REASONS = (
    "unspecified",
    "key_compromise",
    "affiliation_changed",
    "superseded",
    "cessation_of_operation",
    "privilege_withdrawn",
)
_MOVES = {move.name: move for move in flow.CREDENTIAL_MOVES}


def suspend(
    credential: Credential, actor: Actor, reason: str, at: datetime, phone: Authenticator | None = None
) -> None:
    """Stop a living credential for now; its sessions and open SADs die. Raises Refused (see `_move`).

    `phone`: its signer did it in a session that this phone had opened, so that phone may lift it (`acts.stopped`).
    """
    with transaction.atomic():
        _move("suspend", credential, actor, reason, at, suspended_by=phone)
        ended = end_everything(credential, at)
        _each("signing.credential_suspended", credential)
        _log("suspended", credential, actor, reason)
        ended.record()


def resume(credential: Credential, actor: Actor, reason: str, at: datetime) -> None:
    """Let a suspended credential sign again; the person authenticates anew.

    Raises Refused: suspension_held to its signer while officers weigh its revocation, and see `_move`.
    """
    with transaction.atomic():
        _move("resume", credential, actor, reason, at, is_held=False)
        _each("signing.credential_resumed", credential)
        _log("resumed", credential, actor, reason)


def hold(credential: Credential, is_held: bool) -> None:
    """Whether only officers may lift this suspension; inside the transaction that records why.

    Raises Refused("credential_state") where there is no suspension to hold: its holder has lifted it meanwhile.
    """
    rows = Credential.objects.filter(pk=credential.pk, state=flow.Credential.SUSPENDED)
    if rows.update(is_held=is_held) != 1 and is_held:
        raise Refused("credential_state")


def revoke(credential: Credential, actor: Actor, reason: str, at: datetime) -> None:
    """End a credential for ever and have its CA's list renewed. `reason` is one of REVOCATION_REASONS.

    One that was ordered to succeed it is stopped. Raises Refused: reason_unknown, and see `_move`.
    """
    if reason not in REVOCATION_REASONS:
        raise Refused("reason_unknown")
    with transaction.atomic():
        _move("revoke", credential, actor, reason, at, revoked_at=at, revocation_reason=reason)
        void_links(credential)
        ended = end_everything(credential, at)
        CardBinding.objects.filter(credential=credential).update(is_living=False)
        if reason == "key_compromise":
            keys.block(credential, reason, at)
        stopped = stop_successor(credential, at)
        tell("signing.credential_revoked", credential)
        issuing.announce(credential)
        _log("revoked", credential, actor, reason, **({"stopped": stopped} if stopped else {}))
        ended.record()


def bind_card(
    credential: Credential | UUID,
    fingerprint: bytes,
    not_after: datetime | None,
    *,
    at: datetime,
    actor: Actor,
    replaces_all: bool = True,
) -> None:
    """Let a My Number Card open this credential's sessions; the former one stops at once (BD-03, BD-14).

    Raises Refused as `card_bindings.bind` does.
    """
    card_bindings.bind(credential, fingerprint, not_after, at=at, actor=actor, replaces_all=replaces_all)


def expire_due(at: datetime) -> int:
    """For the clock: credentials past their certificate's end; how many were moved.

    One whose successor is on its way keeps its cards and phones for it; a suspended one then waits for the successor,
    which takes the suspension over (`succession`).
    """
    living = (flow.Credential.ACTIVE, flow.Credential.SUSPENDED)
    succeeded = Exists(Credential.objects.filter(succeeds=OuterRef("pk"), state=flow.Credential.ORDERED))
    rows = Credential.objects.filter(state__in=living, not_after__lt=at).annotate(is_succeeded=succeeded)
    due = list(rows.exclude(state=flow.Credential.SUSPENDED, is_succeeded=True).order_by("pk")[:500])
    for credential in due:
        with transaction.atomic():
            _move("expire", credential, SYSTEM, "not_after", at)
            ended = end_everything(credential, at)
            tell("signing.credential_expired", credential)
            if not credential.is_succeeded:
                CardBinding.objects.filter(credential=credential).update(is_living=False)
            _log("expired", credential, SYSTEM, "not_after")
            ended.record()
    return len(due)


class Facts(NamedTuple):
    """What enrollment may know of a credential; nothing personal."""

    public_id: UUID
    applicant: UUID
    person_id: str
    authority: str
    qualification: str
    state: str
    serial: str
    not_before: datetime | None
    not_after: datetime | None
    reason: str
    succeeds: UUID | None
    has_phone: bool
    changed_at: datetime


def facts(public_id: UUID) -> Facts:
    """Raises Refused("credential_unknown")."""
    row = Credential.objects.select_related("signer", "succeeds").filter(public_id=public_id).first()
    if row is None:
        raise Refused("credential_unknown")
    return Facts(
        public_id=row.public_id,
        applicant=row.signer.applicant,
        person_id=row.signer.person_id,
        authority=row.authority,
        qualification=row.qualification,
        state=row.state,
        serial=row.serial or "",
        not_before=row.not_before,
        not_after=row.not_after,
        reason=row.revocation_reason,
        succeeds=row.succeeds.public_id if row.succeeds else None,
        has_phone=row.authenticators.filter(state=flow.Authenticator.ACTIVE).exists(),
        changed_at=row.changed_at,
    )


def line(public_id: UUID) -> list[UUID]:
    """This credential and those it succeeded, the first of all last: what was applied for once stands at its end."""
    found: list[UUID] = []
    row = Credential.objects.select_related("succeeds").filter(public_id=public_id).first()
    while row is not None:
        found.append(row.public_id)
        row = row.succeeds
    return found


def newest_of(public_id: UUID) -> UUID:
    """The credential that stands in this one's place today: the youngest successor that was not stopped."""
    standing = public_id
    while True:
        later = Credential.objects.filter(succeeds__public_id=standing, certificate__isnull=False)
        following = later.order_by("-pk").values_list("public_id", flat=True).first()
        if following is None:
            return standing
        standing = following


def active_of(person_id: str, authority: str, qualification: str) -> UUID | None:
    """The certificate that signs for this holder of an HPKI card (BD-08): same 本人ID, authority and qualification."""
    rows = Credential.objects.filter(
        signer__person_id=person_id,
        authority=authority,
        qualification=qualification,
        state=flow.Credential.ACTIVE,
    )
    return rows.values_list("public_id", flat=True).first() if person_id else None


def ended_before(moment: datetime, public_ids: Iterable[UUID]) -> list[UUID]:
    """Those of these credentials whose validity ended before the moment, revoked early or not, and whose successors'
    did too: the evidence of an application is the evidence of every certificate that follows from it.
    """
    rows = Credential.objects.filter(public_id__in=list(public_ids), not_after__lt=moment)
    found = dict(rows.values_list("pk", "public_id"))
    roots = {pk: pk for pk in found}  # a credential of the line -> the one that was asked for
    while roots:
        later = Credential.objects.filter(succeeds__in=roots)
        following: dict[int, int] = {}
        for pk, former, state, not_after in later.values_list("pk", "succeeds_id", "state", "not_after"):
            following[pk] = roots[former]
            if state == flow.Credential.ORDERED or (not_after is not None and not_after >= moment):
                found.pop(roots[former], None)
        roots = following
    return list(found.values())


def _move(
    name: str, credential: Credential, actor: Actor, reason: str, at: datetime, **changes: object
) -> None:
    """Refused: reason_malformed, actor_not_allowed, credential_state (it is not in a state this move starts from)."""
    move = _MOVES[name]
    if not _REASON.fullmatch(reason):
        raise Refused("reason_malformed")
    if actor.kind not in move.actors:
        raise Refused("actor_not_allowed", move=name)
    rows = Credential.objects.filter(pk=credential.pk, state__in=move.sources)
    if name == "resume" and actor.kind == flow.Actor.SIGNER:
        if rows.filter(is_held=True).exists():
            raise Refused("suspension_held")
        rows = rows.filter(is_held=False)
    if rows.update(state=move.target, changed_at=at, **changes) != 1:
        raise Refused("credential_state", move=name)
    credential.refresh_from_db()


def _each(kind: str, credential: Credential) -> None:
    """A suspension may come again and again; each is told, once, because the move happens once."""
    jobs.enqueue(kind, str(credential.public_id))


def _log(what: str, credential: Credential, actor: Actor, reason: str, **more: str) -> None:
    append(
        f"signing.credential_{what}",
        actor=actor,
        subject=str(credential.public_id),
        authority=credential.authority,
        data={"reason": reason, **more},
    )
