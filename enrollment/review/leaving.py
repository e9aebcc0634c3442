"""Ten seconds after a word it leaves; until then its officer can take it back (decision 32).

What leaves: an approval's order (`issuance.order`), and what the applicant is told of a return or a rejection. Undo and
leaving lock the case's row and look at the same decision, so that nothing is told that was taken back.
"""

import uuid
from datetime import datetime
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction

from enrollment import moves, notices
from enrollment.errors import Refused
from enrollment.flow import Actor, State
from enrollment.models import Application, Decision, ReturnItem
from enrollment.review.claims import CLAIM
from enrollment.review.decisions import UNDO
from enrollment.review.officers import actor, locked
from ledger import clock
from staff.models import Officer

TOLD = {"returned": State.RETURNED, "rejected": State.REJECTED}


class Back(NamedTuple):
    """How one word is taken back: the state it left behind, the move, by whom, and whether the claim comes back."""

    state: State
    move: str
    by: Actor
    changes: dict[str, Any]
    is_claimed: bool = True


BACK = {
    "recommended": Back(State.RECOMMENDED, "take_back_word", Actor.EXAMINER, {"recommended_by": None}),
    "returned": Back(State.RETURNED, "take_back_word", Actor.EXAMINER, {"return_until": None}),
    "rejected": Back(
        State.REJECTED, "take_back_word", Actor.EXAMINER, {"rejected_by": None, "decided_at": None}
    ),
    "approved": Back(
        State.APPROVED, "take_back", Actor.APPROVER, {"approved_by": None, "decided_at": None}, False
    ),
}
# An approver's rejection of a recommended case leads back to where it stood.
OF_RECOMMENDED = Back(
    State.REJECTED,
    "take_back_rejection",
    Actor.APPROVER,
    {"rejected_by": None, "decided_at": None},
    False,
)


def _last(application: Application) -> Decision | None:
    found: Decision | None = application.decisions.filter(round=application.round).order_by("-pk").first()
    return found


def _way(application: Application, last: Decision) -> Back | None:
    if last.verdict == "rejected" and application.recommended_by_id is not None:
        return OF_RECOMMENDED
    return BACK.get(last.verdict)


def undoable(application: Application, officer: Officer, at: datetime) -> Decision | None:
    """The officer's own last word on the case, while it can be taken back."""
    last = _last(application)
    if last is None or last.officer_id != officer.pk or last.left_at or at >= last.decided_at + UNDO:
        return None
    way = _way(application, last)
    return last if way is not None and application.state == way.state else None


def take_back(application: Application, officer: Officer, at: datetime) -> None:
    """Undo one's own last word; raises Refused("not_now") when it has left, or somebody has acted since."""
    try:
        with transaction.atomic():
            locked(application)
            application.refresh_from_db()
            last = undoable(application, officer, at)
            way = None if last is None else _way(application, last)
            if last is None or way is None:
                raise Refused("not_now")
            if last.verdict == "returned":
                ReturnItem.objects.filter(application=application, round=application.round).delete()
            Decision.objects.create(
                application=application,
                round=application.round,
                verdict="taken_back",
                officer=officer,
                decided_at=at,
            )
            held = {"claimed_by": officer, "claimed_at": at, "claimed_until": at + CLAIM}
            moves.perform(
                way.move,
                application,
                by=way.by,
                actor=actor(officer),
                at=at,
                # whatever has changed the case since the word (the applicant's first correction too) keeps it
                guard={
                    "state": way.state,
                    "changed_at": last.decided_at,
                    "endorsed_by": application.endorsed_by_id,
                },
                changes={**way.changes, **(held if way.is_claimed else {})},
                data={"word": last.verdict},
            )
    except IntegrityError as broken:  # rejected, the person began another application (CA-13)
        raise Refused("not_now") from broken


def leave(subject: str) -> None:
    """`enrollment.decided`: the ten seconds of a return or a rejection are over, the applicant is told. Idempotent."""
    at = clock.now()
    application = Application.objects.select_related("applicant").get(public_id=uuid.UUID(subject))
    with transaction.atomic():
        locked(application)
        application.refresh_from_db()
        last = _last(application)
        if last is None or TOLD.get(last.verdict) != application.state or at < last.decided_at + UNDO:
            return  # taken back, answered already, or a later word's turn
        if not Decision.objects.filter(pk=last.pk, left_at=None).update(left_at=at):
            return
        application.applicant.refresh_from_db()
        if last.verdict == "rejected":
            notices.rejected(application, last.note)
        elif application.return_until is not None:
            items = application.return_items.filter(round=application.round).order_by("pk")
            notices.returned(
                application, [item.note or item.code for item in items], application.return_until
            )
