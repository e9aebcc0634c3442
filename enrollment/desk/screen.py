"""The case screen put together: the signed data in the order of the checklist, the documents, what may be done now."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Any

from django import forms
from django.urls import reverse

from enrollment import checklists, flow, review
from enrollment.checklists import Line
from enrollment.desk import asking, card_orders, changes, credential, integrity, measured, shown, told
from enrollment.desk.forms import ASKED_FOR, CorrectionsForm, NoteForm, ReasonForm, TakeOverForm
from enrollment.desk.integrity import Answers, Look
from enrollment.desk.offers import may_erase, obstacle, offers
from enrollment.desk.saying import AFTERWARDS, KEYS, OBSTACLES, SAID, TITLES
from enrollment.desk.words import STATES
from enrollment.desk.worklist import queue
from enrollment.models import Application, Attachment
from enrollment.review import sheets
from enrollment.review.sheets import Sheet
from staff.models import Officer

CHECKED = (
    "recommend",
    "approve",
)  # what nobody says while a line is open, or while something is not as signed
FOLDED = ("return_to_applicant", "reject", "send_back", "take_over")  # asked in a panel of their own
Bound = Mapping[str, forms.Form]


def form_of(
    name: str,
    case: Application,
    officer: Officer,
    answers: Answers,
    data: Any = None,
    sheet: Sheet | None = None,
) -> forms.Form:
    """The form of one move, bound where there is data. `sheet`: the officer's, where it has been read already."""
    if name == "return_to_applicant":
        gone = {slot.replace("_", "-") for slot in shown.erased_slots(case)}
        return CorrectionsForm(
            data,
            places=shown.places(case, answers),
            erased=gone,
            proposed=_proposed(sheet or sheets.of(case, officer)),
        )
    if name == "reject":
        return ReasonForm(data)
    if name == "take_over":
        since = case.claimed_at.isoformat() if case.claimed_at else ""
        holder = case.claimed_by.public_id if case.claimed_by else ""
        return TakeOverForm(data, initial={"holder": holder, "since": since})
    return NoteForm(data)


def _proposed(sheet: Sheet) -> dict[tuple[str, str], tuple[str, str]]:
    """What the lines that failed ask for, with the officer's own words."""
    asked = {ASKED_FOR[slug]: slug for slug, answer in sheet.answers.items() if answer == "fail"}
    return {(step, field): (code, sheet.notes.get(slug, "")) for (step, field, code), slug in asked.items()}


def context(
    case: Application, officer: Officer, at: datetime, bound: Bound, attachments: list[Attachment], look: Look
) -> dict[str, Any]:
    """Everything of the screen that is not the request's."""
    sheet, lines = sheets.of(case, officer), sheets.lines(case, attachments)
    fills = sheets.may_fill(case, officer)
    checks = asking.shown(case, officer)
    grouped = shown.groups(look.answers, look.answers_before)
    asked = shown.lines(lines, sheet, grouped, measured.by_slot(case, attachments, look.answers), checks)
    said = shown.notes(case, with_answers=not fills)
    erasing = may_erase(case, officer, at)
    return {
        "case": case,
        "title": case.receipt_number,
        "state_words": STATES[flow.State(case.state)],
        "person": shown.person(look.answers),
        "look": look,
        "lost": [shown.SLOTS.get(slot, slot) for slot in look.lost],
        "lines": asked,
        "fills": fills,
        "version": sheets.asked(case).version,
        "groups": shown.rest(lines, grouped),
        "changes": changes.changes(look.before, look.facts),
        "pictures": shown.pictures(case, attachments, look.wrong, may_erase=erasing),
        "checks": checks,
        "cares": sum(check["mark"] in asking.EYES for check in checks),
        "credential": credential.section(case, officer, at),
        "card": card_orders.of_case(case),
        "reads_looks": officer.holds("AUDITOR", case.authority),
        "following": queue.following(officer, case),
        "timeline": shown.timeline(case, said),
        "notes": said,
        "form": next(iter(bound.values()), None),
        **_decisions(case, officer, at, bound, look, sheet, lines),
    }


def _decisions(
    case: Application,
    officer: Officer,
    at: datetime,
    bound: Bound,
    look: Look,
    sheet: Sheet,
    lines: Sequence[Line],
) -> dict[str, Any]:
    """The bar that is always in view: what may be done, and why something cannot be done now."""
    gone, why_not = shown.erased_names(case), obstacle(case, officer, at)
    questions = {line.slug: line.question for line in lines}
    left = checklists.open_lines(lines, sheet.answers, sheet.notes)
    rows = [
        {
            "name": name,
            "key": KEYS.get(name, ""),
            "title": TITLES[name],
            "form": bound.get(name) or form_of(name, case, officer, look.answers, sheet=sheet),
            "is_open": name in bound or (bool(gone) and not bound and name == "return_to_applicant"),
            "is_checked": name in CHECKED,
            "is_folded": name in FOLDED,
            "is_blocked": name in CHECKED and bool(gone or look.is_broken),
            "url": reverse("admin:enrollment_case_move", args=[case.public_id, name]),
        }
        for name in offers(case, officer, at)
    ]
    return {
        "decisions": rows,
        "gone": gone if any(row["is_checked"] for row in rows) else [],
        "left": [(slug, questions[slug]) for slug in left],
        "obstacle": OBSTACLES.get(why_not, ""),
        "holder": _holder(case, officer, at),
    }


def _holder(case: Application, officer: Officer, at: datetime) -> dict[str, Any]:
    """Who has the case in hand, since when, until when, and whether they are at work."""
    if case.state != flow.State.IN_REVIEW or case.claimed_by is None or case.claimed_until is None:
        return {}
    return {
        "officer": case.claimed_by,
        "is_mine": case.claimed_by_id == officer.pk,
        "since": told.hour(case.claimed_at) if case.claimed_at else "",
        "until": told.hour(case.claimed_until),
        "last_seen": told.hour(case.claimed_until - review.CLAIM),
        "is_silent": review.is_silent(case, at),
    }


def undo(case: Application, officer: Officer, at: datetime) -> dict[str, Any]:
    """What can be taken back of this case, for how many seconds more; empty when nothing can."""
    last = review.undoable(case, officer, at)
    if last is None:
        return {}
    return {
        "title": TITLES["take_back"],
        "receipt": case.receipt_number,
        "said": SAID[last.verdict],
        "after": AFTERWARDS[last.verdict],
        "url": reverse("admin:enrollment_case_move", args=[case.public_id, "take_back"]),
        "left": ceil((last.decided_at + review.UNDO - at).total_seconds()),
    }


def look_at(case: Application) -> tuple[list[Attachment], Look]:
    """The case's files, and whether everything is as it was signed."""
    rows = list(Attachment.objects.filter(application=case).order_by("slot", "ordinal"))
    return rows, integrity.look(case, rows)
