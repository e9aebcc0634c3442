"""/me/phone/: a new, lost or unknown phone, by its owner (BD-15; seed 001 annex 2; security.md threat 6).

Everything that changes something asks for an authentication of the last ten minutes; what a stolen phone could
misuse asks for a card. Removing only ever takes away, so any means serves.
"""

from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ledger import clock, log
from signing import links, sessions
from signing.errors import Refused
from signing.links import shown
from signing.models import SigningSession
from signing.pages import browser, link_refusals, words
from signing.pages.me import signed_in
from signing.phones import life as phones
from signing.phones import rules

CARDS = ("my_number_card", "hpki_card")
Act = Callable[[HttpRequest, SigningSession, datetime], HttpResponse]


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def my_phone(request: HttpRequest, session: SigningSession) -> HttpResponse:
    """GET shows the phone and what can be done; POST `wish` does it, after a question where something ends."""
    at = clock.now()
    if request.method != "POST":
        return _page(request, session, at)
    wish = request.POST.get("wish", "")
    act = ACTS.get(wish)
    if act is None:
        return _page(request, session, at)
    try:
        _require_fresh(session, wish, at)
        if wish in ASKED and "sure" not in request.POST:
            return render(request, f"signing/my_phone_{wish}.html", _context(session, at))
        return act(request, session, at)
    except Refused as refused:
        return _page(request, session, at, refused.code)


def _require_fresh(session: SigningSession, wish: str, at: datetime) -> None:
    """Raises Refused("authentication_old") ten minutes after it, and Refused("card_needed")."""
    if wish in BY_CARD and session.means not in CARDS:
        raise Refused("card_needed")
    if at >= session.started_at + shown.FRESH:
        raise Refused("authentication_old")


def _show_qr(request: HttpRequest, session: SigningSession, at: datetime) -> HttpResponse:
    token = browser.token_or_new(request)
    links.show(session.credential, means=session.means, browser_token=token, at=at, actor=_signer(session))
    response = HttpResponseRedirect(reverse("signing:card_qr"), status=303)
    browser.remember(response, token)
    return response


def _want_link(request: HttpRequest, session: SigningSession, at: datetime) -> HttpResponse:
    links.want(session.credential, _signer(session), at)
    return _done(request, session, "link", at)


def _remove(request: HttpRequest, session: SigningSession, at: datetime) -> HttpResponse:
    phones.remove(session.credential, _signer(session), "signer_request", at)
    return _done(request, session, "remove", at)


def _undo(request: HttpRequest, session: SigningSession, at: datetime) -> HttpResponse:
    former = phones.undo(session.credential, _signer(session), at)
    return _done(request, session, "undo" if former is None else "restored", at)


def _done(request: HttpRequest, session: SigningSession, what: str, at: datetime) -> HttpResponse:
    """A session that the removed phone had opened is over: then this page is the last one."""
    is_over = False
    try:
        sessions.find(browser.session_token(request), at)
    except Refused:
        is_over = True
    context = {**_context(session, at), "what": what, "is_over": is_over}
    response = render(request, "signing/my_phone_done.html", context)
    if is_over:
        browser.forget_session(response)
    return response


def _page(request: HttpRequest, session: SigningSession, at: datetime, code: str = "") -> HttpResponse:
    refusal = link_refusals.ME.get(code, link_refusals.ME["not_now"]) if code else None
    context = {
        **_context(session, at),
        "refusal": refusal,
        "errors": code,
        "must_sign_in": code in ("authentication_old", "card_needed"),
    }
    return render(request, "signing/my_phone.html", context, status=refusal.status if refusal else 200)


def _context(session: SigningSession, at: datetime) -> dict[str, object]:
    credential = session.credential
    phone = phones.current(credential)
    rule = rules.of(credential.authority, at)
    return {
        "person_id": credential.signer.person_id,
        "authority": words.authority(credential.authority),
        "qualification": words.qualification(credential.qualification),
        "phone": phone,
        "former": phone.replaced.filter(state="replaced").order_by("-pk").first() if phone else None,
        "may_undo": phone is not None and at < phone.bound_at + phones.UNDO,
        "undo_until": phone.bound_at + phones.UNDO if phone else None,
        "is_once": rule.once and phones.was_ever_bound(credential),
        "note": _(rule.note) if rule.note else "",
        "is_waiting": credential.link_wanted_at is not None,
        "means": words.MEANS[session.means],
        "is_card": session.means in CARDS,
        "is_fresh": at < session.started_at + shown.FRESH,
        "again": f"{reverse('signing:sign_in')}?next={reverse('signing:me_phone')}",
    }


def _signer(session: SigningSession) -> log.Actor:
    return log.Actor("signer", str(session.credential.signer.public_id))


ACTS: dict[str, Act] = {"qr": _show_qr, "link": _want_link, "remove": _remove, "undo": _undo}
ASKED = ("remove", "undo")
BY_CARD = ("link", "undo")
