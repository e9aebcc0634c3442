"""Kana typed, romaji chosen from what the server computed, or typed by hand (RJ-30 to RJ-39); no script needed.

The list is rebuilt on a round trip: when the kana differ from those for which it was shown, the page comes back
with the new list and its first entry selected. So does a button that puts a value into a field.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import names
from enrollment.names import Field
from enrollment.problems import Problem
from enrollment.steps import hints
from enrollment.steps.question import Question, Text, Tick, Words, told

PARTS: tuple[Field, ...] = ("family", "given")
NO_LIST = gettext_lazy("カタカナを入力すると表示")


def kana_field(label: Words, example: str, autocomplete: str = "off") -> Text:
    return Text(label, read=names.kana, when=True, example=example, longest=120, autocomplete=autocomplete)


class RomajiSelect(forms.CharField):
    """The pull-down; its entries are set when the kana are known."""

    def __init__(self, label: Words) -> None:
        super().__init__(
            label=label, max_length=80, widget=forms.Select(attrs={"lang": "en", "autocomplete": "off"})
        )

    def validate(self, value: Any) -> None:
        """Needed only where the list is used; the form asks for it."""

    def offer(self, spellings: tuple[str, ...]) -> None:
        self.widget.choices = [(one, one) for one in spellings] or [("", NO_LIST)]


class Romaji(Question):
    """A page with kana and romaji of a family and a given name."""

    family_kana = kana_field(gettext_lazy("姓（カタカナ）"), "ヤマダ")
    given_kana = kana_field(gettext_lazy("名（カタカナ）"), "ハナコ")
    family_romaji = RomajiSelect(gettext_lazy("姓（ローマ字）"))
    given_romaji = RomajiSelect(gettext_lazy("名（ローマ字）"))
    manual = Tick(gettext_lazy("ヘボン式によらないローマ字表記を入力"))
    family_typed = Text(
        gettext_lazy("姓（ローマ字・手入力）"),
        when=True,
        help_text=gettext_lazy("半角英字、すべて大文字"),
        example="YAMADA",
        lang="en",
        autocapitalize="characters",
        autocomplete="off",
        spellcheck="false",
    )
    given_typed = Text(
        gettext_lazy("名（ローマ字・手入力）"),
        when=True,
        help_text=gettext_lazy("半角英字、先頭のみ大文字"),
        example="Hanako",
        lang="en",
        autocapitalize="words",
        autocomplete="off",
        spellcheck="false",
    )
    shown_for = forms.CharField(required=False, max_length=300, widget=forms.HiddenInput)
    take = forms.CharField(
        required=False, max_length=300, widget=forms.HiddenInput
    )  # posted by an offer's button

    # --- before anything is judged -----------------------------------------------------------------------------

    def prepare(self) -> None:
        self._look = ""
        self._taken = ("", "")
        self._read: dict[str, Any] = {}
        self._take()
        if self.is_bound and not self.data.get("manual"):
            for part in PARTS:  # RJ-34: unticking clears what was typed by hand
                self._put(f"{part}_typed", "")
        if not self.is_bound:
            self._foresee()
        for part in PARTS:
            select = self.fields[f"{part}_romaji"]
            if isinstance(select, RomajiSelect):
                select.offer(names.candidates(self.now(f"{part}_kana"), part))

    def now(self, name: str) -> str:
        """What the field shows: what was typed, or what the card suggests."""
        if name not in self.fields:
            return ""
        return str(self.data.get(name) or "") if self.is_bound else str(self.fields[name].initial or "")

    def _foresee(self) -> None:
        """Kana from the card bring their list along, so that nobody is asked to look at it again."""
        read: dict[Field, str] = {part: self.now(f"{part}_kana") for part in PARTS}
        if any(read.values()):
            self.fields["shown_for"].initial = mark(read)

    def _take(self) -> None:
        """A tap on an offered value (RJ-35, NM-08, NM-13): the page comes back with it in its field."""
        name, colon, value = str(self.data.get("take") or "").partition(":")
        if not colon or not isinstance(self.fields.get(name), Text):
            return
        self._taken = (name, str(self.data.get(name) or ""))
        self._put(name, value)
        self._look = _("入力欄を「%(value)s」に書き換えました。確認して、進んでください。") % {"value": value}

    def lock(self, names: frozenset[str]) -> None:
        """As `Question.lock`; no tap reaches a field that is shown only."""
        super().lock(names)
        name, before = self._taken
        if name in self.locked:
            self._put(name, before)
            self._look = ""

    def _put(self, name: str, value: str) -> None:
        """Into the field's own data; what was posted is kept by whoever posted it."""
        if not isinstance(self.data, MultiValueDict) or not getattr(self, "_own", False):
            self.data = MultiValueDict({key: [str(v) for v in self._listed(key)] for key in self.data})
            self._own = True
        self.data.setlist(name, [value])

    def _listed(self, key: str) -> list[Any]:
        return self.data.getlist(key) if isinstance(self.data, MultiValueDict) else [self.data[key]]

    # --- judging -------------------------------------------------------------------------------------------------

    def wanted_parts(self) -> tuple[Field, ...]:
        """Which of the two names this person has (NM-10), or may give here."""
        return PARTS

    def read_romaji(self) -> dict[str, str]:
        """Kana, romaji and style (RJ-39) of each wanted part; problems are put beside their fields."""
        data = self.cleaned_data
        read = {part: str(data.get(f"{part}_kana") or "") for part in self.wanted_parts()}
        for part, kana in read.items():
            if not kana and f"{part}_kana" not in self.errors:
                self.add_error(f"{part}_kana", _("カタカナで入力してください。"))
        if any(f"{part}_kana" in self.errors for part in read):
            return {}
        spelled = self._typed(read) if data.get("manual") else self._chosen(read)
        if self.errors or self._look:
            return {}
        try:
            names.fits_certificate(spelled.get("family", ""), spelled.get("given", ""))
        except Problem as problem:
            self.add_error("family_typed" if data.get("manual") else "family_romaji", told(problem))
        found: dict[str, str] = {}
        for part in PARTS:
            kana, romaji = read.get(part, ""), spelled.get(part, "")
            found |= {f"{part}_kana": kana, f"{part}_romaji": romaji}
            found[f"{part}_style"] = names.style(kana, part, romaji) if kana else ""
        return found

    def _typed(self, read: dict[Field, str]) -> dict[Field, str]:
        spelled: dict[Field, str] = {}
        for part in read:
            try:
                spelled[part] = names.typed(str(self.cleaned_data.get(f"{part}_typed", "")), part)
            except Problem as problem:
                self.add_error(f"{part}_typed", told(problem))
        return spelled

    def _chosen(self, read: dict[Field, str]) -> dict[Field, str]:
        try:
            offered = {part: names.spellings(kana, part) for part, kana in read.items()}
        except Problem:
            self._ask_by_hand(read)
            return {}
        if self.cleaned_data.get("shown_for") != mark(read):
            self._show_again(read, offered)
            return {}
        spelled: dict[Field, str] = {}
        for part, kana in read.items():
            try:
                spelled[part] = names.chosen(kana, part, str(self.cleaned_data.get(f"{part}_romaji", "")))
            except Problem as problem:
                self.add_error(f"{part}_romaji", told(problem))
        return spelled

    def _ask_by_hand(self, read: dict[Field, str]) -> None:
        """RJ-21: where one part has no candidate, both are typed; what can be spelled stands there already."""
        self._put("manual", "on")
        for part, kana in read.items():
            try:
                self._put(f"{part}_typed", names.spellings(kana, part)[0])
            except Problem as problem:
                self.add_error(f"{part}_typed", told(problem))

    def _show_again(self, read: dict[Field, str], offered: Mapping[Field, tuple[str, ...]]) -> None:
        """RJ-30: a changed kana rebuilds the list, its first entry selected."""
        self._look = self._look or _(
            "ローマ字の候補を表示しました。確認して、このまま進むか、選び直してください。"
        )
        for part, kana in read.items():
            select = self.fields[f"{part}_romaji"]
            if isinstance(select, RomajiSelect):
                select.offer(offered[part])
            self._put(f"{part}_kana", kana)
            self._put(f"{part}_romaji", offered[part][0])
        self._put("shown_for", mark(read))

    def needs_another_look(self) -> str:
        return "" if self.errors else self._look

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or {})
        self._read = self.read_romaji()
        return data

    def values(self) -> dict[str, Any]:
        return dict(self._read)

    # --- drawing -------------------------------------------------------------------------------------------------

    def hints(self) -> dict[str, hints.Hint]:
        """What stands beside each field, by its name."""
        shown = [name for name, field in self.fields.items() if isinstance(field, Text)]
        return {name: hints.beside(name, self.now(name), self.draft.authority) for name in shown}

    def spelled_now(self) -> str:
        """The romaji that would be kept, in the card's order: family name, given name (RJ-37)."""
        return " ".join(one for one in map(self._spelled_now, PARTS) if one)

    def _spelled_now(self, part: Field) -> str:
        if self.data.get("manual"):
            try:
                return names.typed(self.now(f"{part}_typed"), part)
            except Problem:
                return ""  # nothing is printed as it stands there now
        offered = names.candidates(self.now(f"{part}_kana"), part)
        shown = self.now(f"{part}_romaji")
        return shown if shown in offered else next(iter(offered), "")

    def flags(self, found: Mapping[str, Any]) -> list[str]:
        """What an officer should look at in these answers (`hints.FLAGS`)."""
        return [f"{part}_manual" for part in PARTS if found.get(f"{part}_style") == "manual"]


def mark(read: Mapping[Field, str]) -> str:
    """For which kana a list was shown."""
    return "/".join(read.get(part, "") for part in PARTS)
