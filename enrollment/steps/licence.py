"""⑥ Registration number and date (DQ-02 to DQ-07), and what else the licence asks for (PH-14, NM-22)."""

from datetime import date
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import authorities, days, values
from enrollment.applicants import registers
from enrollment.problems import Problem
from enrollment.steps.doubts import Doubt, Doubting
from enrollment.steps.echoes import DateText
from enrollment.steps.question import Text, Tick, told


class Form(Doubting):
    registration_number = Text(
        gettext_lazy("登録番号"),
        read=values.registration_number,
        help_text=gettext_lazy(
            "免許証に書かれている番号です。「第」や「号」は、あってもなくても構いません。"
        ),
        example="123456",
        longest=40,
        inputmode="numeric",
        autocomplete="off",
        css="width-12",
    )
    registered_on = DateText(
        gettext_lazy("登録年月日"),
        help_text=gettext_lazy(
            "免許証に書かれている日付です。和暦（昭和・平成・令和、S・H・R）でも西暦でも入力できます。"
        ),
    )
    reissued_on = DateText(gettext_lazy("書換交付・再交付の日（ある場合）"), required=False)
    has_notes_on_back = Tick(gettext_lazy("免許証の裏面に追記がある"))
    is_changing_surname = Tick(gettext_lazy("免許証の改姓手続き中である（免許証の姓が、いまの姓と違う）"))

    def prepare(self) -> None:
        if self.draft.qualification:
            row = authorities.qualification(self.draft.qualification)
            self.fields["registration_number"].label = _(row.register_number)
        number = self.fields["registration_number"]
        if self.draft.fields is not None and isinstance(number, Text):
            number.read = partial(values.registration_number, most=self.draft.fields.registration_digits)

    @property
    def born(self) -> date:
        return date.fromisoformat(str(self.draft.answer("card", "birth_date") or "1900-01-01"))

    def clean_registered_on(self) -> date:
        try:
            return days.registered_on(
                self.cleaned_data["registered_on"], birth_date=self.born, today=self.day
            )
        except Problem as problem:
            raise told(problem) from problem

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or {})
        registered, typed = data.get("registered_on"), data.get("reissued_on")
        if typed:
            try:
                data["reissued_on"] = (
                    days.reissued_on(typed, registered=registered, today=self.day)
                    if isinstance(registered, date)
                    else days.parse(typed)
                )
            except Problem as problem:
                self.add_error("reissued_on", told(problem))
        number, born = data.get("registration_number"), self.draft.answer("card", "birth_date")
        if number and born:
            found = registers.standing(self.draft.qualification, number, date.fromisoformat(born))
            if found:
                self.add_error("registration_number", _known_holder(found))
        return data

    def context(self) -> dict[str, Any]:
        return {"to_card_site": self.has_error("registration_number", REGISTERED)}

    def doubts(self) -> list[Doubt]:
        """DQ-07: before the 22nd birthday a registration is possible, but worth a line of confirmation."""
        registered = self.cleaned_data.get("registered_on")
        if not isinstance(registered, date) or not days.is_early_registration(registered, self.born):
            return []
        sentence = _("%(day)sの時点で%(age)s歳です。元号と年に間違いがないか、免許証をご確認ください。") % {
            "day": days.in_both(registered),
            "age": days.age_on(registered, self.born),
        }
        return [Doubt("registered_early", "registered_on", sentence)]


REGISTERED = "has_card_by_register"


def _known_holder(standing: str) -> ValidationError:
    """CA-11, CA-19: what an authority's register says, which nobody learns who does not know number and birth date."""
    if standing == registers.ORDERED:
        return ValidationError(
            _(
                "認証局の記録では、この登録番号の方のHPKIカードが発行待ちです。この申請はできません。"
                "カードが届いてから、「HPKIカードをお持ちの方」のページで登録してください。"
                "お心当たりがないときは、登録番号を確かめるか、認証局にお問い合わせください。"
            ),
            code=REGISTERED,
        )
    return ValidationError(
        _(
            "認証局の記録では、この登録番号の方はHPKIカード（期限切れ・失効を含む）をお持ちです。この申請はできません。"
            "「HPKIカードをお持ちの方」のページから登録してください。"
            "お心当たりがないときは、登録番号を確かめるか、認証局にお問い合わせください。"
        ),
        code=REGISTERED,
    )
