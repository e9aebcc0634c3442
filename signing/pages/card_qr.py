"""The PC's page with the QR code for a phone, after an authentication (seed 001 annex 2 ③ to ⑨; BD-04, BD-05, BD-09).

The browser's cookie finds the link; `links.show` has made it. The page finishes by itself when the phone is bound and
forgets the browser then.
"""

from contextlib import suppress
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from ledger import clock
from signing import sessions
from signing.errors import Refused
from signing.links import shown
from signing.models import EnrollmentLink
from signing.pages import browser, link_refusals, qr_screen, words

CARD_SITE = "/card/"  # contract.md "Addresses"; enrollment draws its first page


@require_http_methods(["GET", "HEAD", "POST"])
@browser.private
def card_qr(request: HttpRequest) -> HttpResponse:
    """GET shows where things stand; POST answers BD-05's question, asks for another QR code, or stops."""
    at = clock.now()
    link = shown.of_asker(browser.token(request))
    if link is None:
        return _refused(request, "qr_none", CARD_SITE)
    if request.method == "POST":
        return _answered(request, link, at)
    current = shown.state(link, at)
    if current == "bound":
        return _done(request, link, at)
    if current in ("expired", "void"):
        can_renew = current == "expired" and _is_fresh(link, at)
        return _refused(request, f"qr_{current}", _start(link), can_renew=can_renew)
    return render(request, "signing/card_qr.html", _context(link, current, at))


@require_safe
@browser.private
def state(request: HttpRequest) -> JsonResponse:
    """What has become of the QR code, as JSON for the page's script; nothing of the person."""
    link = shown.of_asker(browser.token(request))
    if link is None:
        return JsonResponse({"state": "unknown"}, status=404)
    at = clock.now()
    return JsonResponse({"state": shown.state(link, at), "number": shown.number(link)})


def _answered(request: HttpRequest, link: EnrollmentLink, at: datetime) -> HttpResponse:
    wish = request.POST.get("wish", "")
    if wish == "stop":
        shown.give_up(link)
        shown.leave(link)
        context = {"old": shown.living_phone(link), "start": _start(link)}
        return _left(request, render(request, "signing/card_qr_stopped.html", context), at)
    if wish == "replace":
        shown.agree(link)
    elif wish == "new":
        try:
            shown.renew(link, at=at)
        except Refused:
            return _refused(request, "qr_old", _start(link))
    return HttpResponseRedirect(reverse("signing:card_qr"), status=303)


def _context(link: EnrollmentLink, current: str, at: datetime) -> dict[str, object]:
    credential = link.credential
    token = link.shown_token if current == "waiting" else None
    return {
        **qr_screen.drawn("signing:phone_link", token, link.expires_at, at),
        "state": current,
        "person_id": credential.signer.person_id,
        "authority": words.authority(credential.authority),
        "qualification": words.qualification(credential.qualification),
        "old": shown.living_phone(link),
        "number": shown.number(link),
        "opener": link.opener,
        "can_renew": _is_fresh(link, at),
        "start": _start(link),
    }


def _done(request: HttpRequest, link: EnrollmentLink, at: datetime) -> HttpResponse:
    page = render(request, "signing/card_qr_done.html", {"phone": shown.living_phone(link)})
    if request.method != "GET":
        return page
    shown.leave(link)
    return _left(request, page, at)


def _left(request: HttpRequest, page: HttpResponse, at: datetime) -> HttpResponse:
    """BD-09: whoever sits down at this PC next finds nobody signed in."""
    with suppress(Refused):  # most people come here without a day's session
        sessions.end(sessions.find(browser.session_token(request), at), at=at)
    browser.forget(page)
    browser.forget_session(page)
    return page


def _refused(request: HttpRequest, code: str, start: str, *, can_renew: bool = False) -> HttpResponse:
    refusal = link_refusals.PC[code]
    context = {"refusal": refusal, "errors": code, "start": start, "can_renew": can_renew}
    return render(request, "signing/card_qr_refused.html", context, status=refusal.status)


def _is_fresh(link: EnrollmentLink, at: datetime) -> bool:
    since = link.authenticated_at
    return since is not None and at < since + shown.FRESH


def _start(link: EnrollmentLink) -> str:
    """Where one starts again: the card site, or the signer's own page."""
    return reverse("signing:me") if link.means in shown.AT_ME else CARD_SITE
