"""Kana typed, romaji chosen from what the server computed, or typed by hand (RJ-30 to RJ-39); no script needed.

The list is rebuilt on a round trip: when the kana differ from those for which it was shown, the page comes back
with the new list and its first entry selected.
"""

from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import names
from enrollment.names import Field
from enrollment.problems import Problem
from enrollment.steps.question import Question, Text, Tick, Words, told

PARTS: tuple[Field, ...] = ("family", "given")


def kana_field(label: Words, example: str, autocomplete: str = "off") -> Text:
    return Text(label, read=names.kana, when=True, example=example, longest=120, autocomplete=autocomplete)


class RomajiSelect(forms.CharField):
    """The pull-down; its entries are set when the kana are known."""

    def __init__(self, label: Words) -> None:
        super().__init__(label=label, max_length=80, widget=forms.Select(attrs={"lang": "en"}))

    def validate(self, value: Any) -> None:
        """Needed only where the list is used; the form asks for it."""

    def offer(self, spellings: tuple[str, ...]) -> None:
        self.widget.choices = [(one, one) for one in spellings]


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
    )
    given_typed = Text(
        gettext_lazy("名（ローマ字・手入力）"),
        when=True,
        help_text=gettext_lazy("半角英字、先頭のみ大文字"),
        example="Hanako",
        lang="en",
        autocapitalize="words",
        autocomplete="off",
    )
    shown_for = forms.CharField(required=False, max_length=300, widget=forms.HiddenInput)

    def prepare(self) -> None:
        self._look = False
        for part in PARTS:
            select = self.fields[f"{part}_romaji"]
            if isinstance(select, RomajiSelect):
                select.offer(names.candidates(str(self.data.get(f"{part}_kana", "")), part))

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
        if self.errors:
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
        spelled: dict[Field, str] = {}
        is_fresh = self.cleaned_data.get("shown_for") == mark(read)
        for part, kana in read.items():
            try:
                offered = names.spellings(kana, part)
                value = str(self.cleaned_data.get(f"{part}_romaji", ""))
                if is_fresh or value:
                    spelled[part] = names.chosen(kana, part, value) if is_fresh else offered[0]
            except Problem as problem:
                self.add_error(
                    f"{part}_romaji" if problem.code == "romaji_not_candidate" else f"{part}_kana",
                    told(problem),
                )
        if not self.errors and not is_fresh:
            self._show_again(read)
        return spelled

    def _show_again(self, read: dict[Field, str]) -> None:
        """RJ-30: a changed kana rebuilds the list, its first entry selected."""
        self._look = True
        data = MultiValueDict(self.data) if isinstance(self.data, MultiValueDict) else MultiValueDict()
        for part, kana in read.items():
            offered = names.candidates(kana, part)
            select = self.fields[f"{part}_romaji"]
            if isinstance(select, RomajiSelect):
                select.offer(offered)
            data.setlist(f"{part}_kana", [kana])
            data.setlist(f"{part}_romaji", list(offered[:1]))
        data.setlist("shown_for", [mark(read)])
        self.data = data

    def needs_another_look(self) -> str:
        return (
            _("ローマ字の候補を表示しました。確認して、このまま進むか、選び直してください。")
            if self._look
            else ""
        )

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or {})
        self._read = self.read_romaji()
        return data

    def values(self) -> dict[str, Any]:
        return dict(self._read)


def mark(read: dict[Field, str]) -> str:
    """For which kana a list was shown."""
    return "/".join(read.get(part, "") for part in PARTS)
