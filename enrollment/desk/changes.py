"""What the applicant changed since the case was returned, from the two signed statements, in words (ST-14)."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import authorities, flow, statement
from enrollment.desk.shown import SLOTS
from enrollment.steps.question import Words
from enrollment.views import summary


class Change(NamedTuple):
    """One line: what it is, and what was signed before and is signed now; "" where there was or is nothing."""

    term: str
    before: str
    now: str


def _yen(value: Any) -> str:
    return _("%(amount)s円") % {"amount": f"{value:,}"} if value is not None else ""


def _versions(value: Any) -> str:
    return "、".join(f"{item['id']} {item['version']}" for item in value or ())


WHOLE: Mapping[str, tuple[Words, Callable[[Any], str]]] = {
    "authority": (gettext_lazy("申請先（認証局）"), lambda code: _(authorities.authority(code).name)),
    "qualification": (gettext_lazy("国家資格"), lambda code: _(authorities.qualification(code).name)),
    "price": (gettext_lazy("発行費用"), _yen),
    "consents": (gettext_lazy("確認事項の版"), _versions),
}


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    """Between the facts of two statements, in the order of the steps; empty in the first round."""
    if not before or not now:
        return []
    order = {step.slug: place for place, step in enumerate(flow.STEPS)}
    found = statement.differences(before, now)
    lines = [_in_words(one) for one in sorted(found, key=lambda one: order.get(one.part, len(order)))]
    return [line for line in lines if line is not None]


def _in_words(one: statement.Difference) -> Change | None:
    """None for what nobody reads: how a spelling was chosen, what follows from another answer."""
    if one.part == "files":
        return Change(
            str(SLOTS.get(one.name, one.name)), _("前の画像") if one.before else "", _paper(one.now)
        )
    if one.part == "" and one.name in WHOLE:
        term, show = WHOLE[one.name]
        return Change(str(term), show(one.before), show(one.now))
    line = next((row for row in summary.LINES.get(one.part, ()) if row.key == one.name), None)
    if line is None:
        return None
    title = _(flow.STEP[one.part].title)
    before, now = (line.show(value) if value not in (None, "") else "" for value in (one.before, one.now))
    return Change(f"{title}{_('：')}{line.term}", before, now)


def _paper(value: Any) -> str:
    return _("新しい画像") if value else ""
