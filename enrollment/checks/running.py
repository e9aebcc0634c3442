"""The life of one automatic check: asked, taken, found or put off, given up, asked again (RV-5).

A worker may die at any point, and a job may come twice: each step is one conditional update, only the last who took
a check writes what was found, and the finding is one row. The tries that could not be done are counted here and not in
the outbox, so that the last one ends in a finding; a job that the outbox gave up is found by the clock.
"""

import logging
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models import F, QuerySet

from enrollment import flow, signed, statement
from enrollment.checks.asking import ERROR, FAIL, Away, Case, Result, Said
from enrollment.checks.table import CHECKS
from enrollment.errors import Refused
from enrollment.flow import Actor, State
from enrollment.models import Application, CheckRun, Finding
from enrollment.problems import gettext_noop as _
from ledger import clock, log
from outbox import jobs
from outbox.models import Job

logger = logging.getLogger(__name__)
KIND = "enrollment.check"
SYSTEM = log.Actor("system", "checks")
IN_REVIEW = (State.SUBMITTED, State.IN_REVIEW, State.RECOMMENDED)
# Half a minute, two, eight, half an hour, an hour: a list that is fetched hourly has come by then.
FIRST_WAIT, LONGEST_WAIT, MOST_TRIES = timedelta(seconds=30), timedelta(hours=1), 6
FRESH = timedelta(hours=1)  # "at this hour": an approval asks again where the answer is older
BETWEEN_REQUESTS = timedelta(minutes=1)
STUCK_AFTER = timedelta(minutes=15)
BROKEN = _("確認の処理で障害が起きました。")


def _move(name: str, runs: QuerySet[CheckRun], **changes: Any) -> bool:
    row = flow.CHECK_MOVE[name]
    return runs.filter(state__in=row.sources).update(state=row.target, **changes) == 1


def _job(run: CheckRun, authority: str, turn: int, due: datetime) -> None:
    """One job for each turn: a repeated cause writes none twice."""
    jobs.enqueue(
        KIND,
        str(run.public_id),
        queue=settings.REVIEW_QUEUES[authority],
        dedupe=f"check:{run.public_id}:{turn}:{due.isoformat()}",
        run_after=due,
    )


# --- asked --------------------------------------------------------------------------------------------------------


def plan(subject: str) -> None:
    """`enrollment.submitted`: a row and a job for each check of the newest round; a repeat adds nothing."""
    at = clock.now()
    application = Application.objects.get(public_id=uuid.UUID(subject))
    if signed.newest(application) is None or application.state not in IN_REVIEW:
        return  # withdrawn or decided in the meantime
    with transaction.atomic():
        for name in CHECKS:
            _planned(application, name, at)


def _planned(application: Application, name: str, at: datetime) -> CheckRun:
    run, is_new = CheckRun.objects.get_or_create(
        application=application, round=application.round, check_name=name, defaults={"due_at": at}
    )
    if is_new:
        _job(run, application.authority, 0, at)
    return run


def ask_again(application: Application, name: str, *, by: Actor, actor: log.Actor, at: datetime) -> None:
    """An officer wants one check done again; one that waits for its hour is done now.

    Raises Refused: not_now (it is being done, or the case is not in review), asked_lately (a minute between two).
    """
    if name not in CHECKS or by not in flow.CHECK_MOVE["ask_again"].actors:
        raise Refused("not_yours")
    with transaction.atomic():
        case = Application.objects.select_for_update().get(pk=application.pk)
        if case.state not in IN_REVIEW:
            raise Refused("not_now")
        run, is_new = CheckRun.objects.get_or_create(
            application=case, round=case.round, check_name=name, defaults={"due_at": at, "asked_at": at}
        )
        if not is_new:
            mine = CheckRun.objects.filter(pk=run.pk)
            if mine.filter(asked_at__gt=at - BETWEEN_REQUESTS).exists():
                raise Refused("asked_lately")
            if not _move("ask_again", mine, attempts=0, reason="", due_at=at, asked_at=at):
                raise Refused("not_now")
        _job(run, case.authority, run.turn, at)
        log.append(
            "application.check_asked",
            actor=actor,
            subject=str(case.public_id),
            authority=case.authority,
            data={"check": name, "round": case.round},
        )


# --- done ---------------------------------------------------------------------------------------------------------


def carry_out(subject: str) -> None:
    """`enrollment.check`: do one check, if it is due and nobody has done it."""
    at = clock.now()
    run = (
        CheckRun.objects.select_related("application__applicant")
        .filter(public_id=uuid.UUID(subject), due_at__lte=at)
        .first()
    )
    if run is None or not _taken(run):
        return
    case = _case(run, at)
    if case is None:
        _move("drop", CheckRun.objects.filter(pk=run.pk, turn=run.turn))
        return
    try:
        result = CHECKS[run.check_name].ask(case)
    except DatabaseError:
        raise  # nothing can be written either: the outbox tries again
    except Away as away:
        _put_off(run, away.reason, at)
    except Exception as problem:
        logger.error("check %s of %s failed: %s", run.check_name, run.public_id, jobs.where(problem))
        _put_off(run, BROKEN, at)
    else:
        _close("finish", run, result, at)


def _taken(run: CheckRun) -> bool:
    """This turn is ours: of several at the same moment one, and of a dead worker's the next."""
    mine = CheckRun.objects.filter(pk=run.pk, turn=run.turn)
    if not _move("take", mine, turn=F("turn") + 1):
        return False
    run.turn += 1
    return True


def _case(run: CheckRun, at: datetime) -> Case | None:
    """None where nobody asks any more: decided, withdrawn, or handed in anew."""
    application = run.application
    row = signed.newest(application)
    is_asked = application.state in IN_REVIEW and run.round == application.round
    if row is None or not is_asked or run.check_name not in CHECKS:
        return None
    return Case(application, row, statement.read(row.content), at)


def _put_off(run: CheckRun, reason: str, at: datetime) -> None:
    """It could not be done now: once more later, and after the last try a finding with what to do by hand."""
    if run.attempts + 1 >= MOST_TRIES:
        _give_up(run, reason, at)
        return
    due = at + min(FIRST_WAIT * 4**run.attempts, LONGEST_WAIT)
    with transaction.atomic():
        mine = CheckRun.objects.filter(pk=run.pk, turn=run.turn)
        if _move("put_off", mine, attempts=F("attempts") + 1, reason=reason, due_at=due):
            _job(run, run.application.authority, run.turn, due)


def _give_up(run: CheckRun, reason: str, at: datetime) -> None:
    by_hand = CHECKS[run.check_name].by_hand if run.check_name in CHECKS else ""
    said = [Said(text) for text in (reason or BROKEN, by_hand) if text]
    _close("give_up", run, Result(ERROR, said), at)


def _close(move: str, run: CheckRun, result: Result, at: datetime) -> None:
    """The finding, with the move that allows it: a turn that somebody else has taken since writes nothing."""
    with transaction.atomic():
        if not _move(move, CheckRun.objects.filter(pk=run.pk, turn=run.turn), reason=""):
            return
        CheckRun.objects.filter(pk=run.pk, closed_at=None).update(closed_at=at)
        Finding.objects.update_or_create(
            application=run.application,
            round=run.round,
            check_name=run.check_name,
            defaults={
                "outcome": result.outcome,
                "line": CHECKS[run.check_name].line if run.check_name in CHECKS else "",
                "detail": " ".join(str(said) for said in result.said),
                "parts": [said.stored() for said in result.said],
                "found_at": at,
            },
        )
        log.append(
            "application.checked",
            actor=SYSTEM,
            subject=str(run.application.public_id),
            authority=run.application.authority,
            data={"check": run.check_name, "outcome": result.outcome, "round": run.round},
        )


def give_up_stuck(at: datetime) -> int:
    """The clock's part: checks whose job the outbox has given up (its workers died of it). Returns how many."""
    overdue = CheckRun.objects.filter(state__in=flow.CHECK_OPEN, due_at__lt=at - STUCK_AFTER)
    runs = {str(run.public_id): run for run in overdue.select_related("application")[:500]}
    open_jobs = Job.objects.filter(kind=KIND, subject__in=runs, state__in=(Job.State.READY, Job.State.LEASED))
    alive = set(open_jobs.values_list("subject", flat=True))
    stuck = [run for public_id, run in runs.items() if public_id not in alive]
    for run in stuck:
        _give_up(run, run.reason, at)
    return len(stuck)


# --- asked by a decision ------------------------------------------------------------------------------------------


def require_fresh(application: Application, at: datetime) -> None:
    """Before an approval: signature and revocation as they are at this hour, asked now where the answer is older.

    Raises Refused: signature_fails, or revocation_unknown, which only the demo lets pass (decision 27).
    """
    found = _signature(application)
    if found is None or found.outcome == ERROR or found.found_at <= at - FRESH:
        _ask_now(application, "jpki_signature", at)
        found = _signature(application)
    if found is not None and found.outcome == FAIL:
        raise Refused("signature_fails")
    is_known = found is not None and found.outcome != ERROR and found.found_at > at - FRESH
    if not is_known and not settings.IS_DEMO:
        raise Refused("revocation_unknown")


def _signature(application: Application) -> Finding | None:
    return Finding.objects.filter(
        application=application, round=application.round, check_name="jpki_signature"
    ).first()


def _ask_now(application: Application, name: str, at: datetime) -> None:
    """In this very process; the job that goes with it finds nothing left to do."""
    with transaction.atomic():
        run = _planned(application, name, at)
        _move("ask_again", CheckRun.objects.filter(pk=run.pk), attempts=0, reason="", due_at=at)
        _job(run, application.authority, run.turn, at)
    carry_out(str(run.public_id))


def run_all(subject: str) -> Mapping[str, str]:
    """Every check of the newest round, here and now, also those that are done: name -> outcome. For tests and bench."""
    plan(subject)
    application = Application.objects.get(public_id=uuid.UUID(subject))
    for name in CHECKS:
        _ask_now(application, name, clock.now())
    rows = Finding.objects.filter(application=application, round=application.round)
    return dict(rows.values_list("check_name", "outcome"))
