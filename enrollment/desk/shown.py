"""What the officer sees of a case: the signed statement, word for word, and the pictures it names (RV-2)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import checklists, flow, signed
from enrollment.desk.forms import ASKED_FOR
from enrollment.desk.integrity import Answers
from enrollment.desk.measured import Told
from enrollment.desk.saying import ANSWERS, EVENTS, VERDICTS
from enrollment.models import Application, Attachment, ErasedFile
from enrollment.review import sheets
from enrollment.steps import file_hints
from enrollment.steps.question import Words
from enrollment.views import summary

SLOTS = {
    "photo": gettext_lazy("顔写真"),
    "identity": gettext_lazy("身分証"),
    "licence_front": gettext_lazy("資格免許証（表）"),
    "licence_back": gettext_lazy("資格免許証（裏）"),
    "name_proof": gettext_lazy("併記する氏名の書類"),
    "licence_name_proof": gettext_lazy("改姓手続き中の書類"),
}
# Asked of the reader or the machine, not of the applicant: nothing to be corrected there.
NOT_CORRECTED = ("card", "card-check", "qualification", "email-code")


def person(answers: Answers) -> str:
    """The name that was read from the card and signed; "" before there is a signed statement."""
    return str(answers.get("card", {}).get("name", ""))


class Group(NamedTuple):
    """The signed answers of one step."""

    title: str
    rows: list[dict[str, Any]]


def groups(now: Answers, before: Answers) -> dict[str, Group]:
    """Step -> its answers, in the applicant's own order; rows that changed since the round before are marked."""
    found = {}
    for step in flow.ASKED:
        rows: list[dict[str, Any]] = [*summary.rows(step.slug, now.get(step.slug, {}))]
        former = {row["term"]: row["value"] for row in summary.rows(step.slug, before.get(step.slug, {}))}
        for row in rows:
            row["changed"] = bool(before) and former.get(row["term"]) != row["value"]
        if rows:
            found[step.slug] = Group(_(step.title), rows)
    return found


class Asked(NamedTuple):
    """One line of the checklist with what stands beside it: signed answers, measured lines, automatic findings."""

    slug: str
    question: str
    groups: list[Group]
    measured: Sequence[Told]
    checks: list[Mapping[str, Any]]
    choices: list[tuple[str, Words, bool]]
    note: str
    slot: str
    asks_for: str  # the field of the return form, and the reason, that follow from a failure
    is_open: bool
    is_marked: bool  # something beside it asks for an eye
    is_changed: bool


def lines(
    asked: Sequence[checklists.Line],
    sheet: sheets.Sheet,
    grouped: Mapping[str, Group],
    measured: Mapping[str, Sequence[Told]],
    checks: Iterable[Mapping[str, Any]],
) -> list[Asked]:
    left = checklists.open_lines(asked, sheet.answers, sheet.notes)
    checks = list(checks)
    found: list[Asked] = []
    used: set[str] = set()
    for line in asked:
        mine = [grouped[step] for step in line.steps if step in grouped and step not in used]
        used |= set(line.steps)
        told = measured.get(line.shown_by, ()) if line.shown_by else ()
        beside = [check for check in checks if check["row"].line == line.slug]
        answer = sheet.answers.get(line.slug, "")
        found.append(
            Asked(
                line.slug,
                _(line.question),
                mine,
                told,
                beside,
                [(code, words, code == answer) for code, words in ANSWERS.items()],
                sheet.notes.get(line.slug, ""),
                line.shown_by,
                _asks_for(line.slug),
                line.slug in left,
                any(one.outcome == checklists.CARE for one in told)
                or any(check["mark"] in ("care", "wrong") for check in beside),
                any(row["changed"] for group in mine for row in group.rows),
            )
        )
    return found


def _asks_for(slug: str) -> str:
    step, field, code = ASKED_FOR.get(slug, ("", "", ""))
    return f"{step}:{field}:{code}" if step else ""


def rest(asked: Sequence[checklists.Line], grouped: Mapping[str, Group]) -> list[Group]:
    """The answers that belong to no line, in the applicant's order."""
    used = {step for line in asked for step in line.steps}
    return [group for step, group in grouped.items() if step not in used]


def pictures(
    case: Application, rows: Sequence[Attachment], wrong: Mapping[Any, str], *, may_erase: bool
) -> list[dict[str, Any]]:
    """Every document with its address, size and what it is; the face and the paper that proves it come first.

    What an officer has erased keeps its place, with by whom and when (PH-13); what is not what was signed is not shown.
    """
    order = {slot: place for place, slot in enumerate(SLOTS)}
    everything: list[Attachment | ErasedFile] = [*rows, *signed.erased(case)]
    found: list[dict[str, Any]] = []
    for row in sorted(everything, key=lambda row: (order.get(row.slot, len(order)), row.ordinal)):
        name = str(SLOTS.get(row.slot, row.slot))
        if isinstance(row, ErasedFile):
            found.append({"name": name, "erased": row})
            continue
        ids = [case.public_id, row.public_id]
        found.append(
            {
                "name": name,
                "slot": row.slot,
                "url": reverse("admin:enrollment_case_file", args=ids),
                "wrong": wrong.get(row.public_id, ""),
                "facts": _facts(row),
                "erase": reverse("admin:enrollment_case_file_erase", args=ids) if may_erase else "",
            }
        )
    return found


def erased_names(case: Application) -> list[str]:
    """What is missing because it was erased, each once."""
    return list(dict.fromkeys(str(SLOTS.get(row.slot, row.slot)) for row in signed.erased(case)))


def _facts(row: Attachment) -> str:
    """What the applicant sent, and which part of it is shown."""
    sent = f"{row.kind.upper()} {row.width}×{row.height}"
    if row.crop is None:
        return sent
    width, height = file_hints.shown_sides(row)
    if row.slot == "photo":
        return _("%(sent)s（申請者が%(width)s×%(height)sに切り抜き）") % {
            "sent": sent,
            "width": width,
            "height": height,
        }
    return _("%(sent)s（申請者が右に%(turned)s度回転）") % {"sent": sent, "turned": row.crop["turned"]}


def places(case: Application, answers: Answers) -> list[tuple[str, str, Words]]:
    """What may be returned for correction: (step, field, label). A file's step is its slot's."""
    found: list[tuple[str, str, Words]] = [
        (step.slug, line.key, line.term)
        for step in flow.ASKED
        if step.slug in answers and step.slug not in NOT_CORRECTED
        for line in summary.LINES.get(step.slug, ())
        if line.key in answers[step.slug] and line.key not in ("warnings", "flags")
    ]
    slots = sheets.slots(case)
    return found + [(slot.replace("_", "-"), "", SLOTS.get(slot, slot)) for slot in sorted(slots)]


def erased_slots(case: Application) -> frozenset[str]:
    return frozenset(row.slot for row in signed.erased(case))


def notes(case: Application, *, with_answers: bool) -> list[dict[str, Any]]:
    """Every officer's word on the case so far, oldest first.

    Whoever still has a sheet to fill reads the notes and not the answers (decision 6).
    """
    questions = {line.slug: _(line.question) for line in sheets.asked(case).lines}
    return [
        {
            "at": row.decided_at,
            "officer": str(row.officer),
            "title": str(VERDICTS.get(row.verdict, row.verdict)),
            "note": row.note,
            "lines": [
                (questions.get(slug, slug), row.line_notes.get(slug, ""), ANSWERS.get(answer, ""))
                for slug, answer in _told(row, with_answers)
            ],
            "version": row.checklist_version if with_answers else "",
        }
        for row in case.decisions.select_related("officer").order_by("pk")
    ]


def _told(row: Any, with_answers: bool) -> list[tuple[str, str]]:
    """Line -> answer of a decision; without answers only the lines that have a note."""
    if with_answers:
        return list(row.checklist.items())
    return [(slug, "") for slug, note in row.line_notes.items() if note]


def timeline(case: Application, said: Sequence[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """What happened, oldest first; who did it, where it was an officer's word or a take-over."""
    who = {note["at"]: note["officer"] for note in said}
    who |= {row.taken_at: str(row.officer) for row in case.take_overs.select_related("officer")}
    return [
        {
            "at": entry.happened_at,
            "title": str(EVENTS.get(entry.kind, entry.kind)),
            "officer": who.get(entry.happened_at, ""),
        }
        for entry in case.timeline.order_by("happened_at", "pk")
    ]
