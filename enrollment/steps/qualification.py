"""③ National qualification and authority (CA-02, CA-03, CA-11, CA-19, CA-21)."""

from typing import Any

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


class Form(Question):
    template = "enrollment/qualification.html"

    hpki_card = Choice(gettext_lazy("HPKIカードをお持ちですか"), HOLDINGS)
    qualification = Choice(gettext_lazy("国家資格"), [])
    authority = Choice(
        gettext_lazy("申請先（認証局）"),
        [],
        help_text=gettext_lazy("費用やサービスの内容は認証局によって異なります。比べてから選んでください。"),
    )

    def prepare(self) -> None:
        self.offer("qualification", [(row.code, _(row.name)) for row in authorities.qualifications()])
        offered = [
            (row.code, Described(_(row.name), self._described(row.code)))
            for row in authorities.all_authorities()
            if any(authorities.is_open(row.code, one.code, self.day) for one in authorities.qualifications())
        ]
        self.offer("authority", offered)

    def _described(self, code: str) -> str:
        return f"{price_text(code, self.day)} {_(authorities.card_text(code, self.day))}"

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
        data = super().clean() or {}
        qualification, authority = data.get("qualification"), data.get("authority")
        if qualification and authority and not authorities.is_open(authority, qualification, self.day):
            self.add_error(
                "authority",
                ValidationError(
                    _(
                        "%(authority)sには、%(qualification)sの資格では申請できません。表示されている申請先から選んでください。"
                    )
                    % {
                        "authority": _(authorities.authority(authority).name),
                        "qualification": _(authorities.qualification(qualification).name),
                    },
                    code="pair_closed",
                ),
            )
        return data
