"""Answers that are valid and yet odd: a wrong check digit, a postal code of another town, a very early registration.

They are shown beside their field, and the person goes on with 「このまま進む」 (DQ-07, DQ-13, K-18). The button itself
says which doubts it answers, so that a second oddity is never waved through with the first one.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django import forms
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import values
from enrollment.steps.question import Question, Words

# The same doubts in the words of the check page and of the officer's desk, where the typed value stands beside them.
SENTENCES: Mapping[str, Words] = {
    code: gettext_lazy(sentence) for code, sentence in values.WARNINGS.items()
} | {
    "registered_early": gettext_lazy("登録年月日が22歳の誕生日より前です。"),
    "postal_unknown": gettext_lazy(
        "郵便番号が一覧にありません。事業所の個別郵便番号が使えない場合は、通常の郵便番号を入力してください。"
    ),
    "postal_differs": gettext_lazy("郵便番号の地域と、住所が違うようです。"),
    "address_without_number": gettext_lazy("住所に番地がないようです。"),
}


BUTTONS = frozenset(
    {"accepted", "fill"}
)  # fields that are buttons, no answers: never locked, never kept as values


class Unseen(forms.HiddenInput):
    """An answer that only a button gives: there is nothing to draw."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        return mark_safe("")


def pressed() -> forms.CharField:
    """A field for a button's own value; absent unless that button was pressed."""
    return forms.CharField(required=False, widget=Unseen, strip=False)


class Doubt(NamedTuple):
    """`sentence` stands beside `field`; a `hint` is only said and kept, nobody has to answer it."""

    code: str
    field: str
    sentence: str
    hint: bool = False


class Doubting(Question):
    """A page with doubts."""

    template = "enrollment/doubting.html"
    found_doubts: list[Doubt]
    accepted = pressed()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.found_doubts = []
        super().__init__(*args, **kwargs)

    def doubts(self) -> list[Doubt]:
        """What is odd about the cleaned answers; asked only where nothing is wrong."""
        return []

    def full_clean(self) -> None:
        self.found_doubts = []
        super().full_clean()
        if not self.is_bound or self.errors:
            return
        self.found_doubts = self.doubts()
        for doubt in self.found_doubts:
            if doubt.hint:
                continue  # said where the page says such things, and on the check page
            field: Any = self.fields[doubt.field]
            field.doubts = [*getattr(field, "doubts", ()), doubt.sentence]
            drawn = self[doubt.field].auto_id
            field.widget.attrs["aria-describedby"] = f"{drawn}_helptext {drawn}_doubt"

    def forgive(self, *names: str) -> None:
        """What another answer has made needless cannot be wrong."""
        for name in names:
            self.errors.pop(name, None)

    @property
    def marks(self) -> str:
        """What 「このまま進む」 answers: each doubt with the text that caused it."""
        return "\n".join(self._mark(doubt) for doubt in self.found_doubts if not doubt.hint)

    def _mark(self, doubt: Doubt) -> str:
        return f"{doubt.code}={' '.join(str(self.data.get(doubt.field, '')).split())}"

    def needs_another_look(self) -> str:
        if self.errors:
            return ""
        accepted = str(self.data.get("accepted", "")).replace("\r\n", "\n").split("\n")
        asked = [
            doubt
            for doubt in self.found_doubts
            if not doubt.hint and doubt.field not in self.locked and self._mark(doubt) not in accepted
        ]
        if not asked:
            return ""
        names = _("、").join(dict.fromkeys(str(self.fields[doubt.field].label) for doubt in asked))
        return _("「%(names)s」をもう一度ご確認ください。正しければ「このまま進む」を押してください。") % {
            "names": names
        }

    def values(self) -> dict[str, Any]:
        found = {name: value for name, value in super().values().items() if name not in BUTTONS}
        codes = list(dict.fromkeys(doubt.code for doubt in self.found_doubts))
        return found | ({"warnings": codes} if codes else {})
