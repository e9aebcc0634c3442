"""⑥ Kana and romaji of the name on the card (RJ, NM-08 to NM-14)."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import names
from enrollment.names import Field, Match
from enrollment.problems import Problem
from enrollment.steps import hints
from enrollment.steps.question import Choice, Text, Tick, told
from enrollment.steps.romaji import NO_LIST, PARTS, Romaji

MOST_BUTTONS = 6  # more ways to part a name than this are a pull-down


class Form(Romaji):
    template = "enrollment/names.html"

    parts = Choice(
        gettext_lazy("氏名のどこまでが姓ですか"),
        [],
        help_text=gettext_lazy("カードの氏名から、姓と名の区切りが読み取れませんでした。"),
    )
    no_given = Tick(
        gettext_lazy("名なし"),
        help_text=gettext_lazy("氏名が一語の方。カードの氏名全体を姓として扱い、名はたずねません。"),
    )
    printed_name = Text(
        gettext_lazy("券面表記（HPKIカードに印字する氏名）"),
        help_text=gettext_lazy(
            "外字や異体字は印字できません。カードの氏名にあるときは、印字できる文字に置き換えてください。"
        ),
        longest=names.LONGEST_PRINTED,
        autocomplete="off",
    )
    field_order = ["parts", "no_given", "family_kana", "given_kana"]

    @property
    def card_name(self) -> str:
        return str(self.draft.answer("card", "name") or "")

    @property
    def card_kana(self) -> str:
        """The furigana on the card; older cards have none (NM-14)."""
        return str(self.draft.answer("card", "kana") or "")

    def prepare(self) -> None:
        self.ways = tuple(way for way in names.splits(self.card_name) if way.given)
        if names.split(self.card_name):
            self.ways = ()
            del self.fields["no_given"]
        if self.ways:
            self._offer_ways()
        else:
            del self.fields["parts"]
        if self._asks_printed_name():
            printed = self.fields["printed_name"]
            printed.initial = self.card_name
            if not self._prints():
                printed.label = _("外字を置き換えた氏名")
                printed.help_text = _("字形のない文字を、実際の文字に近い、読める文字に置き換えてください。")
        else:
            del self.fields["printed_name"]
        reading = names.split(self.card_kana) or names.Split(self.card_kana, "")
        self.fields["family_kana"].initial, self.fields["given_kana"].initial = reading
        super().prepare()

    def _offer_ways(self) -> None:
        field = self.fields["parts"]
        assert isinstance(field, forms.ChoiceField)
        shown = [(str(place), f"{way.family}　{way.given}") for place, way in enumerate(self.ways)]
        if len(shown) > MOST_BUTTONS:
            field.widget = forms.Select(attrs={"autocomplete": "off"})
            shown = [("", _("選んでください")), *shown]
        field.choices = shown
        field.error_messages["required"] = _(
            "姓と名の区切りを選んでください。一語の氏名であれば「名なし」を選んでください。"
        )

    def _asks_printed_name(self) -> bool:
        """NM-08 where the authority prints what is typed; NM-09 wherever the card's name lacks a glyph."""
        fields = self.draft.fields
        return bool(fields and fields.printed_name) or bool(names.substitutes(self.card_name))

    def _prints(self) -> bool:
        """Whether a card is made that shows the name (DQ-26)."""
        return bool(self.draft.fields and self.draft.fields.card_preview)

    def _split(self) -> names.Split | None:
        if self.cleaned_data.get("no_given"):
            return names.Split(self.card_name.strip(" \u3000"), "")
        if not self.ways:
            return names.split(self.card_name)
        chosen = self.cleaned_data.get("parts", "")
        return self.ways[int(chosen)] if chosen else None

    def wanted_parts(self) -> tuple[Field, ...]:
        way = self._split()
        return PARTS if way is None or way.given else PARTS[:1]

    def clean_printed_name(self) -> str:
        """NM-08: what the authority's printer does not know is named with its place."""
        try:
            printed = names.checked(self.cleaned_data["printed_name"], longest=names.LONGEST_PRINTED)
        except Problem as problem:
            raise told(problem) from problem
        listed = hints.unprintable(printed, self.draft.authority)
        if listed:
            raise ValidationError(
                _("カードに印字できない文字があります：%(listed)s。印字できる文字に置き換えてください。")
                % {"listed": listed},
                code="unprintable",
            )
        return printed

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("no_given"):
            self.errors.pop("parts", None)
        elif not self.ways and "no_given" in self.fields:
            self.add_error(
                "no_given",
                _("カードの氏名は姓と名に分けられません。一語の氏名であれば、「名なし」を選んでください。"),
            )
        return super().clean()

    def values(self) -> dict[str, Any]:
        way = self._split() or names.Split(self.card_name, "")
        found = super().values() | {"family": way.family, "given": way.given}
        found["printed_name"] = self.cleaned_data.get("printed_name", "")
        return found | {"flags": self.flags(found)}

    def flags(self, found: Any) -> list[str]:
        flagged = super().flags(found)
        reading = found.get("family_kana", "") + found.get("given_kana", "")
        if self.card_kana and not names.same_kana(self.card_kana, reading):
            flagged.append("kana_differs")  # NM-14: a flag, no error
        if names.substitutes(self.card_name):
            flagged.append("gaiji")  # NM-09: the officer compares with the picture of the ID
        elif found["printed_name"] and names.compare(self.card_name, found["printed_name"]) is Match.MISMATCH:
            flagged.append("printed_differs")
        return flagged

    def context(self) -> dict[str, Any]:
        other = self.draft.answers.get("other-name", {})
        return {
            "card_name": self.card_name,
            "card_kana": self.card_kana,
            "no_list": NO_LIST,
            "prints_names": self._prints(),
            "gaiji": hints.unprintable(self.card_name, "") if names.substitutes(self.card_name) else "",
            "face": {
                "name": self.now("printed_name") or self.card_name,
                "romaji": self.spelled_now(),
                "other": names.joined(other.get("family", ""), other.get("given", "")),
                "other_romaji": f"{other.get('family_romaji', '')} {other.get('given_romaji', '')}".strip(),
            },
        }
