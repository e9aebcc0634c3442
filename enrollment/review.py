"""The officer's moves: claim, release, return, recommend, approve, take back, reject (house.md; decisions 6, 32).

Every function takes an application that was fetched through the officer's authorities, and raises Refused with a
code that names what stands in the way. Two officers can never both decide: each move is one conditional update.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from django.db import IntegrityError, transaction

from enrollment import checks, moves, notices, signed
from enrollment.errors import Refused
from enrollment.flow import Actor, State
from enrollment.models import Application, Attachment, Decision, ErasedFile, ReturnItem, TimelineEntry
from ledger import log
from ledger.clock import end_of_day, today
from staff.models import Officer
from vault import files

CLAIM = timedelta(minutes=30)
UNDO = timedelta(seconds=10)  # a decision leaves after ten seconds (decision 32)
DAYS_TO_CORRECT = 30  # ST-32; the day of sending is not counted, the last one ends at 24:00 JST


class Correction(NamedTuple):
    """One field or file that the applicant must correct, with a coded reason and a free note."""

    step: str
    field: str
    code: str
    note: str


def _officer(officer: Officer) -> log.Actor:
    return log.Actor("officer", str(officer.public_id))


def _require(officer: Officer, application: Application, role: str) -> None:
    if not officer.holds(role, application.authority):
        raise Refused("not_yours", role=role)


def _decide(
    application: Application,
    officer: Officer,
    verdict: str,
    note: str,
    at: datetime,
    checklist: Mapping[str, str] | None = None,
) -> None:
    Decision.objects.create(
        application=application,
        round=application.round,
        verdict=verdict,
        officer=officer,
        note=note,
        checklist=dict(checklist or {}),
        decided_at=at,
    )


def claim(application: Application, officer: Officer, at: datetime) -> None:
    """Take the case for thirty minutes; a lapsed claim of a colleague is taken over, a living one is not."""
    _require(officer, application, "EXAMINER")
    with transaction.atomic():
        Application.objects.filter(pk=application.pk, state=State.IN_REVIEW, claimed_until__lt=at).update(
            state=State.SUBMITTED, claimed_by=None, claimed_until=None
        )
        moves.perform(
            "claim",
            application,
            by=Actor.EXAMINER,
            actor=_officer(officer),
            at=at,
            changes={"claimed_by": officer, "claimed_until": at + CLAIM},
        )


def release(application: Application, officer: Officer, at: datetime) -> None:
    """Put the case back into the worklist."""
    moves.perform(
        "release",
        application,
        by=Actor.EXAMINER,
        actor=_officer(officer),
        at=at,
        guard={"claimed_by": officer},
        changes={"claimed_by": None, "claimed_until": None},
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
                changes={"claimed_by": None, "claimed_until": None},
            )
        except Refused:
            continue  # somebody acted on it in the meantime
        count += 1
    return count


def return_to_applicant(
    application: Application, officer: Officer, corrections: Sequence[Correction], at: datetime
) -> None:
    """再提出依頼 (ST-14, ST-32): only the named fields open again, for thirty days."""
    _require(officer, application, "EXAMINER")
    if not corrections:
        raise Refused("nothing_to_correct")
    until = end_of_day(today(at) + timedelta(days=DAYS_TO_CORRECT))
    with transaction.atomic():
        ReturnItem.objects.bulk_create(
            ReturnItem(application=application, round=application.round, **item._asdict())
            for item in corrections
        )
        _decide(application, officer, "returned", "", at)
        application.applicant.refresh_from_db()
        notices.returned(application, [item.note or item.code for item in corrections], until)
        moves.perform(
            "return_to_applicant",
            application,
            by=Actor.EXAMINER,
            actor=_officer(officer),
            at=at,
            guard={"claimed_by": officer},
            changes={"claimed_by": None, "claimed_until": None, "return_until": until},
            data={"fields": len(corrections)},
        )


def erase_file(application: Application, officer: Officer, file: uuid.UUID, at: datetime) -> bool:
    """PH-13: a My Number is visible on this file, which must not be kept (番号法 20条); only the claim's holder may.

    Returns False where it is erased already. Both stored files go after the commit; a crash between leaves them to
    `retention.stored`. The digests stay in the statement. Raises Refused("not_yours", "on_hold", "not_now").
    """
    _require(officer, application, "EXAMINER")
    with transaction.atomic():
        held = Application.objects.filter(pk=application.pk, state=State.IN_REVIEW, claimed_by=officer)
        if held.filter(legal_hold=False).update(changed_at=at) != 1:
            raise Refused("on_hold" if held.exists() else "not_now")
        row = Attachment.objects.filter(application=application, public_id=file).first()
        if row is None:
            if application.erased_files.filter(public_id=file).exists():
                return False
            raise Refused("not_now")
        ErasedFile.objects.create(
            application=application,
            round=application.round,
            public_id=row.public_id,
            slot=row.slot,
            ordinal=row.ordinal,
            officer=officer,
            erased_at=at,
        )
        for name in (row.original_file, row.shown_file):
            transaction.on_commit(partial(files.erase, name))
        row.delete()
        TimelineEntry.objects.create(application=application, kind="file_erased", happened_at=at)
        log.append(
            "attachment.erased",
            actor=_officer(officer),
            subject=str(file),
            authority=application.authority,
            data={"application": str(application.public_id), "slot": row.slot},
        )
    return True


def _require_whole(application: Application) -> None:
    """Inside the transaction of a word, with the case's row locked: an erasure in another tab is before or after it."""
    Application.objects.select_for_update().get(pk=application.pk)
    if ErasedFile.objects.filter(application=application, round=application.round).exists():
        raise Refused("file_erased")


def recommend(
    application: Application, officer: Officer, note: str, checklist: Mapping[str, str], at: datetime
) -> None:
    """The first officer's word; the case then waits for another one."""
    _require(officer, application, "EXAMINER")
    signed.require_intact(application)
    with transaction.atomic():
        _require_whole(application)
        _decide(application, officer, "recommended", note, at, checklist)
        moves.perform(
            "recommend",
            application,
            by=Actor.EXAMINER,
            actor=_officer(officer),
            at=at,
            guard={"claimed_by": officer},
            changes={"recommended_by": officer, "claimed_by": None, "claimed_until": None},
        )


def send_back(application: Application, officer: Officer, note: str, at: datetime) -> None:
    """The second officer wants it looked at again."""
    _require(officer, application, "APPROVER")
    with transaction.atomic():
        _decide(application, officer, "sent_back", note, at)
        moves.perform(
            "send_back",
            application,
            by=Actor.APPROVER,
            actor=_officer(officer),
            at=at,
            changes={"recommended_by": None},
        )


def approve(
    application: Application, officer: Officer, note: str, checklist: Mapping[str, str], at: datetime
) -> None:
    """The second officer's word; after ten seconds the order leaves, until then it can be taken back."""
    _require(officer, application, "APPROVER")
    if application.recommended_by_id == officer.pk:
        raise Refused("same_officer")
    signed.require_intact(application)
    checks.require_fresh(application, at)
    try:
        with transaction.atomic():
            _decide(application, officer, "approved", note, at, checklist)
            moves.perform(
                "approve",
                application,
                by=Actor.APPROVER,
                actor=_officer(officer),
                at=at,
                changes={"approved_by": officer, "decided_at": at},
                news=[moves.News("enrollment.approved", run_after=at + UNDO)],
            )
    except IntegrityError as broken:
        raise Refused(_which_constraint(broken)) from broken


def _which_constraint(broken: IntegrityError) -> str:
    """The database had the last word (decisions 6, 7): two officers, and one granted case per registration."""
    text = str(broken)
    if "one_granted_case_per_registration" in text or "registration_number" in text:
        return "already_granted"
    return "same_officer"


def take_back(application: Application, officer: Officer, at: datetime) -> None:
    """Undo one's own approval while the order has not left."""
    with transaction.atomic():
        _decide(application, officer, "taken_back", "", at)
        moves.perform(
            "take_back",
            application,
            by=Actor.APPROVER,
            actor=_officer(officer),
            at=at,
            guard={"approved_by": officer},
            changes={"approved_by": None, "decided_at": None},
        )


def reject(application: Application, officer: Officer, reason: str, at: datetime) -> None:
    """不承認 with a reason (ST-35): by the examiner who holds the case, or by an approver on a recommended one."""
    if not reason.strip():
        raise Refused("reason_missing")
    is_recommended = application.state == State.RECOMMENDED
    by = Actor.APPROVER if is_recommended else Actor.EXAMINER
    _require(officer, application, by.name)
    guard: dict[str, object] = {"state": State.RECOMMENDED} if is_recommended else {"claimed_by": officer}
    with transaction.atomic():
        _decide(application, officer, "rejected", reason, at)
        notices.rejected(application, reason)
        moves.perform(
            "reject",
            application,
            by=by,
            actor=_officer(officer),
            at=at,
            guard=guard,
            changes={"claimed_by": None, "claimed_until": None, "decided_at": at},
        )
