"""A phone's end, and the way back from a wrong one: every move conditional, logged and told (law 2; ST-34).

Sources: seed 001 annex 2; form-rules BD-05, BD-08, BD-13, BD-15; NIST SP 800-63B on undoing a wrong binding.
The order of locks is the binding's: credential, link, phone, sessions.
"""

from datetime import datetime, timedelta

from django.db import transaction

from ledger import log
from outbox import jobs
from signing import flow
from signing.endings import Ended, end_sessions
from signing.errors import Refused
from signing.flow import Authenticator as Life
from signing.models import Authenticator, Credential, EnrollmentLink, Signer, SigningSession

UNDO = timedelta(hours=24)  # how long a replaced phone can be put back
BOUND = (Life.ACTIVE, Life.STOPPED)
_MOVES = {move.name: move for move in flow.AUTHENTICATOR_MOVES}


def current(credential: Credential) -> Authenticator | None:
    """The phone that is bound, be it stopped; the newest where there are two."""
    rows = Authenticator.objects.filter(credential=credential, state__in=BOUND)
    return rows.order_by("-bound_at", "-pk").first()


def current_of(signer: Signer) -> Authenticator | None:
    """The phone that is bound, whichever of the person's credentials it stands behind."""
    rows = Authenticator.objects.filter(credential__signer=signer, state__in=BOUND)
    return rows.select_related("credential__signer").order_by("-bound_at", "-pk").first()


def was_ever_bound(credential: Credential) -> bool:
    return Authenticator.objects.filter(credential=credential).exists()


def replace_all(credential: Credential, at: datetime) -> tuple[list[Authenticator], Ended]:
    """The phones before the one that is being bound in this transaction: dead at once, with their sessions.

    What ended with these is the caller's to record, last.
    """
    former = Authenticator.objects.filter(credential=credential, state__in=_MOVES["replace"].sources)
    old = list(former.order_by("pk"))
    ended = _end_days(old, at)
    for phone in old:
        _move("replace", phone, "signer", ended_at=at)
        _tell("signing.phone_replaced", phone, at)
    return old, ended


def name_successor(old: list[Authenticator], phone: Authenticator) -> None:
    """After the new phone's row stands: one phone is active at a time, by a database constraint."""
    Authenticator.objects.filter(pk__in=[each.pk for each in old]).update(replaced_by=phone)


def remove(credential: Credential, actor: log.Actor, reason: str, at: datetime) -> Authenticator:
    """Take the phone away and nothing else: it can no longer authenticate, its sessions die, the card still signs.

    Raises Refused: no_phone, actor_not_allowed.
    """
    with transaction.atomic():
        row = Credential.objects.select_for_update(no_key=True).get(pk=credential.pk)
        bound = list(Authenticator.objects.filter(credential=row, state__in=BOUND).order_by("pk"))
        if not bound:
            raise Refused("no_phone")
        _void_shown(row)
        for phone in bound:
            _remove(phone, actor, reason, at)
    return bound[-1]


def undo(credential: Credential, actor: log.Actor, at: datetime) -> Authenticator | None:
    """「登録した覚えがない」 within 24 hours: the new phone is dead, the one that it had replaced lives again.

    Gives the phone that lives again, None where there was none before. Raises Refused: no_phone, undo_too_late.
    """
    with transaction.atomic():
        row = Credential.objects.select_for_update(no_key=True).get(pk=credential.pk)
        newest = current(row)
        if newest is None:
            raise Refused("no_phone")
        if at >= newest.bound_at + UNDO:
            raise Refused("undo_too_late")
        _void_shown(row)
        _remove(newest, actor, "undone", at)
        former = Authenticator.objects.filter(replaced_by=newest, state=Life.REPLACED).order_by("-pk").first()
        if former is not None:
            # Behind the credential that stands: a renewal since has left the replaced phone behind (`succession`).
            _move("restore", former, actor.kind, ended_at=None, replaced_by=None, credential=row)
            former.credential = row
            _log("signing.phone_restored", former, actor, {})
    return former


def stop(phone: Authenticator, why: str, at: datetime) -> bool:
    """A copy of its key may be about (WebAuthn Level 3, section 6.1.1): it opens nothing more. False if it is dead."""
    with transaction.atomic():
        Credential.objects.select_for_update(no_key=True).get(pk=phone.credential_id)
        mine = Authenticator.objects.filter(pk=phone.pk, state__in=_MOVES["stop"].sources)
        if mine.update(state=Life.STOPPED, ended_at=at) != 1:
            return False
        _void_shown(phone.credential)
        ended = _end_days([phone], at)
        _tell("signing.phone_stopped", phone, at)
        _log("signing.phone_stopped", phone, log.SYSTEM, {"reason": why})
        ended.record()
    return True


def _void_shown(credential: Credential) -> None:
    """The phone may have asked for the QR code that is on some screen: it must not outlive the phone."""
    shown = EnrollmentLink.objects.filter(credential=credential, kind="shown", state=flow.Link.OPEN)
    shown.update(state=flow.Link.VOID, opened_digest=None, opened_until=None, shown_token=None)


def _remove(phone: Authenticator, actor: log.Actor, reason: str, at: datetime) -> None:
    ended = _end_days([phone], at)
    _move("remove", phone, actor.kind, ended_at=at)
    _tell("signing.phone_removed", phone, at)
    _log("signing.phone_removed", phone, actor, {"reason": reason})
    ended.record()


def _move(name: str, phone: Authenticator, actor: str, **changes: object) -> None:
    move = _MOVES[name]
    if actor not in move.actors:
        raise Refused("actor_not_allowed", move=name)
    rows = Authenticator.objects.filter(pk=phone.pk, state__in=move.sources)
    if rows.update(state=move.target, **changes) != 1:
        raise Refused("no_phone", move=name)


def _end_days(phones: list[Authenticator], at: datetime) -> Ended:
    return end_sessions(SigningSession.objects.filter(authenticator__in=phones), at)


def _tell(kind: str, phone: Authenticator, at: datetime) -> None:
    """A phone that was put back can end a second time, so the moment belongs to the mark."""
    mark = f"{kind}:{phone.public_id}:{at.timestamp():.0f}"
    jobs.enqueue(kind, str(phone.credential.public_id), dedupe=mark)


def _log(kind: str, phone: Authenticator, actor: log.Actor, data: dict[str, str | int | bool | None]) -> None:
    log.append(
        kind,
        actor=actor,
        subject=str(phone.credential.public_id),
        authority=phone.credential.authority,
        data={"authenticator": str(phone.public_id), **data},
    )
