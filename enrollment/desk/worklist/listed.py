"""The worklist in words: tabs, counts, one line for each case."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from enrollment import authorities, review
from enrollment.desk import told
from enrollment.desk.access import reach
from enrollment.desk.words import STATES
from enrollment.desk.worklist import filters, queue
from enrollment.desk.worklist.filters import OPEN, SHOWN, Filter
from enrollment.flow import State
from enrollment.models import Application, SavedFilter
from enrollment.steps.question import Words
from ledger import clock
from staff.models import Officer


class Choice(NamedTuple):
    """A link that filters; `cases` is "" where nothing is counted."""

    title: Words
    query: str
    is_chosen: bool
    cases: str = ""


class Mark(NamedTuple):
    """Sign, word, colour (templates/desk/README.md)."""

    words: str
    kind: str = ""


class Row(NamedTuple):
    case: Application
    state: Mark
    age: Mark
    deadline: Mark
    risks: list[Mark]
    holder: str
    is_silent: bool


def context(officer: Officer, wanted: Filter, found: queue.Page, at: datetime) -> dict[str, Any]:
    """Everything of the page that is not the request's."""
    reached = reach(officer)
    numbers = queue.counted(reached)
    saved = SavedFilter.objects.filter(officer=officer).order_by("name")
    first, last = (found.rows[0], found.rows[-1]) if found.rows else (None, None)
    here = wanted.query()
    return {
        "wanted": wanted,
        "here": here,
        "tabs": _tabs(wanted, reached, numbers),
        "states": _states(wanted, numbers),
        "more": _more(wanted),
        "rows": [_row(case, officer, at) for case in found.rows],
        "has_authorities": len(reached) > 1,
        "before": f"{here}&before={first.public_id}" if first and found.has_before else "",
        "after": f"{here}&after={last.public_id}" if last and found.has_after else "",
        "saved": [(row.name, row.query, row.query == here) for row in saved],
        "suggested": wanted.in_words(),
        "empty": _empty(wanted),
        "examines": bool(officer.authorities("EXAMINER")),
        "makes_cards": any(authorities.card_way(code) for code in reached),
        "number": "" if wanted.number == "-" else wanted.number,
    }


def _number(parts: Mapping[tuple[str, State], int], states: tuple[State, ...], authority: str) -> str:
    """How many, or "1000以上" where nobody has counted further."""
    some = {key: number for key, number in parts.items() if key[1] in states and authority in ("", key[0])}
    total = sum(some.values())
    is_cut = any(number >= queue.most_counted(key[1]) for key, number in some.items())
    return _("%(count)d以上") % {"count": total} if is_cut else str(total)


def _tabs(wanted: Filter, reached: set[str], numbers: Mapping[tuple[str, State], int]) -> list[Choice]:
    """One for each authority of the officer, with what waits there; none for an officer of one authority."""
    if len(reached) < 2:
        return []
    ours = [row for row in authorities.all_authorities() if row.code in reached]
    everywhere = Choice(
        _("すべての認証局"), wanted.query(authority=""), not wanted.authority, _number(numbers, OPEN, "")
    )
    return [
        everywhere,
        *(
            Choice(
                row.short_name,
                wanted.query(authority=row.code),
                wanted.authority == row.code,
                _number(numbers, OPEN, row.code),
            )
            for row in ours
        ),
    ]


def _states(wanted: Filter, numbers: Mapping[tuple[str, State], int]) -> list[Choice]:
    """What waits first; a state without a case is left out, unless it is the chosen one."""

    def choice(state: str, title: Words, states: tuple[State, ...], counts: bool = True) -> Choice:
        cases = _number(numbers, states, wanted.authority) if counts else ""
        return Choice(title, wanted.query(state=state), wanted.state == state, cases)

    each = [choice(state.value, STATES[state].title, (state,)) for state in SHOWN]
    return [
        choice("open", _("審査が必要なもの"), OPEN),
        *(one for one in each if one.cases != "0" or one.is_chosen),
        choice("all", _("すべて"), SHOWN, counts=False),
    ]


def _more(wanted: Filter) -> list[tuple[Words, list[Choice]]]:
    """The other questions of the filter; the first choice of each is: no matter which."""
    qualifications = {row.code: _(row.name) for row in authorities.qualifications()}
    asked: list[tuple[str, Words, Mapping[str, Words], Words]] = [
        ("qualification", _("資格"), qualifications, _("すべて")),
        ("hold", _("担当"), filters.HOLDS, _("すべて")),
        ("age", _("経過"), filters.AGES, _("すべて")),
        ("order", _("並び"), filters.ORDERS, _("古い順")),
    ]
    return [
        (
            title,
            [
                Choice(none, wanted.query(**{name: ""}), not getattr(wanted, name)),
                *(
                    Choice(words, wanted.query(**{name: code}), getattr(wanted, name) == code)
                    for code, words in choices.items()
                ),
            ],
        )
        for name, title, choices, none in asked
    ]


def _empty(wanted: Filter) -> str:
    """An empty list says why it is empty and what comes next."""
    if wanted.number:
        return _("この受付番号の申請は、ここにはありません。番号を確かめるか、「すべて」から探してください。")
    if wanted.hold == "mine":
        return _("いま、あなたが担当している申請はありません。「審査待ち」から担当する申請を選べます。")
    if wanted._replace(state="", authority="", order="") != Filter(state=""):
        return _("この条件に合う申請はありません。条件をゆるめてください。")
    return _("この状態の申請はありません。新しい申請が届くと、ここに並びます。")


def _row(case: Any, officer: Officer, at: datetime) -> Row:
    words = STATES[State(case.state)]
    days, kind = queue.age_mark(case, at)
    age = Mark(ngettext("%(days)d日", "%(days)d日", days) % {"days": days}, kind)
    return Row(
        case,
        Mark(_("発行が止まっています"), "wrong")
        if case.is_stuck
        else Mark(str(words.title), "" if words.mark == "care" else words.mark),  # most of the list waits
        age,
        _deadline(case, at),
        _risks(case),
        _holder(case, officer),
        review.is_silent(case, at),
    )


def _deadline(case: Application, at: datetime) -> Mark:
    """The applicant's last day to correct, or the day on which an answer can be expected."""
    if case.state == State.RETURNED and case.return_day is not None:
        return Mark(_("修正 %(day)s まで") % {"day": _day(case.return_day, at)})
    due = queue.answer_due(case)
    if due is None:
        return Mark("")
    is_past = due < clock.today(at)
    words = _("%(day)s を過ぎました") if is_past else _("%(day)s まで")
    return Mark(words % {"day": _day(due, at)}, "wrong" if is_past else "")


def _day(day: date, at: datetime) -> str:
    """With its year where that is another than today's."""
    year = "" if day.year == clock.today(at).year else f"{day.year}/"
    return f"{year}{day.month}/{day.day}"


def _risks(case: Any) -> list[Mark]:
    found = []
    if case.cares and case.state in OPEN:
        words = ngettext("要確認 %(count)d件", "要確認 %(count)d件", case.cares) % {"count": case.cares}
        found.append(Mark(words, "care"))
    if case.rejection_proposed_by_id and case.state in OPEN:
        found.append(Mark(_("不承認の提案"), "wrong"))
    if case.round > 1:
        found.append(Mark(_("%(round)d回目の提出") % {"round": case.round}))
    if case.legal_hold:
        found.append(Mark(_("保全中"), "care"))
    return found


def _holder(case: Application, officer: Officer) -> str:
    if case.state != State.IN_REVIEW or case.claimed_by is None or case.claimed_until is None:
        return ""
    name = _("自分") if case.claimed_by_id == officer.pk else str(case.claimed_by)
    return _("%(officer)s（%(time)s まで）") % {"officer": name, "time": told.hour(case.claimed_until)}
