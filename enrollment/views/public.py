"""The start page (①②): what this is, who goes where, what to have at hand, authorities compared (CA-15 to CA-22)."""

from typing import Any, NamedTuple

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from enrollment import authorities
from enrollment.applicants import comparison, ways
from enrollment.steps.qualification import HAS_CARD, HOLDINGS, NO_CARD, WAITING
from enrollment.steps.question import Choice, Words
from enrollment.views.door import visitor
from ledger import clock

CANNOT = "none"
READING = [
    ("phone", gettext_lazy("このスマートフォンで読み取れる")),
    (ways.READER, gettext_lazy("パソコンにつないだカードリーダーで読み取れる")),
    (ways.QR, gettext_lazy("パソコンで入力し、スマートフォンで読み取れる")),
    (CANNOT, gettext_lazy("読み取れない（スマホ用電子証明書しか使えない、暗証番号が分からない、を含む）")),
]


class Checker(forms.Form):
    """Three questions, asked before anybody begins; nothing of it is kept (CA-19, CA-11, ST-03)."""

    use_required_attribute = False
    qualification = Choice(gettext_lazy("1．どの国家資格で申請しますか"), [])
    hpki_card = Choice(gettext_lazy("2．HPKIカードをお持ちですか"), HOLDINGS)
    reading = Choice(gettext_lazy("3．マイナンバーカードを、いま読み取れますか"), READING)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        field = self.fields["qualification"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(row.code, _(row.name)) for row in authorities.qualifications()]


class Route(NamedTuple):
    """Where the three answers lead. `can_start`: to the application; else `url` is the right way, if there is one."""

    can_start: bool
    title: Words
    text: Words
    url: str = ""
    action: Words = ""


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    day = clock.today(clock.now())
    form = Checker(request.GET if set(request.GET) & set(Checker.base_fields) else None)
    route = _route(form.cleaned_data, request) if form.is_valid() else None
    chosen = str(form.cleaned_data.get("qualification", "")) if form.is_bound else ""
    context = {
        "form": form,
        "route": route,
        "chosen": chosen,
        "offices": comparison.compared(day, chosen),
        "day": day,
        "is_signed_in": visitor(request) is not None,
    }
    return render(request, "enrollment/start.html", context)


def _route(given: dict[str, str], request: HttpRequest) -> Route:
    card_site, action = reverse("card_holders"), gettext_lazy("HPKIカードをお持ちの方のページへ")
    if given["hpki_card"] == HAS_CARD:
        return Route(
            False,
            gettext_lazy("ここからの申請は要りません"),
            gettext_lazy(
                "HPKIカード（期限切れ・失効を含む）をお持ちの方は、申請ではなく登録の手続きをします。"
                "登録すると、マイナンバーカードやスマートフォンで署名できます。"
            ),
            card_site,
            action,
        )
    if given["hpki_card"] == WAITING:
        return Route(
            False,
            gettext_lazy("カードが届くのをお待ちください"),
            gettext_lazy(
                "ほかの方法で申請した方は、ここからは申請できません。HPKIカードが届いてから、"
                "「HPKIカードをお持ちの方」のページで、マイナンバーカードやスマートフォンを登録してください。"
            ),
            card_site,
            action,
        )
    if given["reading"] == CANNOT:
        return Route(
            False,
            gettext_lazy("先に、カードを読み取れるようにしてください"),
            gettext_lazy(
                "申請には、プラスチックのマイナンバーカードと、その暗証番号が要ります。スマホ用電子証明書では申請できません。"
                "暗証番号が分からないとき、ロックされたときは、住民票のある市区町村の窓口で再設定してください。"
                "カードを読み取れるスマートフォンか、ICカードリーダーをご用意ください。"
            ),
        )
    assert given["hpki_card"] == NO_CARD
    agent = request.headers.get("User-Agent", "")
    way = given["reading"] if given["reading"] in ways.WAY else ways.guessed(agent)
    if way == ways.READER and given["reading"] == "phone":
        way = ways.QR
    begin = f"{reverse('sign_in')}?{urlencode({'next': 'apply', 'way': way})}"
    return Route(
        True,
        gettext_lazy("ここから申請できます"),
        gettext_lazy("下の「手元に用意するもの」を確かめてから、マイナンバーカードでログインしてください。"),
        reverse("tasks") if visitor(request) else begin,
        gettext_lazy("申請をはじめる"),
    )
