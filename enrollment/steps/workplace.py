"""⑦ Workplace: may be none (DQ-09); the institution code's check digit warns only (DQ-10 to DQ-14)."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import names, values
from enrollment.problems import Problem
from enrollment.steps.home import postal_code
from enrollment.steps.question import Choice, Question, Text, told

HAS, NONE = "yes", "none"


def plain(text: str) -> str:
    """A line of text as typed, without invisible characters (NM-25)."""
    return names.checked(text, longest=200)


class Form(Question):
    has_workplace = Choice(
        gettext_lazy("勤務先"), [(HAS, gettext_lazy("勤務先がある")), (NONE, gettext_lazy("なし"))]
    )
    name = Text(
        gettext_lazy("勤務先の名称"),
        read=plain,
        when=True,
        autocomplete="organization",
        example="霞が関診療所",
    )
    institution_code = Text(
        gettext_lazy("医療機関コード・薬局コード"),
        required=False,
        help_text=gettext_lazy("数字10桁です。分からない場合は空欄で構いません。"),
        longest=20,
        inputmode="numeric",
        autocomplete="off",
        css="width-12",
    )
    postal_code = postal_code(gettext_lazy("勤務先の郵便番号"), when=True)
    address = Text(
        gettext_lazy("勤務先の住所"),
        read=plain,
        when=True,
        autocomplete="street-address",
        example="東京都千代田区霞が関1-2-2",
    )

    def clean_institution_code(self) -> str:
        typed = self.cleaned_data["institution_code"]
        self.warnings: tuple[str, ...] = ()
        if not typed:
            return ""
        try:
            code = values.institution_code(typed, production=not settings.IS_DEMO)
        except Problem as problem:
            raise told(problem) from problem
        self.warnings = code.warnings
        return code.value

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or {})
        if data.get("has_workplace") == HAS:
            for name in ("name", "postal_code", "address"):
                if not data.get(name) and name not in self.errors:
                    label = self.fields[name].label
                    self.add_error(
                        name,
                        ValidationError(
                            _("%(label)sを入力してください。勤務先がない方は「なし」を選んでください。")
                            % {"label": label},
                            code="required",
                        ),
                    )
        return data

    def values(self) -> dict[str, Any]:
        if self.cleaned_data["has_workplace"] == NONE:
            return {"has_workplace": NONE}
        return super().values() | {"warnings": list(self.warnings)}
