"""⑥ 通称名又は旧姓・旧名の併記 (NM-16 to NM-26)."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import names
from enrollment.names import Field
from enrollment.problems import Problem
from enrollment.steps.question import Choice, Text, Tick, told
from enrollment.steps.romaji import PARTS, Romaji

NONE, ALIAS, FORMER = "none", "alias", "former"
KINDS = [
    (NONE, gettext_lazy("併記しない")),
    (ALIAS, gettext_lazy("通称名を併記する")),
    (FORMER, gettext_lazy("旧姓・旧名を併記する")),
]


class Form(Romaji):
    template = "enrollment/other_name.html"

    kind = Choice(gettext_lazy("通称名又は旧姓・旧名の併記"), KINDS)
    from_card = Tick(gettext_lazy("マイナンバーカードに記載のある旧姓・通称名を使用する"))
    family_kanji = Text(
        gettext_lazy("姓（漢字）"), when=True, autocomplete="off", help_text=gettext_lazy("全角")
    )
    given_kanji = Text(
        gettext_lazy("名（漢字）"), when=True, autocomplete="off", help_text=gettext_lazy("全角")
    )
    field_order = ["kind", "from_card", "family_kanji", "given_kanji"]

    def on_card(self, kind: str) -> str:
        """The former surname or the alias that the card holds, or "" (NM-19, NM-26)."""
        field = {ALIAS: "alias", FORMER: "former_family"}.get(kind, "")
        return str(self.draft.answer("card", field) or "") if field else ""

    def prepare(self) -> None:
        if not (self.on_card(ALIAS) or self.on_card(FORMER)):
            del self.fields["from_card"]
        super().prepare()

    @property
    def kind_now(self) -> str:
        return str(self.cleaned_data.get("kind", ""))

    @property
    def uses_card(self) -> bool:
        return bool(self.cleaned_data.get("from_card"))

    def wanted_parts(self) -> tuple[Field, ...]:
        """From the card only the surname is former (NM-17); an alias may be one word, a typed name has both parts."""
        if self.kind_now == FORMER and self.uses_card:
            return PARTS[:1]
        if (
            self.kind_now == ALIAS
            and not self.cleaned_data.get("given_kana")
            and not self.cleaned_data.get("given_kanji")
        ):
            return PARTS[:1]
        return PARTS

    def read_romaji(self) -> dict[str, str]:
        if self.kind_now == NONE or "kind" in self.errors:
            return {}
        if self.uses_card and not self.on_card(self.kind_now):
            self.add_error(
                "from_card",
                _(
                    "マイナンバーカードに、選んだ種類の氏名は記載されていません。チェックを外して入力してください。"
                ),
            )
        if not self.uses_card:
            self._read_kanji()
        return super().read_romaji()

    def _read_kanji(self) -> None:
        for part in self.wanted_parts():
            name = f"{part}_kanji"
            try:
                self.cleaned_data[name] = names.checked(str(self.cleaned_data.get(name) or ""))
            except Problem as problem:
                self.add_error(name, told(problem))

    def values(self) -> dict[str, Any]:
        kind = self.kind_now
        if kind == NONE:
            return {"kind": NONE, "from_card": False}
        found = super().values() | {"kind": kind, "from_card": self.uses_card}
        if self.uses_card:
            return found | {"family": self.on_card(kind), "given": ""}
        return found | {
            "family": self.cleaned_data.get("family_kanji", ""),
            "given": self.cleaned_data.get("given_kanji", "") if len(self.wanted_parts()) > 1 else "",
        }

    def context(self) -> dict[str, Any]:
        return {"former_on_card": self.on_card(FORMER), "alias_on_card": self.on_card(ALIAS)}
