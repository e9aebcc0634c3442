"""⑥ The postal code of the address on the card, which is read-only (NM-24, DQ-16, K-18)."""

from typing import Any

from django.utils.translation import gettext_lazy

from enrollment import values
from enrollment.steps.question import Question, Text, Words


def postal_code(label: Words, *, when: bool = False) -> Text:
    """A postal code; a code of a single office may be unknown (DQ-16)."""
    return Text(
        label,
        read=values.postal_code,
        when=when,
        help_text=gettext_lazy("事業所の個別郵便番号が使えない場合は、通常の郵便番号を入力してください。"),
        example="100-8914",
        longest=20,
        inputmode="numeric",
        autocomplete="postal-code",
        css="width-12",
    )


class Form(Question):
    template = "enrollment/home.html"

    postal_code = postal_code(gettext_lazy("郵便番号"))

    def context(self) -> dict[str, Any]:
        return {"address": self.draft.answer("card", "address")}
