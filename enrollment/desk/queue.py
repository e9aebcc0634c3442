"""The worklist's questions: how many cases in each state, since when they wait, which one is next (screens.md)."""

from datetime import datetime

from django.db.models import Count, F, Q, QuerySet

from enrollment.desk.access import reach
from enrollment.flow import State
from enrollment.models import Application
from staff.models import Officer

# Days since submission after which a case is marked; all authorities promise at least a month (CA-09).
CARE_DAYS, LATE_DAYS = 14, 28
OPEN = (State.SUBMITTED, State.IN_REVIEW, State.RECOMMENDED)
SHOWN = (*OPEN, State.RETURNED, State.APPROVED, State.ISSUING, State.ISSUED, State.REJECTED, State.WITHDRAWN)


def actionable(officer: Officer) -> QuerySet[Application]:
    """Cases on which this officer may act now, oldest first: unclaimed ones, their own, and others' recommendations."""
    examines = Q(authority__in=officer.authorities("EXAMINER"))
    approves = Q(authority__in=officer.authorities("APPROVER"))
    return (
        Application.objects.for_authorities(reach(officer))
        .awaiting_review()
        .filter(
            (examines & (Q(state=State.SUBMITTED) | Q(state=State.IN_REVIEW, claimed_by=officer)))
            | (approves & Q(state=State.RECOMMENDED) & ~Q(recommended_by=officer))
        )
        .order_by("submitted_at", "pk")
    )


def following(officer: Officer, case: Application | None = None) -> Application | None:
    """The oldest case that this officer may act on, other than `case`."""
    found = actionable(officer)
    return (found.exclude(pk=case.pk) if case else found).first()


def counted(cases: QuerySet[Application]) -> dict[State, int]:
    """State -> how many of these cases; states without a case are left out."""
    rows = cases.order_by().values_list("state").annotate(Count("pk", distinct=True))
    return {State(state): number for state, number in rows}


def with_cares(cases: QuerySet[Application]) -> QuerySet[Application]:
    """Adds `cares`: how many automatic checks of the present round ask for an officer's eye."""
    wanted = Q(findings__round=F("round")) & ~Q(findings__outcome="pass")
    return cases.annotate(cares=Count("findings", filter=wanted))


def age_mark(case: Application, at: datetime) -> tuple[int, str]:
    """Whole days since submission, and the mark: "wrong" from four weeks, "care" from two; none once it is decided."""
    if case.submitted_at is None:
        return 0, ""
    days = (at - case.submitted_at).days
    if case.state not in OPEN:
        return days, ""
    return days, "wrong" if days >= LATE_DAYS else "care" if days >= CARE_DAYS else ""
