"""⑦ Workplace: may be none (DQ-09); the institution code's check digit warns only (DQ-10 to DQ-15)."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms import ChoiceField, Select
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import values
from enrollment.problems import Problem
from enrollment.steps.addresses import PostalPage, plain, postal_code
from enrollment.steps.doubts import Doubt
from enrollment.steps.echoes import EchoedText
from enrollment.steps.question import Choice, Text, Words, told

HAS, NONE = "yes", "none"
NO_WORKPLACE = ("なし", "無し", "無")  # typed as the name (DQ-09)
CODE_HELP = gettext_lazy("数字10桁です。7桁のコードでも構いません。分からない場合は空欄で構いません。")
# DQ-15: beside a medical practice the medical code counts; a pharmacy's code has the table 調剤 (DQ-10).
CODE_HINTS: dict[str, Words] = {
    "dentist": gettext_lazy("医科に併設された歯科の方は、医科のコードを入力してください。"),
    "pharmacist": gettext_lazy(
        "薬局のコードは3桁目が4（調剤）です。病院・診療所の方は、その医療機関のコードです。"
    ),
}


def _select(label: Words) -> ChoiceField:
    return ChoiceField(label=label, required=False, widget=Select(attrs={"autocomplete": "off"}))


class Form(PostalPage):
    template = "enrollment/workplace.html"

    has_workplace = Choice(
        gettext_lazy("勤務先"), [(HAS, gettext_lazy("勤務先がある")), (NONE, gettext_lazy("なし"))]
    )
    name = Text(
        gettext_lazy("勤務先の名称"),
        read=plain,
        when=True,
        autocomplete="section-workplace organization",
        example="霞が関診療所",
    )
    institution_code = EchoedText(
        gettext_lazy("医療機関コード・薬局コード"),
        echo="institution",
        required=False,
        longest=40,
        inputmode="numeric",
        autocomplete="off",
        css="width-12",
    )
    prefecture = _select(gettext_lazy("都道府県"))
    table = _select(gettext_lazy("種別"))
    postal_code = postal_code(
        gettext_lazy("勤務先の郵便番号"), when=True, autocomplete="section-workplace postal-code"
    )
    address = Text(
        gettext_lazy("勤務先の住所"),
        read=plain,
        when=True,
        autocomplete="section-workplace address-line1",
        example="東京都千代田区霞が関1-2-2",
    )

    field_order = (
        "has_workplace",
        "name",
        "postal_code",
        "address",
        "institution_code",
        "prefecture",
        "table",
    )

    def prepare(self) -> None:
        hint = CODE_HINTS.get(self.draft.qualification, "")
        self.fields["institution_code"].help_text = f"{CODE_HELP}{hint}"
        self.offer("prefecture", [("", _("選んでください")), *values.PREFECTURES.items()])
        self.offer(
            "table", [("", _("選んでください")), *((key, _(name)) for key, name in values.TABLES.items())]
        )

    def _asks_address(self) -> bool:
        return self.data.get("has_workplace") == HAS

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or {})
        self.warnings: tuple[str, ...] = ()
        if data.get("has_workplace") == HAS and data.get("name") in NO_WORKPLACE:
            data["has_workplace"] = NONE
        if data.get("has_workplace") == NONE:
            self.forgive("name", "institution_code", "prefecture", "table", "postal_code", "address")
            return data
        self._read_code(data)
        if data.get("has_workplace") == HAS:
            self._require(data)
        return data

    def _read_code(self, data: dict[str, Any]) -> None:
        if not data.get("institution_code"):
            return
        prefecture = data.get("prefecture") or values.prefecture_of(str(data.get("address") or ""))
        try:
            code = values.institution_code(
                data["institution_code"],
                prefecture=str(prefecture),
                table=str(data.get("table") or ""),
                production=not settings.IS_DEMO,
            )
        except Problem as problem:
            self.add_error("institution_code", told(problem))
            return
        data["institution_code"], self.warnings = code

    def _require(self, data: Mapping[str, Any]) -> None:
        for name in ("name", "postal_code", "address"):
            if not data.get(name) and name not in self.errors:
                sentence = _("%(label)sを入力してください。勤務先がない方は「なし」を選んでください。")
                words = sentence % {"label": self.fields[name].label}
                self.add_error(name, ValidationError(words, code="required"))

    def doubts(self) -> list[Doubt]:
        data = self.cleaned_data
        if data["has_workplace"] == NONE:
            return []
        found = [Doubt(code, "institution_code", _(values.WARNINGS[code])) for code in self.warnings]
        return found + self.typed_doubts(data)

    def values(self) -> dict[str, Any]:
        if self.cleaned_data["has_workplace"] == NONE:
            return {"has_workplace": NONE}
        found = super().values()
        return {name: value for name, value in found.items() if name not in ("prefecture", "table")}
