"""The worklist's questions: which cases, how many in each state, which one is next (RV-1; screens.md).

Each question is put together of small ones, one for each authority and state, that an index answers by itself; so a
page costs the same with a hundred applications and with a million. Nothing is counted beyond what anybody reads.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from enrollment import authorities
from enrollment.desk import credential
from enrollment.desk.access import reach
from enrollment.desk.worklist.filters import CARE_DAYS, LATE_DAYS, OPEN, SHOWN, Filter
from enrollment.flow import State
from enrollment.models import Application, Finding
from ledger import clock
from ledger.clock import civil_months_later
from staff.models import Officer

MOST_COUNTED = 1000  # of the work that waits; of what is over, MOST_OVER
MOST_OVER = 100
PAGE = 50
Cases = QuerySet[Application]


class Page(NamedTuple):
    """`older` and `newer`: whether the list goes on before the first and behind the last row."""

    rows: list[Application]
    has_before: bool = False
    has_after: bool = False


def actionable(officer: Officer) -> Cases:
    """Cases on which this officer may act now, oldest first: unclaimed ones, their own, and others' recommendations."""
    cases = Application.objects.for_authorities(reach(officer)).awaiting_review()
    found = Q(pk__in=[])
    for part in _turns(officer):
        found |= part
    return cases.filter(found).order_by("submitted_at", "pk")


def _turns(officer: Officer) -> list[Q]:
    """What is this officer's turn, each part of one state: never a word that another officer has to say."""
    return [
        *(
            part & Q(authority=authority)
            for authority in sorted(officer.authorities("EXAMINER"))
            for part in (
                Q(state=State.IN_REVIEW, claimed_by=officer),
                Q(state=State.SUBMITTED) & ~Q(rejection_proposed_by=officer),
            )
        ),
        *(
            Q(authority=authority, state=State.RECOMMENDED)
            & ~Q(recommended_by=officer)
            & ~Q(endorsed_by=officer)
            for authority in sorted(officer.authorities("APPROVER"))
        ),
    ]


def following(officer: Officer, case: Application | None = None) -> Application | None:
    """The case to go on with, other than `case`: one's own claims first, then the oldest."""
    others = Application.objects.exclude(pk=case.pk) if case else Application.objects.all()
    parts = [others.filter(part) for part in _turns(officer)]
    mine = [others.filter(claimed_by=officer, state=State.IN_REVIEW, authority__in=reach(officer))]
    keys = _keys(mine, most=1) or _keys(parts, most=1)
    return Application.objects.filter(pk=keys[0]).first() if keys else None


def _keys(parts: Sequence[Cases], *, most: int, newest: bool = False) -> list[int]:
    """The first `most` keys of all parts together, by time of submission."""
    if not parts:
        return []
    inner: list[str] = []
    given: list[str | int] = []
    order = ("-submitted_at", "-pk") if newest else ("submitted_at", "pk")
    for place, part in enumerate(parts):
        sql, params = part.order_by(*order).values("submitted_at", "id")[:most].query.sql_with_params()
        inner.append(f"SELECT * FROM ({sql}) AS p{place}")  # noqa: S608  (the ORM's own SQL; values are parameters)
        given += params
    way = "DESC" if newest else "ASC"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM ({' UNION ALL '.join(inner)}) AS found "  # noqa: S608
            f"ORDER BY submitted_at {way}, id {way} LIMIT {most}",
            given,
        )
        return [row[0] for row in cursor.fetchall()]


def _parts(wanted: Filter, reached: Collection[str], officer: Officer, at: datetime) -> list[Cases]:
    """One question for each authority and state that the filter asks for."""
    more = Q()
    if wanted.qualification:
        more &= Q(qualification=wanted.qualification)
    if wanted.hold:
        more &= Q(claimed_by=officer) if wanted.hold == "mine" else Q(claimed_by=None)
    if wanted.number:
        more &= Q(receipt_number__startswith=wanted.number)
    before = wanted.born_before(at)
    if before is not None:
        more &= Q(submitted_at__lte=before)
    # every move out of IN_REVIEW ends the claim: a million closed cases need not be asked whose they are
    states = [state for state in wanted.states if wanted.hold != "mine" or state == State.IN_REVIEW]
    return [
        Application.objects.filter(more, authority=authority, state=state)
        for authority in sorted(reached)
        if wanted.authority in ("", authority)
        for state in states
    ]


def page(
    wanted: Filter,
    officer: Officer,
    at: datetime,
    *,
    after: Application | None = None,
    before: Application | None = None,
    most: int = PAGE,
) -> Page:
    """One page by key: the rows behind `after`, or before `before`, in the filter's order."""
    parts = _parts(wanted, reach(officer), officer, at)
    backwards, edge = before is not None, before or after
    newest = (wanted.order == "newest") is not backwards
    if edge is not None and edge.submitted_at is not None:
        parts = [part.filter(_beyond(edge.submitted_at, edge.pk, newest=newest)) for part in parts]
    keys = _keys(parts, most=most + 1, newest=newest)
    has_more, keys = len(keys) > most, keys[:most]
    if backwards:
        keys.reverse()
    shown = credential.with_alarms(with_cares(Application.objects.filter(pk__in=keys)))
    found = {row.pk: row for row in shown}
    rows = [found[key] for key in keys if key in found]
    if backwards:
        return Page(rows, has_before=has_more, has_after=True)
    return Page(rows, has_before=edge is not None, has_after=has_more)


def _beyond(moment: datetime, key: int, *, newest: bool) -> Q:
    # the first half lets the index begin at the right place; the second knows rows of the same moment apart
    if newest:
        return Q(submitted_at__lte=moment) & (Q(submitted_at__lt=moment) | Q(pk__lt=key))
    return Q(submitted_at__gte=moment) & (Q(submitted_at__gt=moment) | Q(pk__gt=key))


def counted(reached: Iterable[str]) -> dict[tuple[str, State], int]:
    """(authority, state) -> how many, up to what anybody reads; those without a case are left out. One query."""
    parts, given = [], []
    for authority in sorted(reached):
        for state in SHOWN:
            few = Application.objects.filter(authority=authority, state=state).order_by().values("state")
            sql, params = few[: most_counted(state)].query.sql_with_params()
            parts.append(f"SELECT %s, %s, COUNT(*) FROM ({sql}) AS few")  # noqa: S608  (values are parameters)
            given += [authority, state.value, *params]
    if not parts:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), given)
        return {(authority, State(state)): number for authority, state, number in cursor.fetchall() if number}


def most_counted(state: State) -> int:
    return MOST_COUNTED if state in (*OPEN, State.RETURNED) else MOST_OVER


def with_cares(cases: Cases) -> Cases:
    """Adds `cares`: how many automatic checks of the present round ask for an officer's eye."""
    wanted = Finding.objects.filter(application=OuterRef("pk"), round=OuterRef("round")).exclude(
        outcome="pass"
    )
    number = wanted.order_by().values("application").annotate(number=Count("pk")).values("number")
    return cases.select_related("claimed_by").annotate(cares=Coalesce(Subquery(number), 0))


def age_mark(case: Application, at: datetime) -> tuple[int, str]:
    """Whole days since submission, and the mark: "wrong" from four weeks, "care" from two; none once it is decided."""
    if case.submitted_at is None:
        return 0, ""
    days = (at - case.submitted_at).days
    if case.state not in OPEN:
        return days, ""
    return days, "wrong" if days >= LATE_DAYS else "care" if days >= CARE_DAYS else ""


def answer_due(case: Application) -> date | None:
    """The day on which the authority's own text lets the first of its applicants expect an answer (CA-09)."""
    if case.submitted_at is None or case.state not in OPEN:
        return None
    day = clock.today(case.submitted_at)
    return civil_months_later(day, authorities.waiting_months(case.authority, True, day))
