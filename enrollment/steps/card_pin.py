"""⑥ The PIN of the HPKI card to be made, typed twice; it leaves this form only sealed (DQ-22, DQ-23, decision 20)."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import values
from enrollment.problems import Problem
from enrollment.steps.question import Question, Words, told

LONGEST = 16


class Secret(forms.CharField):
    """A number that is never drawn again."""

    def __init__(self, label: Words) -> None:
        widget = forms.PasswordInput(
            render_value=False,
            attrs={"inputmode": "numeric", "autocomplete": "new-password", "class": "width-8"},
        )
        super().__init__(label=label, max_length=LONGEST, strip=True, widget=widget)
        self.error_messages["required"] = gettext_lazy("暗証番号を入力してください。")
        self.error_messages["max_length"] = gettext_lazy(
            "長すぎます（入力は%(show_value)d文字）。短い暗証番号にしてください。"
        )
        self.error_messages["null_characters_not_allowed"] = gettext_lazy("使えない文字が含まれています。")


class Form(Question):
    secret = True
    template = "enrollment/card_pin.html"

    pin = Secret(gettext_lazy("HPKIカードの暗証番号"))
    again = Secret(gettext_lazy("HPKIカードの暗証番号（確認のためもう一度）"))

    def prepare(self) -> None:
        fields = self.draft.fields
        self.digits = fields.card_pin_digits if fields else 4
        self.refused = fields.card_pin_refused if fields else ()
        self.fields["pin"].help_text = _(
            "数字%(digits)d桁。届いたHPKIカードを使うときの番号です。マイナンバーカードの暗証番号とは別のものです。"
        ) % {"digits": self.digits}

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or {})
        if "pin" not in data:
            return data
        born = date.fromisoformat(str(self.draft.answer("card", "birth_date")))
        try:
            pin = values.card_pin(data["pin"], digits=self.digits, birth_date=born, refused=self.refused)
        except Problem as problem:
            self.add_error("pin", told(problem))
            return data
        if "again" in data and values.same_digits(data["again"]) != pin:
            self.add_error("again", _("1回目と2回目の暗証番号が違います。もう一度、両方を入力してください。"))
        return data | {"pin": pin}

    def values(self) -> dict[str, Any]:
        return {"is_set": True}

    def context(self) -> dict[str, Any]:
        fields = self.draft.fields
        return {"tries": fields.card_pin_tries if fields else 0}
