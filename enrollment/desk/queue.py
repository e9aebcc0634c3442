"""The worklist's questions: how many cases in each state, since when they wait, which one is next (screens.md)."""

from datetime import datetime

from django.db import connection
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from enrollment.desk.access import reach
from enrollment.flow import State
from enrollment.models import Application, Finding
from staff.models import Officer

# Days since submission after which a case is marked; all authorities promise at least a month (CA-09).
CARE_DAYS, LATE_DAYS = 14, 28
MOST_COUNTED = 1000
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
    """State -> how many of these cases, at most MOST_COUNTED; states without a case are left out.

    Nobody reads tens of thousands, and counting them on every look at the worklist would cost more than the page.
    """
    parts, given = [], []
    for state in SHOWN:
        few = cases.order_by().filter(state=state).values("pk")[:MOST_COUNTED]
        inner, params = few.query.sql_with_params()
        parts.append(f"SELECT %s, COUNT(*) FROM ({inner}) AS few")  # noqa: S608  (the ORM's SQL; values are parameters)
        given += [state.value, *params]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), given)
        return {State(state): number for state, number in cursor.fetchall() if number}


def with_cares(cases: QuerySet[Application]) -> QuerySet[Application]:
    """Adds `cares`: how many automatic checks of the present round ask for an officer's eye.

    A subquery of the rows that are shown, not a join: the page's own count would otherwise group every case.
    """
    wanted = Finding.objects.filter(application=OuterRef("pk"), round=OuterRef("round")).exclude(
        outcome="pass"
    )
    number = wanted.order_by().values("application").annotate(number=Count("pk")).values("number")
    return cases.annotate(cares=Coalesce(Subquery(number), 0))


def age_mark(case: Application, at: datetime) -> tuple[int, str]:
    """Whole days since submission, and the mark: "wrong" from four weeks, "care" from two; none once it is decided."""
    if case.submitted_at is None:
        return 0, ""
    days = (at - case.submitted_at).days
    if case.state not in OPEN:
        return days, ""
    return days, "wrong" if days >= LATE_DAYS else "care" if days >= CARE_DAYS else ""
