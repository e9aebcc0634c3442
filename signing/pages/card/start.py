"""Before the HPKI card is shown: what is needed, what the browser will ask, and the way to the other origin."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from ledger import clock
from signing.card_site import visits
from signing.errors import Refused
from signing.pages import browser, sign_in
from signing.pages.card import places

TITLES: dict[str, str | Promise] = {
    "my_number_card": _("マイナンバーカードを登録する"),
    "phone": _("スマートフォンを登録・変更する"),
    "certificate": _("セカンド電子証明書を申し込む"),
    "session": _("HPKIカードで本人確認をする"),
    "approval": _("HPKIカードで承認する"),
}
OWN = TITLES.keys() - {"approval"}  # that one begins at the page of what is approved, which it must cover


@require_safe
@browser.private
def start(request: HttpRequest, purpose: str) -> HttpResponse:
    """/card/sign-in/<purpose>/: the link carries the visit's id; who holds a living visit goes on at once."""
    if purpose not in OWN:
        raise Http404
    at = clock.now()
    if purpose != "session" and _is_visiting(request):
        return places.page_of(purpose)
    next_path = sign_in.safe_next(request.GET.get("next", "")) if purpose == "session" else ""
    return before(request, purpose, at, next_path=next_path)


def before(
    request: HttpRequest,
    purpose: str,
    at: datetime,
    *,
    next_path: str,
    covers: bytes = b"",
    template: str = "signing/card/start.html",
    shown: Mapping[str, object] | None = None,
) -> HttpResponse:
    """The page before the card is shown, with a visit begun in this browser; `covers` as in `visits.begin`."""
    context: dict[str, object] = {
        **(shown or {}),
        "title": TITLES[purpose],
        "purpose": purpose,
        "errors": False,
    }
    if not settings.CARD_ORIGIN:
        return render(request, "signing/card/unavailable.html", context)
    browser_token = browser.token_or_new(request)
    visit = visits.begin(purpose, browser_token, at, next_path=next_path, covers=covers)
    query = {"visit": str(visit.public_id), **({"covers": covers.hex()} if covers else {})}
    context["card_url"] = f"{settings.CARD_ORIGIN}{places.HPKI}?{urlencode(query)}"
    response = render(request, template, context)
    browser.remember(response, browser_token)
    return response


def _is_visiting(request: HttpRequest) -> bool:
    try:
        visits.find(browser.visit_token(request), clock.now())
    except Refused:
        return False
    return True
