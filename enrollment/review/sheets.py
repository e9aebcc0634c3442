"""The officer's checklist while it is being filled: a row per application, round and officer, kept line by line (RV-2).

Which version is asked is settled by the day on which the round was handed in, so that both officers answer the same
one and no change of the list comes between them. The second officer has a sheet of their own, empty (decision 6).
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q

from enrollment import checklists
from enrollment.checklists import Checklist, Line
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import Application, Attachment, ChecklistSheet
from enrollment.review.officers import require
from ledger.clock import now, today
from staff.models import Officer

LONGEST_NOTE = 400


class Sheet(NamedTuple):
    """What one officer has answered so far: line -> answer, line -> note."""

    answers: Mapping[str, str] = {}
    notes: Mapping[str, str] = {}


def asked(application: Application) -> Checklist:
    """The version that this round of the case is examined by."""
    return checklists.checklist(application.authority, today(application.submitted_at or now()))


def slots(application: Application, attached: Iterable[Attachment] | None = None) -> frozenset[str]:
    """The files of this round, an erased one too: its line stays open until a new one has come.

    `attached`: the case's files where they have been read already.
    """
    rows = Attachment.objects.filter(application=application).only("slot") if attached is None else attached
    here = {row.slot for row in rows}
    gone = {row.slot for row in application.erased_files.all() if row.round == application.round}
    return frozenset(here | gone)


def lines(application: Application, attached: Iterable[Attachment] | None = None) -> tuple[Line, ...]:
    return asked(application).lines_for(slots(application, attached))


def of(application: Application, officer: Officer) -> Sheet:
    row = ChecklistSheet.objects.filter(
        application=application, round=application.round, officer=officer
    ).first()
    if row is None or row.version != asked(application).version:
        return Sheet()
    kept: Mapping[str, Mapping[str, str]] = row.lines
    return Sheet(
        {slug: line["answer"] for slug, line in kept.items() if line.get("answer")},
        {slug: line["note"] for slug, line in kept.items() if line.get("note")},
    )


def keep(
    application: Application, officer: Officer, given: Mapping[str, tuple[str, str]], at: datetime
) -> Sheet:
    """Keep answers and notes (line -> answer, note); lines that are not named stay as they are.

    Raises Refused("unknown_line", "unknown_answer"), and "not_now" where it is not this officer's turn.
    """
    known = {line.slug for line in asked(application).lines}
    for slug, (answer, _note) in given.items():
        if slug not in known:
            raise Refused("unknown_line")
        if answer not in ("", *checklists.ANSWERS):
            raise Refused("unknown_answer")
    with transaction.atomic():
        require_turn(application, officer)
        row, _is_new = ChecklistSheet.objects.select_for_update().get_or_create(
            application=application,
            round=application.round,
            officer=officer,
            defaults={"version": asked(application).version, "saved_at": at},
        )
        version = asked(application).version
        kept = dict(row.lines) if row.version == version else {}
        kept |= {
            slug: {"answer": answer, "note": note.strip()[:LONGEST_NOTE]}
            for slug, (answer, note) in given.items()
        }
        row.lines, row.version, row.saved_at = kept, version, at
        row.save(update_fields=["lines", "version", "saved_at"])
    return of(application, officer)


def may_fill(application: Application, officer: Officer) -> bool:
    """Whether it is this officer's turn: the claim's holder, then an approver who has said nothing yet."""
    if application.state == State.IN_REVIEW:
        return application.claimed_by_id == officer.pk and officer.holds("EXAMINER", application.authority)
    spoken = (application.recommended_by_id, application.endorsed_by_id)
    return (
        application.state == State.RECOMMENDED
        and officer.pk not in spoken
        and officer.holds("APPROVER", application.authority)
    )


def require_turn(application: Application, officer: Officer) -> None:
    """Inside the transaction of a word, first of all: with the row locked, it is this officer's turn, nobody else's."""
    if application.state == State.IN_REVIEW:
        require(officer, application, "EXAMINER")
        turn = Q(state=State.IN_REVIEW, claimed_by=officer)
    elif application.state == State.RECOMMENDED:
        require(officer, application, "APPROVER")
        turn = Q(state=State.RECOMMENDED) & ~Q(recommended_by=officer) & ~Q(endorsed_by=officer)
    else:
        raise Refused("not_now")
    here = Application.objects.filter(turn, pk=application.pk, round=application.round)
    if not here.select_for_update(no_key=True).exists():
        raise Refused("not_now")


def require_settled(
    application: Application, answers: Mapping[str, str], notes: Mapping[str, str] | None = None
) -> str:
    """The version, once no line is open; raises Refused("checklist_open") with the first line that is."""
    left = checklists.open_lines(lines(application), answers, notes)
    if left:
        raise Refused("checklist_open", line=left[0], count=len(left))
    return asked(application).version


def forget(application: Application, officers: Collection[Officer] | None = None) -> None:
    """The sheets of this round, of these officers or of all: what was decided on them is in the decisions."""
    rows = ChecklistSheet.objects.filter(application=application, round=application.round)
    (rows if officers is None else rows.filter(officer__in=officers)).delete()
