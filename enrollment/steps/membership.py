"""⑥ Membership of a medical or pharmacists' association, where the authority asks (DQ-25, DQ-27)."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import values
from enrollment.problems import Problem
from enrollment.steps.question import Choice, Question, Text, Tick, told

MEMBER, OTHER = "yes", "no"


class Form(Question):
    member = Choice("", [(MEMBER, gettext_lazy("所属している")), (OTHER, gettext_lazy("所属していない"))])
    number = Text(
        gettext_lazy("会員番号"),
        when=True,
        longest=40,
        inputmode="numeric",
        autocomplete="off",
        css="width-12",
    )
    number_unknown = Tick(gettext_lazy("会員番号が分からない"))

    def prepare(self) -> None:
        fields = self.draft.fields
        self.digits = fields.member_number_digits if fields else 0
        self.fields["member"].label = _(fields.membership_label) if fields else ""
        if not self.digits:
            del self.fields["number"], self.fields["number_unknown"]
        else:
            self.fields["number"].help_text = _(
                "所属している方だけ入力してください。数字%(digits)s桁です。"
            ) % {"digits": self.digits}

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or {})
        if not self.digits:
            return data
        typed = str(data.get("number") or "")
        if data.get("member") != MEMBER or (data.get("number_unknown") and not typed):
            self.errors.pop("number", None)
            return data | {"number": "", "number_unknown": bool(data.get("number_unknown")) and not typed}
        try:
            data["number"] = values.member_number(typed, digits=self.digits)
        except Problem as problem:
            self.add_error("number", told(problem) if typed else _unknown())
        return data | {"number_unknown": False}


def _unknown() -> ValidationError:
    return ValidationError(
        _("会員番号を入力してください。分からないときは「会員番号が分からない」にチェックを入れてください。"),
        code="member_number_missing",
    )
