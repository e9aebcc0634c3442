"""Who has a case in hand: one officer at a time, for as long as they are at work (RV-1).

A claim runs out a quarter of an hour after the officer's last sign: an act, a look, a beat of an open page. Whoever
has given no sign for three minutes is silent: a colleague may take the case over, after reading who holds it and since
when. Nobody takes a case from an officer who is at work on it.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from enrollment import moves
from enrollment.errors import Refused
from enrollment.flow import Actor, State
from enrollment.models import Application, TakeOver
from enrollment.review.officers import actor, require
from ledger import log
from staff.models import Officer

CLAIM = timedelta(minutes=15)
SILENT = timedelta(minutes=3)
_FRESH = timedelta(seconds=30)  # a sign so soon after the last one writes nothing
FREE = {"claimed_by": None, "claimed_at": None, "claimed_until": None}


def _held(officer: Officer, at: datetime) -> dict[str, object]:
    return {"claimed_by": officer, "claimed_at": at, "claimed_until": at + CLAIM}


def is_silent(application: Application, at: datetime) -> bool:
    """Whether the holder has given no sign for so long that the case may be taken over."""
    until = application.claimed_until
    return application.state == State.IN_REVIEW and (until is None or until < at + CLAIM - SILENT)


def claim(application: Application, officer: Officer, at: datetime) -> None:
    """Take a case that nobody has in hand."""
    require(officer, application, "EXAMINER")
    moves.perform(
        "claim",
        application,
        by=Actor.EXAMINER,
        actor=actor(officer),
        at=at,
        changes=_held(officer, at),
    )


def take_over(
    application: Application, officer: Officer, former: Officer, since: datetime | None, at: datetime
) -> None:
    """Take the case from a colleague who is silent; `former` and `since` are what the officer has read and confirmed.

    The former holder is told at their next act. Raises Refused("not_now") when anything of it has changed.
    """
    require(officer, application, "EXAMINER")
    if former == officer:
        raise Refused("not_now")
    with transaction.atomic():
        TakeOver.objects.create(
            application=application, former=former, officer=officer, claimed_at=since, taken_at=at
        )
        moves.perform(
            "take_over",
            application,
            by=Actor.EXAMINER,
            actor=actor(officer),
            at=at,
            guard={"claimed_by": former, "claimed_at": since, "claimed_until__lt": at + CLAIM - SILENT},
            changes=_held(officer, at),
            data={"former": str(former.public_id)},
        )


def stay(officer: Officer, at: datetime) -> int:
    """The officer is at work: none of their claims runs out for another quarter of an hour. Returns how many they hold.

    One statement however many they hold. A row that somebody else has in hand at this moment is passed over: another
    page's beat keeps it already, or a decision ends the claim; so two pages that beat at once never wait for each
    other. No claim that was lost comes back, and whoever has lost the role keeps none.
    """
    mine = Application.objects.filter(
        claimed_by=officer, state=State.IN_REVIEW, authority__in=officer.authorities("EXAMINER")
    )
    held = list(mine.values_list("claimed_until", flat=True))
    if any(until is None or until < at + CLAIM - _FRESH for until in held):
        with transaction.atomic():
            ours = mine.filter(Q(claimed_until__lt=at + CLAIM) | Q(claimed_until=None))
            free = ours.order_by().select_for_update(skip_locked=True, no_key=True).values("pk")
            ours.filter(pk__in=free).update(claimed_until=at + CLAIM)
    return len(held)


def release(application: Application, officer: Officer, at: datetime) -> None:
    """Put the case back into the worklist."""
    moves.perform(
        "release",
        application,
        by=Actor.EXAMINER,
        actor=actor(officer),
        at=at,
        guard={"claimed_by": officer},
        changes=FREE,
    )


def release_lapsed(at: datetime) -> int:
    """The clock's part: claims that ran out go back into the worklist. Returns how many."""
    lapsed = Application.objects.filter(state=State.IN_REVIEW, claimed_until__lt=at)
    count = 0
    for application in lapsed.iterator():
        try:
            moves.perform(
                "release",
                application,
                by=Actor.SYSTEM,
                actor=log.Actor("system", "clock"),
                at=at,
                guard={"claimed_until__lt": at},
                changes=FREE,
            )
        except Refused:
            continue  # somebody acted on it in the meantime
        count += 1
    return count
