"""What a measurement has filled in for the officer: 問題なし, 要確認, 未判定, with its figure (PH-07, PH-10)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import checklists, signed
from enrollment.desk.integrity import Answers
from enrollment.models import Application, Attachment
from enrollment.steps.file_hints import shown_sides
from enrollment.steps.question import Words

OUTCOMES: Mapping[str, Words] = {
    checklists.FINE: gettext_lazy("問題なし"),
    checklists.CARE: gettext_lazy("要確認"),
    checklists.UNKNOWN: gettext_lazy("未判定"),
}


class Told(NamedTuple):
    what: str
    outcome: str
    word: Words
    figure: str


def seen(rows: Iterable[Attachment], answers: Answers) -> list[checklists.Seen]:
    """What is kept of each file of a case; the declared day is the one that was signed."""
    declared = str(answers.get("photo", {}).get("taken_on") or "")
    return [
        checklists.Seen(
            one.slot, one.warnings, one.measures, shown_sides(one), declared if one.slot == "photo" else ""
        )
        for one in rows
    ]


def by_slot(case: Application, rows: Iterable[Attachment], answers: Answers) -> Mapping[str, Sequence[Told]]:
    """The lines of every slot, for the checklist. Of several files in a slot, all lines one after the other."""
    found: dict[str, list[Told]] = {}
    for gone in signed.erased(case):
        what = _("個人番号が写っていたため消去した画像")
        found.setdefault(gone.slot, []).append(Told(what, checklists.CARE, OUTCOMES[checklists.CARE], ""))
    for one in seen(rows, answers):
        for line in checklists.measured(one):
            figure = _(line.figure) % line.values if line.figure else ""
            found.setdefault(one.slot, []).append(
                Told(_(line.what), line.outcome, OUTCOMES[line.outcome], figure)
            )
    return found
