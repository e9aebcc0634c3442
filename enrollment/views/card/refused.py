"""/card/refused/: why an HPKI card was not taken, and whom to ask (BD-12: with the authority's contact).

The code and the authority come with the address, from the origin that asks for cards; both are words of a list, and
nothing is believed because of them.
"""

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from enrollment.views.card.offices import office, offices

Words = str | Promise


class Sentence(NamedTuple):
    what: Words
    why: Words
    now: Words


_AGAIN = _("最初の画面に戻り、もう一度お試しください。")
_OFFICE = _("カードを発行した認証局に、更新または再発行をお申し込みください。")

SENTENCES: dict[str, Sentence] = {
    "hpki_none": Sentence(
        _("HPKIカードが示されませんでした"),
        _("カードがセットされていないか、証明書を選ぶ画面でキャンセルが押されました。"),
        _(
            "HPKIカードをカードリーダーにセットし、ブラウザをすべて閉じてから、もう一度開いてください。"
            "証明書を選ぶ画面では、HPKIカードの認証用の証明書を選びます。"
        ),
    ),
    "hpki_revoked": Sentence(
        _("このHPKIカードは失効しています"),
        _("カードの紛失や記載事項の変更などにより、カードの電子証明書が失効しています。"),
        _OFFICE,
    ),
    "hpki_expired": Sentence(
        _("このHPKIカードは有効期間の外です"),
        _("カードの電子証明書の有効期限が過ぎているか、まだ始まっていません。"),
        _OFFICE,
    ),
    "hpki_unknown": Sentence(
        _("HPKIカードの認証用の証明書ではありません"),
        _("選ばれた証明書は、HPKIの認証局が発行したものではありません。"),
        _(
            "ブラウザをすべて閉じてからやり直し、証明書を選ぶ画面で、HPKIカードの認証用の証明書を選んでください。"
        ),
    ),
    "hpki_refused": Sentence(
        _("この証明書では本人確認ができません"),
        _("署名用の証明書など、本人の認証に使えない証明書が選ばれました。"),
        _(
            "ブラウザをすべて閉じてからやり直し、証明書を選ぶ画面で、HPKIカードの認証用の証明書を選んでください。"
        ),
    ),
    "hpki_no_role": Sentence(
        _("このHPKIカードには、国家資格が記録されていません"),
        _("医師・歯科医師・薬剤師の資格が記録されたHPKIカードだけが使えます。"),
        _("カードを発行した認証局にお問い合わせください。"),
    ),
    "hpki_not_checked": Sentence(
        _("HPKIカードの有効性を確認できません"),
        _("失効情報をいま確認できないため、安全のため受け付けていません。"),
        _("しばらくしてから、もう一度お試しください。"),
    ),
    "visit_unknown": Sentence(
        _("この本人確認は時間切れか、すでに終わっています"),
        _("本人確認は、最初の画面を開いてから 10 分のうちに、1 回だけ受け付けます。"),
        _AGAIN,
    ),
    "ticket_unknown": Sentence(
        _("この画面は開けません"),
        _("本人確認を始めたブラウザと違うか、時間切れか、すでに使われています。"),
        _AGAIN,
    ),
    "visit_over": Sentence(
        _("時間切れになりました"),
        _("HPKIカードでの本人確認が使えるのは 10 分間です。まだ何も登録されていません。"),
        _AGAIN,
    ),
}


@require_safe
@never_cache
def refused(request: HttpRequest) -> HttpResponse:
    sentence = SENTENCES.get(request.GET.get("reason", ""))
    if sentence is None:
        return HttpResponseRedirect(reverse("card_holders"))
    mine = office(request.GET.get("authority", ""))
    context = {
        "sentence": sentence,
        "offices": [mine] if mine else offices(),
        "is_approving": request.GET.get("for") == "approval",
        "errors": True,
    }
    return render(request, "enrollment/card/refused.html", context, status=403)
