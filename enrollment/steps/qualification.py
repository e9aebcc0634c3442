"""③ National qualification and authority (CA-02, CA-03, CA-07, CA-11, CA-19 to CA-22)."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import authorities
from enrollment.applicants.prices import price_text
from enrollment.steps.question import Choice, Described, Question

NO_CARD, HAS_CARD, WAITING = "none", "have", "waiting"
HOLDINGS = [
    (NO_CARD, gettext_lazy("持っていない（申請もしていない）")),
    (HAS_CARD, gettext_lazy("持っている（有効期限切れ・失効したものを含む）")),
    (WAITING, gettext_lazy("ほかの方法で申請して、届くのを待っている")),
]
WANTS_CARD = [("yes", gettext_lazy("希望する")), ("no", gettext_lazy("希望しない"))]


class Offices(forms.RadioSelect):
    """Radio buttons that say for which qualifications they are, so that the page shows only those (CA-02)."""

    def __init__(self, marks: dict[str, dict[str, str]]) -> None:
        super().__init__()
        self.marks = marks

    def create_option(self, name: str, value: Any, *args: Any, **more: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **more)
        option["attrs"] |= self.marks.get(str(value), {})
        return option


class Form(Question):
    template = "enrollment/qualification.html"

    hpki_card = Choice(gettext_lazy("HPKIカードをお持ちですか"), HOLDINGS)
    qualification = Choice(
        gettext_lazy("国家資格"),
        [],
        help_text=gettext_lazy("複数の資格をお持ちの方も、申請できるのは1つだけです。"),
    )
    authority = Choice(
        gettext_lazy("申請先（認証局）"),
        [],
        help_text=gettext_lazy("費用やサービスの内容は認証局によって異なります。比べてから選んでください。"),
    )
    wants_card = Choice(gettext_lazy("カードの発行を希望する"), WANTS_CARD, required=False)

    def prepare(self) -> None:
        qualifications = authorities.qualifications()
        self.offer("qualification", [(row.code, _(row.name)) for row in qualifications])
        pairs = {
            row.code: [
                one.code for one in qualifications if authorities.is_open(row.code, one.code, self.day)
            ]
            for row in authorities.all_authorities()
        }
        offered = [row for row in authorities.all_authorities() if pairs[row.code]]
        asked = {row.code for row in offered if authorities.card_choice(row.code, self.day)}
        marks = {
            code: {"data-for": " ".join(codes)} | ({"data-card-choice": ""} if code in asked else {})
            for code, codes in pairs.items()
        }
        self.fields["authority"].widget = Offices(marks)
        self.offer("authority", [(row.code, self._described(row)) for row in offered])
        self.fields["wants_card"].initial = "yes"
        if not asked:
            del self.fields["wants_card"]

    def _described(self, row: authorities.Authority) -> Described:
        day = authorities.price(row.code, False, self.day).as_of
        as_of = _("%(year)s年%(month)s月時点") % {"year": day.year, "month": day.month}
        price = _("%(price)s（%(day)s）") % {"price": price_text(row.code, self.day), "day": as_of}
        return Described(_(row.name), f"{price} {_(authorities.card_text(row.code, self.day))}")

    def clean_hpki_card(self) -> str:
        """Holders of a card, also of one on its way, cannot apply here (CA-11, CA-19)."""
        held = str(self.cleaned_data["hpki_card"])
        if held == HAS_CARD:
            raise ValidationError(
                _(
                    "HPKIカード（期限切れ・失効を含む）をお持ちの方は、この申請はできません。"
                    "「HPKIカードをお持ちの方」のページから、マイナンバーカードやスマートフォンを登録してください。"
                ),
                code="has_card",
            )
        if held == WAITING:
            raise ValidationError(
                _(
                    "発行を待っている方は、この申請はできません。HPKIカードが届いてから、"
                    "「HPKIカードをお持ちの方」のページで、マイナンバーカードやスマートフォンを登録してください。"
                ),
                code="waits_for_card",
            )
        return held

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or {})
        if self._holds():  # whoever cannot apply here is asked for nothing more
            for name in ("qualification", "authority"):
                if self.has_error(name, "required"):
                    del self.errors[name]
        qualification, authority = data.get("qualification"), data.get("authority")
        if qualification and authority and not authorities.is_open(authority, qualification, self.day):
            self.add_error("authority", _closed(authority, qualification))
        if authority and authorities.card_choice(authority, self.day):
            data["wants_card"] = data.get("wants_card") or "yes"
        else:
            data.pop("wants_card", None)  # not offered by this authority today (CA-20)
        return data

    def context(self) -> dict[str, Any]:
        return {"to_card_site": self._holds()}

    def _holds(self) -> bool:
        return any(self.has_error("hpki_card", code) for code in ("has_card", "waits_for_card"))


def _closed(authority: str, qualification: str) -> ValidationError:
    words = {
        "authority": _(authorities.authority(authority).name),
        "qualification": _(authorities.qualification(qualification).name),
    }
    return ValidationError(
        _(
            "%(authority)sには、%(qualification)sの資格では申請できません。表示されている申請先から選んでください。"
        )
        % words,
        code="pair_closed",
    )
