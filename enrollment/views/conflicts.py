"""Two tabs answered the same question differently: both answers field by field, and the person chooses."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from enrollment import drafts
from enrollment.drafts import Raw
from enrollment.steps import Question

CHOICE = "choose-"


class Row(NamedTuple):
    """One field that the two tabs answered differently, in words."""

    name: str
    label: str
    mine: str
    other: str


def rows(form: Question, mine: Raw, other: Raw) -> list[Row]:
    return [
        Row(
            name,
            str(field.label or ""),
            _words(field, mine.get(name, [])),
            _words(field, other.get(name, [])),
        )
        for name, field in form.fields.items()
        if mine.get(name, []) != other.get(name, []) and not field.widget.is_hidden
    ]


def _words(field: forms.Field, typed: list[str]) -> str:
    """What was typed, as the page would show it."""
    if isinstance(field, forms.BooleanField):
        return _("チェックあり") if typed else _("チェックなし")
    if isinstance(field, forms.ChoiceField):
        offered: list[tuple[Any, Any]] = list(field.widget.choices)
        names = {str(code): str(name) for code, name in offered}
        return _("、").join(names.get(one, one) for one in typed if one)
    return _("、").join(typed)


def hidden(raw: Raw) -> list[tuple[str, str]]:
    """What was typed here, to be carried along by the page that asks."""
    return [(name, value) for name, values in raw.items() for value in values]


def chosen(posted: QueryDict, raw: Raw, other: drafts.Kept) -> Raw:
    """`raw` with the other tab's answer where that one was chosen."""
    found: dict[str, list[str]] = {name: list(values) for name, values in raw.items()}
    for name in [*found, *other.raw]:
        if posted.get(CHOICE + name) == "other":
            found[name] = list(other.raw.get(name, []))
    return {name: values for name, values in found.items() if values or name not in other.raw}


def context(form: Question, mine: Raw, other: drafts.Kept) -> Mapping[str, Any]:
    """For conflict.html."""
    return {
        "rows": rows(form, mine, other.raw),
        "hidden": hidden(mine),
        "version": other.version,
        "choice": CHOICE,
        "errors": True,
    }
