"""⑥ Registration number and date (DQ-02 to DQ-07), and what else the licence asks for (PH-14, NM-22)."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import authorities, days, values
from enrollment.applicants import registers
from enrollment.problems import Problem
from enrollment.steps.echoes import DateText
from enrollment.steps.question import Question, Text, Tick, told


class Form(Question):
    registration_number = Text(
        gettext_lazy("登録番号"),
        read=values.registration_number,
        help_text=gettext_lazy("免許証に書かれている番号です。"),
        example="123456",
        longest=20,
        inputmode="numeric",
        autocomplete="off",
        css="width-12",
    )
    registered_on = DateText(gettext_lazy("登録年月日"))
    reissued_on = DateText(gettext_lazy("書換交付・再交付の日（ある場合）"), required=False)
    has_notes_on_back = Tick(gettext_lazy("免許証の裏面に追記がある"))
    is_changing_surname = Tick(gettext_lazy("免許証の改姓手続き中である（免許証の姓が、いまの姓と違う）"))

    def prepare(self) -> None:
        if self.draft.qualification:
            row = authorities.qualification(self.draft.qualification)
            self.fields["registration_number"].label = _(row.register_number)

    def clean_registered_on(self) -> date:
        born = date.fromisoformat(str(self.draft.answer("card", "birth_date") or "1900-01-01"))
        try:
            return days.registered_on(self.cleaned_data["registered_on"], birth_date=born, today=self.day)
        except Problem as problem:
            raise told(problem) from problem

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or {})
        registered, typed = data.get("registered_on"), data.get("reissued_on")
        if typed and isinstance(registered, date):
            try:
                data["reissued_on"] = days.reissued_on(typed, registered=registered, today=self.day)
            except Problem as problem:
                self.add_error("reissued_on", told(problem))
        number, born = data.get("registration_number"), self.draft.answer("card", "birth_date")
        if (
            number
            and born
            and registers.holds_card(self.draft.qualification, number, date.fromisoformat(born))
        ):
            self.add_error("registration_number", _known_holder())
        return data


def _known_holder() -> ValidationError:
    return ValidationError(
        _(
            "認証局の記録では、HPKIカード（期限切れ・失効・発行待ちを含む）をお持ちです。この申請はできません。"
            "「HPKIカードをお持ちの方」のページから登録するか、認証局にお問い合わせください。"
        ),
        code="has_card_by_register",
    )
