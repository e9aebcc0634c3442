"""⑥ 通称名又は旧姓・旧名の併記 (NM-16 to NM-26)."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import names
from enrollment.names import Field, Match
from enrollment.problems import Problem
from enrollment.steps.question import Choice, Text, Tick, told
from enrollment.steps.romaji import NO_LIST, PARTS, Romaji

NONE, ALIAS, FORMER = "none", "alias", "former"
KINDS = [
    (NONE, gettext_lazy("併記しない")),
    (ALIAS, gettext_lazy("通称名を併記する")),
    (FORMER, gettext_lazy("旧姓・旧名を併記する")),
]
TICKS = {ALIAS: "alias_from_card", FORMER: "former_from_card"}
ON_CARD = {ALIAS: "alias", FORMER: "former_family"}
KANJI = ("family_kanji", "given_kanji")
SEVERAL = re.compile("[、，,・/／;；]")


class Form(Romaji):
    template = "enrollment/other_name.html"

    kind = Choice(gettext_lazy("通称名又は旧姓・旧名の併記"), KINDS)
    former_from_card = Tick(gettext_lazy("マイナンバーカードに記載のある旧姓を使用する"))
    alias_from_card = Tick(gettext_lazy("マイナンバーカードに記載のある通称名を使用する"))
    family_kanji = Text(
        gettext_lazy("姓（漢字）"), when=True, autocomplete="off", help_text=gettext_lazy("全角")
    )
    given_kanji = Text(
        gettext_lazy("名（漢字）"), when=True, autocomplete="off", help_text=gettext_lazy("全角")
    )
    field_order = ["kind", *TICKS.values(), *KANJI]

    def on_card(self, kind: str) -> str:
        """The former surname or the alias that the card holds, or "" (NM-19, NM-26)."""
        return str(self.draft.answer("card", ON_CARD[kind]) or "") if kind in ON_CARD else ""

    def prepare(self) -> None:
        for kind, tick in TICKS.items():
            field, held = self.fields[tick], escape(self.on_card(kind))
            field.disabled = not held  # NM-19, NM-26; a posted tick counts for nothing
            field.initial = bool(held)
            field.help_text = self._about(kind, held)
        super().prepare()

    def _about(self, kind: str, held: str) -> str:
        """What the card says, below the tick; `held` is escaped."""
        if kind == FORMER:
            if held:
                return _(
                    "カードに記載の旧姓は「%(held)s」です。旧名（名）を併記するときは、チェックを外して入力してください。"
                ) % {"held": held}
            return _("カードに旧姓の記載がないため、選べません。旧姓・旧名を入力してください。")
        if held:
            return _("カードに記載の通称名は「%(held)s」です。") % {"held": held}
        return _("カードに通称名の記載がないため、選べません。通称名を入力してください。")

    @property
    def kind_now(self) -> str:
        return str(self.cleaned_data.get("kind", ""))

    @property
    def uses_card(self) -> bool:
        return bool(self.cleaned_data.get(TICKS.get(self.kind_now, "")))

    def _from_card(self) -> names.Split:
        """The card's former name is a surname only (NM-17); its alias may have two parts or one (NM-26)."""
        held = self.on_card(self.kind_now)
        whole = names.Split(held, "")
        return whole if self.kind_now == FORMER else names.split(held) or whole

    def wanted_parts(self) -> tuple[Field, ...]:
        if self.uses_card:
            return PARTS if self._from_card().given or self._has_given("kana") else PARTS[:1]
        if self.kind_now == ALIAS and not (self._has_given("kana") or self._has_given("kanji")):
            return PARTS[:1]  # an alias may be one word
        return PARTS

    def _has_given(self, what: str) -> bool:
        return self.kind_now == ALIAS and bool(self.cleaned_data.get(f"given_{what}"))

    def clean_kind(self) -> str:
        """NM-21: a former surname is a Japanese national's, an alias a foreign resident's, as far as the card tells."""
        kind = str(self.cleaned_data["kind"])
        if kind == FORMER and self.on_card(ALIAS):
            raise ValidationError(
                _(
                    "カードに通称名「%(alias)s」の記載があります。旧姓の併記は日本国籍の方に限られるため、通称名を選ぶか、併記しないを選んでください。"
                )
                % {"alias": self.on_card(ALIAS)},
                code="former_foreign",
            )
        if kind == ALIAS and self.on_card(FORMER):
            raise ValidationError(
                _(
                    "カードに旧姓「%(former)s」の記載があります。通称名の併記は外国籍の方に限られるため、旧姓・旧名を選ぶか、併記しないを選んでください。"
                )
                % {"former": self.on_card(FORMER)},
                code="alias_japanese",
            )
        return kind

    def read_romaji(self) -> dict[str, str]:
        if self.kind_now == NONE or "kind" in self.errors:
            for name in set(self.errors) - {"kind"}:
                del self.errors[name]  # nothing else is asked
            return {}
        if not self.uses_card:
            self._read_kanji()
        return super().read_romaji()

    def _read_kanji(self) -> None:
        for part in self.wanted_parts():
            name = f"{part}_kanji"
            typed = str(self.cleaned_data.get(name) or "").strip(" \u3000")
            if not typed and name not in self.errors:
                label = self.fields[name].label
                self.add_error(
                    name,
                    ValidationError(_("%(label)sを入力してください。") % {"label": label}, code="name_empty"),
                )
            if not typed:
                continue
            try:
                self.cleaned_data[name] = names.checked(typed)
            except Problem as problem:
                self.add_error(name, told(problem))
        several = SEVERAL.search(str(self.cleaned_data.get("family_kanji") or ""))
        if self.kind_now == FORMER and several and "family_kanji" not in self.errors:
            self.add_error(
                "family_kanji",
                ValidationError(
                    _(
                        "併記できる旧姓は1つだけです（「%(mark)s」で区切られています）。1つを選んで入力してください。"
                    )
                    % {"mark": several[0]},
                    code="former_one",
                ),
            )

    def values(self) -> dict[str, Any]:
        kind = self.kind_now
        if kind == NONE:
            return {"kind": NONE, "from_card": False}
        found = super().values() | {"kind": kind, "from_card": self.uses_card}
        way = self._from_card() if self.uses_card else self._typed_name()
        found |= {"family": way.family, "given": way.given}
        return found | {"flags": self.flags(found)}

    def _typed_name(self) -> names.Split:
        given = str(self.cleaned_data.get("given_kanji", "")) if len(self.wanted_parts()) > 1 else ""
        return names.Split(str(self.cleaned_data.get("family_kanji", "")), given)

    def flags(self, found: Any) -> list[str]:
        flagged = super().flags(found)
        typed, held = found["family"] + found["given"], self.on_card(ALIAS)
        if found["kind"] == ALIAS and held and names.compare(typed, held) is Match.MISMATCH:
            flagged.append("alias_differs")  # NM-21: compared with the card
        if found["kind"] == FORMER and names.is_latin(str(self.draft.answer("card", "name") or "")):
            flagged.append(
                "not_japanese"
            )  # NM-21: the name on a Japanese national's card has no Latin letters
        return flagged

    def context(self) -> dict[str, Any]:
        fields, answered = self.draft.fields, self.draft.answers.get("names", {})
        kind = self.now("kind")
        ticked = kind in TICKS and bool(self.on_card(kind)) and bool(self.data.get(TICKS[kind]))
        typed = names.joined(*(self.now(name) for name in KANJI))
        family, given = answered.get("family_romaji", ""), answered.get("given_romaji", "")
        return {
            "former_on_card": self.on_card(FORMER),
            "alias_on_card": self.on_card(ALIAS),
            "proofs": _("、").join(_(one) for one in fields.name_proofs) if fields else "",
            "no_list": NO_LIST,
            "prints_names": bool(fields and fields.card_preview),
            "face": {
                "name": answered.get("printed_name") or str(self.draft.answer("card", "name") or ""),
                "romaji": f"{family} {given}".strip(),
                "other": (self.on_card(kind) if ticked else typed) if kind in TICKS else "",
                "other_romaji": self.spelled_now() if kind in TICKS else "",
            },
        }
