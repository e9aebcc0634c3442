"""Which moves this officer may make on this case now: a button exists only if the table has a row for it."""

from collections.abc import Callable
from datetime import datetime

from enrollment import flow
from enrollment.flow import Actor, State
from enrollment.models import Application
from enrollment.review import is_silent
from staff.models import Officer

ROLES = {Actor.EXAMINER: "EXAMINER", Actor.APPROVER: "APPROVER"}


def _holds_claim(case: Application, officer: Officer, at: datetime) -> bool:
    return case.claimed_by_id == officer.pk


def _is_second(case: Application, officer: Officer, at: datetime) -> bool:
    return officer.pk not in (case.recommended_by_id, case.endorsed_by_id)


def _may_take_over(case: Application, officer: Officer, at: datetime) -> bool:
    return not _holds_claim(case, officer, at) and is_silent(case, at)


def _may_reject(case: Application, officer: Officer, at: datetime) -> bool:
    if case.rejection_proposed_by_id == officer.pk:
        return False  # somebody else makes it so (decision 6)
    if case.state == State.RECOMMENDED:
        return officer.holds("APPROVER", case.authority)
    return _holds_claim(case, officer, at) and officer.holds("EXAMINER", case.authority)


# Rows that no button names: `review.approve` and `review.reject` choose by the authority's number of officers, and
# `review.take_back` by what was said.
CHOSEN = ("endorse", "propose_rejection", "take_back", "take_back_word", "take_back_rejection")
CONDITIONS: dict[str, Callable[[Application, Officer, datetime], bool]] = {
    "take_over": _may_take_over,
    "release": _holds_claim,
    "return_to_applicant": _holds_claim,
    "recommend": _holds_claim,
    "approve": _is_second,
    "reject": _may_reject,
}


def offers(case: Application, officer: Officer, at: datetime) -> tuple[str, ...]:
    """Names of moves, in the order of the table."""
    return tuple(
        row.name
        for row in flow.MOVES
        if case.state in row.sources
        and row.name not in CHOSEN
        and any(officer.holds(role, case.authority) for actor, role in ROLES.items() if actor in row.actors)
        and (row.name not in CONDITIONS or CONDITIONS[row.name](case, officer, at))
    )


def may_erase(case: Application, officer: Officer, at: datetime) -> bool:
    """Whether this officer may erase a file on which a My Number is visible (PH-13)."""
    return (
        case.state == State.IN_REVIEW
        and _holds_claim(case, officer, at)
        and officer.holds("EXAMINER", case.authority)
    )


def obstacle(case: Application, officer: Officer, at: datetime) -> str:
    """Why there is nothing to decide here now, as a code for the page; "" when there is something."""
    if offers(case, officer, at):
        return ""
    if case.state == State.IN_REVIEW:
        return "claimed_by_other"
    if case.state == State.RECOMMENDED and officer.holds("APPROVER", case.authority):
        return "same_officer" if case.recommended_by_id == officer.pk else "endorsed_by_you"
    if case.state in (State.SUBMITTED, State.RECOMMENDED):
        return "not_your_role"
    return "closed"
