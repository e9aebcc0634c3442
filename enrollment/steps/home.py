"""⑥ The postal code of the address on the card, which is read-only (NM-24, DQ-16, K-18)."""

from typing import Any

from django.utils.translation import gettext_lazy

from enrollment.places import agreement
from enrollment.steps.addresses import Offer, PostalPage, differing, known, postal_code, unlisted
from enrollment.steps.doubts import Doubt


class Form(PostalPage):
    template = "enrollment/home.html"

    postal_code = postal_code(gettext_lazy("郵便番号"))

    @property
    def card_address(self) -> str:
        return str(self.draft.answer("card", "address") or "")

    def doubts(self) -> list[Doubt]:
        return self.postal_doubts(str(self.cleaned_data.get("postal_code", "")), self.card_address)

    def context(self) -> dict[str, Any]:
        typed = str(self.data.get("postal_code", "")) if self.is_bound else ""
        return {"address": self.card_address, "offer": beside_card(typed, self.card_address)}


def beside_card(typed: str, address: str) -> Offer:
    """What a postal code means beside the card's address, which nobody changes here (K-18)."""
    places = known(typed)
    if places is None:
        return Offer()
    if not places:
        return Offer(hint=unlisted())
    if not agreement.belongs(address, places):
        return Offer(hint=differing(places, address))
    return Offer(found=places)
