"""What is shown back while something is typed, and again after the round trip: the same words from one table.

A date is shown in both calendars (DQ-04), a phone number with its hyphens (DQ-18), an institution code with its
prefecture and table (DQ-10). A field says which with `echo`; `views.echoes` answers the page's module.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.conf import settings
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import days, values
from enrollment.problems import Problem
from enrollment.steps.question import Text, Words, told

MOST = 100  # characters that are looked at
BESIDE = ("prefecture", "table", "address")  # answers of the same page that help to understand a code

Given = Mapping[str, str]


class Echo(NamedTuple):
    """`shown` is how the typed text is understood, `problem` what is odd about it; either may be ""."""

    shown: str = ""
    problem: str = ""


def _date(typed: str, _given: Given) -> Echo:
    return Echo(shown=days.in_both(days.parse(typed)))


def _phone(typed: str, _given: Given) -> Echo:
    return Echo(shown=values.hyphenated(values.phone(typed)))


def _institution(typed: str, given: Given) -> Echo:
    code = values.institution_code(
        typed,
        prefecture=given.get("prefecture", "") or values.prefecture_of(given.get("address", "")),
        table=given.get("table", ""),
        production=not settings.IS_DEMO,
    )
    doubts = "\n".join(_(values.WARNINGS[warning]) for warning in code.warnings)
    return Echo(shown=institution(code.value), problem=doubts)


def institution(code: str) -> str:
    """1310110049（東京都・医科）."""
    known = _("・").join(_(part) for part in values.parts(code) if part)
    return _("%(code)s（%(known)s）") % {"code": code, "known": known} if known else code


ECHOES: Mapping[str, Callable[[str, Given], Echo]] = {
    "date": _date,
    "phone": _phone,
    "institution": _institution,
}


def echo(kind: str, typed: str, given: Given) -> Echo:
    """How a text typed into a field of this kind is understood; `given` holds the page's other answers."""
    if not typed.strip() or len(typed) > MOST:
        return Echo()
    try:
        return ECHOES[kind](typed, given)
    except Problem as problem:
        return Echo(problem=told(problem).messages[0])


class EchoedField(BoundField):
    """A bound field that also knows how its text is understood; parts/inner/field_echo.html draws it."""

    @property
    def echo(self) -> str:
        given = {name: str(self.form.data.get(name, "")) for name in BESIDE}
        return echo(self.echo_kind, str(self.value() or ""), given).shown

    @property
    def echo_kind(self) -> str:
        kind: str = getattr(self.field, "echo", "")
        return kind


class EchoedText(Text):
    """One line that is shown back as it is understood, while typing and after the round trip. `echo`: see ECHOES."""

    def __init__(self, label: Words, *, echo: str, **more: Any) -> None:
        super().__init__(label, **more)
        self.echo = echo

    def get_bound_field(self, form: Any, field_name: str) -> EchoedField:
        return EchoedField(form, self, field_name)


class DateText(EchoedText):
    """The one control for every date of the form: eras or Western years in one field (DQ-04, DQ-06).

    The text itself stays in `cleaned_data`; the form reads it with `days.parse` or a rule of `days`.
    """

    def __init__(self, label: Words, *, help_text: Words = "", example: Words = "", **more: Any) -> None:
        more = {"longest": 40, "autocomplete": "off", "css": "width-20"} | more
        super().__init__(
            label,
            echo="date",
            help_text=help_text
            or gettext_lazy("和暦（昭和・平成・令和、S・H・R）でも西暦でも入力できます。"),
            example=example or gettext_lazy("平成20年4月1日、H20.4.1、2008-04-01"),
            **more,
        )
