"""⑦ Telephone, where letters go, and where the card is handed over (DQ-01, DQ-18, DQ-26, DQ-27)."""

from typing import Any

from django.core.exceptions import ValidationError
from django.forms import ChoiceField, Select
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import values
from enrollment.steps.addresses import PostalPage, plain, postal_code
from enrollment.steps.doubts import Doubt
from enrollment.steps.echoes import EchoedText
from enrollment.steps.question import Choice, Text

HOME, WORK, ELSEWHERE = "home", "work", "elsewhere"
PLACES = [
    (HOME, gettext_lazy("マイナンバーカードの住所")),
    (WORK, gettext_lazy("勤務先の住所")),
    (ELSEWHERE, gettext_lazy("そのほかの住所")),
]


class Form(PostalPage):
    template = "enrollment/delivery.html"

    phone = EchoedText(
        gettext_lazy("日中に連絡できる電話番号"),
        echo="phone",
        read=values.phone,
        help_text=gettext_lazy(
            "固定電話は市外局番から入力してください。ハイフンはあってもなくても構いません。"
        ),
        example="090-1234-5678",
        longest=30,
        inputmode="tel",
        autocomplete="tel",
        css="width-20",
    )
    send_to = Choice(gettext_lazy("交付案内などの送付先"), PLACES)
    postal_code = postal_code(
        gettext_lazy("送付先の郵便番号"), when=True, autocomplete="shipping postal-code"
    )
    address = Text(gettext_lazy("送付先の住所"), read=plain, when=True, autocomplete="shipping address-line1")
    pickup = ChoiceField(label=gettext_lazy("HPKIカードの受け取り場所"), widget=Select)

    def prepare(self) -> None:
        fields = self.draft.fields
        if fields is None or not fields.delivery_address:
            for name in ("send_to", "postal_code", "address", "fill"):
                del self.fields[name]
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
        elif "send_to" in self.fields:
            self.forgive("postal_code", "address")
            data |= {"postal_code": "", "address": ""}
        return data

    def _asks_address(self) -> bool:
        return self.data.get("send_to") == ELSEWHERE

    def doubts(self) -> list[Doubt]:
        return self.typed_doubts(self.cleaned_data)
