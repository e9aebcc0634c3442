"""⑦ Telephone, where letters go, and where the card is handed over (DQ-01, DQ-18, DQ-26, DQ-27)."""

from typing import Any

from django.core.exceptions import ValidationError
from django.forms import ChoiceField, Select
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import values
from enrollment.steps.home import postal_code
from enrollment.steps.question import Choice, Question, Text
from enrollment.steps.workplace import plain

HOME, WORK, ELSEWHERE = "home", "work", "elsewhere"
PLACES = [
    (HOME, gettext_lazy("マイナンバーカードの住所")),
    (WORK, gettext_lazy("勤務先の住所")),
    (ELSEWHERE, gettext_lazy("そのほかの住所")),
]


class Form(Question):
    phone = Text(
        gettext_lazy("日中に連絡できる電話番号"),
        read=values.phone,
        example="090-1234-5678",
        longest=30,
        inputmode="tel",
        autocomplete="tel",
        css="width-20",
    )
    send_to = Choice(gettext_lazy("交付案内などの送付先"), PLACES)
    postal_code = postal_code(gettext_lazy("送付先の郵便番号"), when=True)
    address = Text(gettext_lazy("送付先の住所"), read=plain, when=True, autocomplete="off")
    pickup = ChoiceField(label=gettext_lazy("HPKIカードの受け取り場所"), widget=Select)

    def prepare(self) -> None:
        fields = self.draft.fields
        if fields is None or not fields.delivery_address:
            del self.fields["send_to"], self.fields["postal_code"], self.fields["address"]
        if fields is None or not fields.pickup_places:
            del self.fields["pickup"]
        else:
            places = [(place.code, _(place.name)) for place in fields.pickup_places]
            self.offer("pickup", [("", _("選んでください")), *places])
            self.fields["pickup"].error_messages["required"] = _("HPKIカードの受け取り場所を選んでください。")

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or {})
        if data.get("send_to") == WORK and self.draft.answer("workplace", "has_workplace") == "none":
            self.add_error("send_to", _("勤務先が「なし」のため選べません。ほかの送付先を選んでください。"))
        if data.get("send_to") == ELSEWHERE:
            for name in ("postal_code", "address"):
                if not data.get(name) and name not in self.errors:
                    sentence = _("%(label)sを入力してください。") % {"label": self.fields[name].label}
                    self.add_error(name, ValidationError(sentence, code="required"))
        elif "send_to" in data:
            data |= {"postal_code": "", "address": ""}
        return data
