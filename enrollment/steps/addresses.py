"""A postal code and the address that it fills (DQ-16, DQ-17): with a script at once, without one by a button.

What a person typed is never overwritten unasked, and what was replaced can be brought back. A code of a single
office is understood; a code that nobody knows is accepted with a hint, and the address is typed.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import names, values
from enrollment.places import agreement, lookup
from enrollment.places.found import Place
from enrollment.problems import Problem
from enrollment.steps.doubts import Doubt, Doubting, pressed
from enrollment.steps.question import Text, Words

# DQ-16's own sentence: a hint where a code is unknown, the error where an authority takes no office codes.
OFFICE_SENTENCE = gettext_lazy("事業所の個別郵便番号が使えない場合は、通常の郵便番号を入力してください。")
ASK, PICK, BACK = "ask", "pick:", "back:"
LONGEST_ADDRESS = 200


class Offer(NamedTuple):
    """What a postal code means for the address field.

    `put` goes into the field, `former` is what stood there and can come back; `choices` wait for the person;
    `found` is said where the field is right already; `hint` where the code is not known.
    """

    put: str = ""
    former: str = ""
    choices: tuple[Place, ...] = ()
    found: tuple[Place, ...] = ()
    hint: Words = ""


def known(typed: str) -> tuple[Place, ...] | None:
    """The places of what was typed; None while it is no postal code."""
    try:
        return lookup.find(values.postal_code(typed))
    except Problem:
        return None


def unlisted() -> str:
    """DQ-16's hint."""
    return _("この郵便番号は一覧にありません。") + str(OFFICE_SENTENCE)


def differing(places: tuple[Place, ...], address: str) -> str:
    """K-18's warning, with both addresses."""
    return _("この郵便番号は「%(found)s」のものです。住所は「%(address)s」です。") % {
        "found": "」「".join(place.address for place in places[:3]),
        "address": address,
    }


def offer(typed: str, address: str, *, ours: str = "") -> Offer:
    """What to do with the address beside a postal code. `ours` is what was filled in before and not typed."""
    places = known(typed)
    if places is None:
        return Offer()
    if not places:
        return Offer(
            hint=_("この郵便番号は一覧にありません。住所を入力してください。") + str(OFFICE_SENTENCE)
        )
    stands = address.strip()
    fitting = tuple(place for place in places if stands.startswith(place.address))
    if fitting:
        return Offer(found=fitting)
    if len(places) == 1 and stands in ("", ours.strip()):
        return Offer(put=places[0].address, found=places)
    return Offer(choices=places)


def pressed_button(button: str, typed: str, address: str) -> Offer:
    """The same round trip without a script: 「住所を入れる」, one of the choices, or 「元に戻す」."""
    places = known(typed) or ()
    if button.startswith(BACK):
        return Offer(put=button.removeprefix(BACK)[:LONGEST_ADDRESS], former=address)
    number = button.removeprefix(PICK)
    if button.startswith(PICK) and number.isascii() and number.isdecimal() and len(number) < 4:
        chosen = places[int(number) : int(number) + 1]
        return Offer(put=chosen[0].address, former=address, found=chosen) if chosen else Offer()
    return offer(typed, address)


def postal_code(label: Words, *, when: bool = False, autocomplete: str = "postal-code") -> Text:
    """A postal code; only its shape can be wrong (DQ-16)."""
    return Text(
        label,
        read=values.postal_code,
        when=when,
        help_text=gettext_lazy("7桁の数字です。ハイフンはあってもなくても構いません。"),
        example="100-8916",
        longest=20,
        inputmode="numeric",
        autocomplete=autocomplete,
        css="width-12",
    )


def plain(text: str) -> str:
    """A line of text as typed, without invisible characters (NM-25)."""
    return names.checked(text, longest=LONGEST_ADDRESS)


class PostalPage(Doubting):
    """A page with `postal_code` and, where it is typed here, `address`."""

    fill = pressed()
    postal_offer = Offer()

    def full_clean(self) -> None:
        self.postal_offer = Offer()
        super().full_clean()
        if not self.is_bound:
            return
        typed, address = (str(self.data.get(name, "")) for name in ("postal_code", "address"))
        if self._fills():
            self.postal_offer = pressed_button(str(self.data["fill"]), typed, address)
            self._forget_other_errors()
            self._put(self.postal_offer)
        elif "address" in self.fields and "address" not in self.locked and self._asks_address():
            self.postal_offer = offer(typed, address)._replace(put="")

    def _fills(self) -> bool:
        """Whether the button was pressed, and there is an address that may be filled."""
        pressed = self.is_bound and bool(self.data.get("fill"))
        return pressed and "address" in self.fields and "address" not in self.locked

    def _asks_address(self) -> bool:
        """Whether the address is asked for at all, as the answers stand."""
        return True

    def _forget_other_errors(self) -> None:
        """The button asks for an address, not for a judgement of fields that are still empty."""
        self.found_doubts = []
        self.forgive(*(name for name in list(self.errors) if name != "postal_code"))

    def _put(self, found: Offer) -> None:
        if not found.put and not found.former:
            return
        data = MultiValueDict(self.data) if isinstance(self.data, MultiValueDict) else MultiValueDict()
        data.setlist("address", [found.put])
        self.data = data

    def needs_another_look(self) -> str:
        if not self._fills():
            return super().needs_another_look()
        if "postal_code" in self.errors:
            return _("郵便番号を確かめてください。")
        if self.postal_offer.choices:
            return _("住所を選んでください。いまの住所のままでよければ、そのまま進めます。")
        if self.postal_offer.hint:
            return str(self.postal_offer.hint)
        return _("住所の欄を確かめて、番地などを続けて入力してください。")

    def clean_postal_code(self) -> str:
        """A CA may forbid codes of single offices; then DQ-16's sentence is the error."""
        code = str(self.cleaned_data["postal_code"])
        fields = self.draft.fields
        if (
            code
            and fields is not None
            and not fields.office_postal_codes
            and lookup.is_office(lookup.find(code))
        ):
            raise ValidationError(str(OFFICE_SENTENCE), code="postal_code_office")
        return code

    def postal_doubts(self, code: str, address: str) -> list[Doubt]:
        """K-18: the code is unknown (a hint), or belongs to another place than the address."""
        if not code:
            return []
        places = lookup.find(code)
        if not places:
            return [Doubt("postal_unknown", "postal_code", unlisted(), hint=True)]
        if agreement.belongs(address, places):
            return []
        return [Doubt("postal_differs", "postal_code", differing(places, address))]

    def typed_doubts(self, data: Mapping[str, Any]) -> list[Doubt]:
        """As `postal_doubts`, for an address that was typed here; and one that ends where the code's ends."""
        code, address = str(data.get("postal_code") or ""), str(data.get("address") or "")
        found = self.postal_doubts(code, address)
        if code and any(address == place.address and not place.office for place in lookup.find(code)):
            sentence = _("番地がまだ入力されていないようです。番地がない場合は、そのまま進めます。")
            found.append(Doubt("address_without_number", "address", sentence))
        return found
