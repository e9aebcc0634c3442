"""The words that decide: return, recommend, send back, approve, take back, reject (decisions 6, 32; RV-3).

An approval takes two officers at least, always different people; one may reject. An authority's row can add a third
to approvals (who endorses between) and a second to rejections (the first one's word is a proposal, and the case goes
back into the worklist for somebody else). The database holds both, whoever writes to it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import IntegrityError, transaction

from enrollment import checks, moves, registrations, signed
from enrollment.errors import Refused
from enrollment.flow import Actor, State
from enrollment.models import Application, Decision, ErasedFile, ReturnItem
from enrollment.review import sheets
from enrollment.review.claims import FREE
from enrollment.review.officers import actor, locked, require
from ledger.clock import end_of_day, today
from staff.models import Officer

UNDO = timedelta(seconds=10)  # a decision leaves after ten seconds (decision 32)
DAYS_TO_CORRECT = 30  # ST-32; the day of sending is not counted, the last one ends at 24:00 JST


class Correction(NamedTuple):
    """One field or file that the applicant must correct, with a coded reason and a free note."""

    step: str
    field: str
    code: str
    note: str


class Checked(NamedTuple):
    """A filled checklist as it stands beside a decision for ever."""

    answers: Mapping[str, str] = {}
    notes: Mapping[str, str] = {}
    version: str = ""


def _decide(
    application: Application,
    officer: Officer,
    verdict: str,
    note: str,
    at: datetime,
    checked: Checked = Checked(),  # noqa: B008  (a NamedTuple is never changed)
    reason: str = "",
) -> None:
    Decision.objects.create(
        application=application,
        round=application.round,
        verdict=verdict,
        officer=officer,
        note=note,
        reason=reason,
        checklist=dict(checked.answers),
        checklist_version=checked.version,
        line_notes=dict(checked.notes),
        decided_at=at,
    )


def _checked(
    application: Application, answers: Mapping[str, str], notes: Mapping[str, str] | None
) -> Checked:
    """With the case's row locked: nothing of the sheet is open, and it is frozen with its version."""
    version = sheets.require_settled(application, answers, notes)
    return Checked(answers, notes or {}, version)


def return_to_applicant(
    application: Application, officer: Officer, corrections: Sequence[Correction], at: datetime
) -> None:
    """再提出依頼 (ST-14, ST-32): only the named fields open again, for thirty days."""
    require(officer, application, "EXAMINER")
    if not corrections:
        raise Refused("nothing_to_correct")
    until = end_of_day(today(at) + timedelta(days=DAYS_TO_CORRECT))
    with transaction.atomic():
        locked(application)
        ReturnItem.objects.bulk_create(
            ReturnItem(application=application, round=application.round, **item._asdict())
            for item in corrections
        )
        sheet = sheets.of(application, officer)
        checked = Checked(sheet.answers, sheet.notes, sheets.asked(application).version)
        _decide(application, officer, "returned", "", at, checked)
        moves.perform(
            "return_to_applicant",
            application,
            by=Actor.EXAMINER,
            actor=actor(officer),
            at=at,
            guard={"claimed_by": officer},
            changes={**FREE, "return_until": until, "rejection_proposed_by": None},
            news=[moves.News("enrollment.decided", run_after=at + UNDO)],
            data={"fields": len(corrections)},
        )


def _require_whole(application: Application) -> None:
    """Inside the transaction of a word, with the case's row locked: an erasure in another tab is before or after it."""
    locked(application)
    if ErasedFile.objects.filter(application=application, round=application.round).exists():
        raise Refused("file_erased")


def recommend(
    application: Application,
    officer: Officer,
    note: str,
    checklist: Mapping[str, str],
    at: datetime,
    line_notes: Mapping[str, str] | None = None,
) -> None:
    """The first officer's word; the case then waits for another one."""
    require(officer, application, "EXAMINER")
    signed.require_intact(application)
    with transaction.atomic():
        sheets.require_turn(application, officer)
        _require_whole(application)
        checked = _checked(application, checklist, line_notes)
        _decide(application, officer, "recommended", note, at, checked)
        moves.perform(
            "recommend",
            application,
            by=Actor.EXAMINER,
            actor=actor(officer),
            at=at,
            guard={"claimed_by": officer},
            changes={**FREE, "recommended_by": officer, "rejection_proposed_by": None},
            data={"checklist": checked.version},
        )


def send_back(application: Application, officer: Officer, note: str, at: datetime) -> None:
    """The second officer wants it looked at again: by whoever claims it, on an empty sheet."""
    require(officer, application, "APPROVER")
    with transaction.atomic():
        locked(application)
        _decide(application, officer, "sent_back", note, at)
        moves.perform(
            "send_back",
            application,
            by=Actor.APPROVER,
            actor=actor(officer),
            at=at,
            changes={"recommended_by": None, "endorsed_by": None},
        )
        sheets.forget(application)


def approve(
    application: Application,
    officer: Officer,
    note: str,
    checklist: Mapping[str, str],
    at: datetime,
    line_notes: Mapping[str, str] | None = None,
) -> None:
    """The second officer's word; after ten seconds the order leaves, until then it can be taken back.

    Where the authority asks for three, the second one's word endorses, and the case waits for the third.
    """
    require(officer, application, "APPROVER")
    if application.state != State.RECOMMENDED:
        raise Refused("not_now")  # before the signature is asked about again: a refusal changes nothing
    if officer.pk in (application.recommended_by_id, application.endorsed_by_id):
        raise Refused("same_officer")
    signed.require_intact(application)
    checks.require_fresh(application, at)
    is_last = application.approvals_needed == 2 or application.endorsed_by_id is not None
    try:
        with transaction.atomic():
            sheets.require_turn(application, officer)
            _require_free(application)
            _require_whole(application)
            checked = _checked(application, checklist, line_notes)
            _decide(application, officer, "approved" if is_last else "endorsed", note, at, checked)
            (_grant if is_last else _endorse)(application, officer, at, checked.version)
    except IntegrityError as broken:
        raise Refused(_which_constraint(broken)) from broken


def _require_free(application: Application) -> None:
    """No order of a card holder has been granted for the same number (BD-12); its row is locked until the commit."""
    number = (application.qualification, application.registration_number)
    registrations.lock(*number)
    if registrations.is_granted_to_an_order(*number):
        raise Refused("already_granted")


def _grant(application: Application, officer: Officer, at: datetime, version: str) -> None:
    moves.perform(
        "approve",
        application,
        by=Actor.APPROVER,
        actor=actor(officer),
        at=at,
        guard={"recommended_by": application.recommended_by_id, "endorsed_by": application.endorsed_by_id},
        changes={"approved_by": officer, "decided_at": at},
        news=[moves.News("enrollment.approved", run_after=at + UNDO)],
        data={"checklist": version},
    )


def _endorse(application: Application, officer: Officer, at: datetime, version: str) -> None:
    moves.perform(
        "endorse",
        application,
        by=Actor.APPROVER,
        actor=actor(officer),
        at=at,
        guard={"recommended_by": application.recommended_by_id, "endorsed_by": None},
        changes={"endorsed_by": officer},
        data={"checklist": version},
    )


def _which_constraint(broken: IntegrityError) -> str:
    """The database had the last word (decisions 6, 7): two officers, and one granted case per registration."""
    text = str(broken)
    if "one_granted_case_in_force" in text or "registration_number" in text:
        return "already_granted"
    return "same_officer"


def reject(
    application: Application, officer: Officer, reason: str, at: datetime, code: str = "other"
) -> None:
    """不承認 with a reason (ST-35): by the examiner who holds the case, or by an approver on a recommended one.

    Where the authority asks for two, the first word proposes it, and somebody else's makes it so.
    """
    if not reason.strip():
        raise Refused("reason_missing")
    is_recommended = application.state == State.RECOMMENDED
    by = Actor.APPROVER if is_recommended else Actor.EXAMINER
    require(officer, application, by.name)
    guard: dict[str, object] = {"state": State.RECOMMENDED} if is_recommended else {"claimed_by": officer}
    if application.rejections_needed == 2 and application.rejection_proposed_by_id is None:
        _propose_rejection(application, officer, reason, at, code, by, guard)
        return
    if application.rejection_proposed_by_id == officer.pk:
        raise Refused("same_officer_rejects")
    try:
        with transaction.atomic():
            locked(application)
            _decide(application, officer, "rejected", reason, at, reason=code)
            moves.perform(
                "reject",
                application,
                by=by,
                actor=actor(officer),
                at=at,
                guard={**guard, "rejection_proposed_by": application.rejection_proposed_by_id},
                changes={**FREE, "decided_at": at, "rejected_by": officer},
                news=[moves.News("enrollment.decided", run_after=at + UNDO)],
                data={"reason": code},
            )
    except IntegrityError as broken:
        raise Refused("same_officer_rejects") from broken


def _propose_rejection(
    application: Application,
    officer: Officer,
    reason: str,
    at: datetime,
    code: str,
    by: Actor,
    guard: dict[str, object],
) -> None:
    with transaction.atomic():
        locked(application)
        _decide(application, officer, "proposed_reject", reason, at, reason=code)
        moves.perform(
            "propose_rejection",
            application,
            by=by,
            actor=actor(officer),
            at=at,
            guard=guard,
            changes={
                **FREE,
                "recommended_by": None,
                "endorsed_by": None,
                "rejection_proposed_by": officer,
            },
            data={"reason": code},
        )
        sheets.forget(application)
