"""⑥ Kana and romaji of the name on the card (RJ, NM-08 to NM-14)."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import names
from enrollment.names import Field
from enrollment.problems import Problem
from enrollment.steps.question import Choice, Text, told
from enrollment.steps.romaji import PARTS, Romaji

MOST_SPLITS = 12


class Form(Romaji):
    template = "enrollment/names.html"

    parts = Choice(
        gettext_lazy("氏名のどこまでが姓ですか"),
        [],
        help_text=gettext_lazy("カードの氏名から、姓と名の区切りが読み取れませんでした。"),
    )
    printed_name = Text(
        gettext_lazy("HPKIカードに印字する氏名"),
        help_text=gettext_lazy(
            "カードに印字できない文字（外字や異体字）は、印字できる文字に置き換えてください。"
        ),
        longest=names.LONGEST_PRINTED,
        autocomplete="off",
    )
    field_order = ["parts", "family_kana", "given_kana"]

    @property
    def card_name(self) -> str:
        return str(self.draft.answer("card", "name") or "")

    def prepare(self) -> None:
        self.ways = () if names.split(self.card_name) else names.splits(self.card_name)[-MOST_SPLITS:]
        if self.ways:
            whole = _("%(name)s（名なし）")
            shown = [
                f"{way.family}　{way.given}" if way.given else whole % {"name": way.family}
                for way in self.ways
            ]
            self.offer("parts", [(str(place), text) for place, text in enumerate(shown)])
        else:
            del self.fields["parts"]
        if self.draft.fields is None or not self.draft.fields.printed_name:
            del self.fields["printed_name"]
        else:
            self.fields["printed_name"].initial = self.card_name
        super().prepare()

    def _split(self) -> names.Split | None:
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
        strange = names.unprintable(printed, self.draft.authority)
        if strange:
            listed = "、".join(
                _("%(place)d文字目「%(letter)s」") % {"place": s.position, "letter": s.character}
                for s in strange
            )
            raise ValidationError(
                _("カードに印字できない文字があります：%(listed)s。印字できる文字に置き換えてください。")
                % {"listed": listed},
                code="unprintable",
            )
        return printed

    def values(self) -> dict[str, Any]:
        way = self._split() or names.Split(self.card_name, "")
        found = super().values() | {"family": way.family, "given": way.given}
        return found | {"printed_name": self.cleaned_data.get("printed_name", "")}

    def context(self) -> dict[str, Any]:
        return {"card_name": self.card_name, "large": self._large()}

    def _large(self) -> bool:
        """NM-13: a large ヨ, ユ or ツ where a small one is usual is asked about, not refused."""
        return any(names.large_letters(str(self.data.get(f"{part}_kana", ""))) for part in PARTS)
