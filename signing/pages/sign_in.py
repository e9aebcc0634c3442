"""The one factor-neutral page where a signer proves who they are: phone (this one, or another by QR) or card.

It stands at /me/sign-in/ and is drawn by /oauth2/authorize too. After either, the person goes on by a link of their
own: the page's form-action is 'self', and a browser would stop a form's redirect to the caller's address.
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from ledger import clock
from signing import authenticators, devices, sessions
from signing.api import clients
from signing.api.oauth import waiting
from signing.errors import Refused
from signing.models import AuthorizationRequest, SigningSession
from signing.pages import browser, refusals
from signing.sessions import Opened

ME = "/me/"
# The signer's own pages: gone to at once, without a caller's name. All but the first want a fresh proof.
OWN = (ME, "/me/approvals/", "/me/phone/", "/me/renew/", "/me/revoke/", "/me/suspend/", "/me/signatures/")
AUTHORIZE = sessions.SYSTEMS
_LONGEST_NEXT = 8192
_LONGEST_PERSON_ID = 16
_BROWSER_SAYS = {
    "NotAllowedError": "phone_cancelled",
    "AbortError": "phone_cancelled",
    "TimeoutError": "phone_cancelled",
    "NotSupportedError": "phone_unsupported",
    "Unsupported": "phone_unsupported",
    "SecurityError": "phone_unsupported",
}


def page(
    request: HttpRequest,
    next_path: str,
    *,
    person_id: str = "",
    code: str = "",
    tries_left: int | None = None,
    browser_token: str = "",
) -> HttpResponse:
    """The page with all ways open at once: two challenges bound to this browser, and a QR code's button.

    Where a system wants a person of the day asked again, the phone is offered that person's key alone.
    """
    at = clock.now()
    browser_token = browser_token or browser.token_or_new(request)
    asked = _asked(next_path, browser_token, at)
    hint = typed_person_id(str(asked.parameters.get("login_hint", ""))) if asked else ""
    session = _living(request, at) if asked else None
    of_session = session.credential.signer.person_id if session else ""
    person_id = person_id or hint or of_session
    phone = authenticators.begin_assertion(browser_token, at, person_id=person_id, next_path=next_path)
    card = sessions.begin_card(browser_token, reverse("signing:sign_in_card"), at, next_path=next_path)
    context = {
        "caller": asked.client.name if asked else caller(next_path),
        "next_path": next_path,
        "phone": phone,
        "person_id": person_id,
        "hint": hint,
        "session": session,
        "is_other_person": bool(hint and of_session and hint.casefold() != of_session.casefold()),
        "is_on_phone": devices.is_phone(request.headers.get("User-Agent", "")),
        "card_request": card,
        "reader_url": settings.READER_URL,
        "takes_hpki_cards": bool(settings.CARD_ORIGIN),
        "hours": int(settings.SIGNING_SESSION.total_seconds() // 3600),
        "refusal": refusals.of(refusals.SIGN_IN, code) if code else None,
        "tries_left": tries_left,
        "errors": code,
    }
    response = render(request, "signing/sign_in.html", context, status=422 if code else 200)
    browser.remember(response, browser_token)
    return response


def wished_language(request: HttpRequest, parameters: Mapping[str, str]) -> str:
    """What the caller wishes its signer to read (`lang` of CSC, `ui_locales`); "" where the person has chosen."""
    if settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
        return ""
    wishes = [parameters.get("lang", ""), *parameters.get("ui_locales", "").split()]
    known = [
        code for wish in wishes for code in dict(settings.LANGUAGES) if wish.lower().split("-")[0] == code
    ]
    return known[0] if known else ""


@require_safe
@browser.private
def start(request: HttpRequest) -> HttpResponse:
    """/me/sign-in/"""
    return page(request, safe_next(request.GET.get("next", "")))


@require_POST
@browser.private
def phone(request: HttpRequest) -> HttpResponse:
    """The phone's answer; or what the browser said instead; or a typed 本人ID that needs options of its own."""
    next_path = safe_next(request.POST.get("next", ""))
    person_id = typed_person_id(request.POST.get("person_id", ""))
    reported = request.POST.get("error", "")
    if reported:
        return page(request, next_path, person_id=person_id, code=said(reported))
    answer = request.POST.get("credential", "")
    if not answer:
        return page(request, next_path, person_id=person_id, code="" if person_id else "phone_failed")
    at, within = clock.now(), browser.session_token(request)
    ceremony = request.POST.get("ceremony", "")
    try:
        opened = sessions.open_by_phone(ceremony, browser.token(request), answer, at=at, within=within)
    except Refused as refused:
        return page(request, next_path, person_id=person_id, code=refused.code)
    return go_on(opened, at)


@csrf_exempt  # the reader's page posts here; the answer is bound to this browser by cookie and challenge
@require_POST
@browser.private
def card(request: HttpRequest) -> HttpResponse:
    """The card reader's answer (decision 22), field `response`."""
    at, within = clock.now(), browser.session_token(request)
    answer = request.POST.get("response", "")
    try:
        opened = sessions.open_by_card(answer, browser.token(request), at=at, within=within)
    except Refused as refused:
        next_path = safe_next(str(refused.detail.get("next_path", "")))
        left = refused.detail.get("tries_left")
        return page(request, next_path, code=refused.code, tries_left=left if isinstance(left, int) else None)
    return go_on(opened, at)


@require_safe
@browser.private
def done(request: HttpRequest) -> HttpResponse:
    """Signed in: one link leads back to the caller."""
    try:
        session = sessions.find(browser.session_token(request), clock.now())
    except Refused:
        return HttpResponseRedirect(reverse("signing:sign_in"))
    next_path = safe_next(request.GET.get("next", ""))
    if next_path in OWN:
        return HttpResponseRedirect(next_path)
    context = {"caller": caller(next_path), "next_path": next_path, "session": session}
    return render(request, "signing/signed_in.html", context)


def said(reported: str) -> str:
    """The code for what a browser said instead of an answer."""
    return _BROWSER_SAYS.get(reported, "phone_failed")


def safe_next(path: str) -> str:
    """The signer's page or an authorization request of ours; nothing else is ever gone to."""
    if path in OWN:
        return path
    is_ours = path.startswith(AUTHORIZE) and path.isascii() and path.isprintable()
    return path if is_ours and len(path) <= _LONGEST_NEXT else ME


def address(next_path: str) -> str:
    """The sign-in page for going there."""
    return (
        next_path
        if next_path.startswith(AUTHORIZE)
        else f"{reverse('signing:sign_in')}?{urlencode({'next': next_path})}"
    )


def go_on(opened: Opened, at: datetime) -> HttpResponse:
    where = safe_next(opened.next_path)
    address = where if where in OWN else f"{reverse('signing:signed_in')}?{urlencode({'next': where})}"
    response = HttpResponseRedirect(address, status=303)
    browser.remember_session(response, opened.token, opened.session.expires_at - at)
    return response


def caller(next_path: str) -> str:
    """The name of the system that asks, "" at the signer's own page."""
    client_ids = parse_qs(urlsplit(next_path).query).get("client_id", [""])
    client = clients.find(client_ids[0])
    return "" if client is None else client.name


def typed_person_id(typed: str) -> str:
    typed = typed.strip()
    is_one = typed.isascii() and typed.replace("-", "").isalnum() and len(typed) <= _LONGEST_PERSON_ID
    return typed if is_one else ""


def _asked(next_path: str, browser_token: str, at: datetime) -> AuthorizationRequest | None:
    """The waiting request that this browser has opened."""
    if not next_path.startswith(AUTHORIZE):
        return None
    uris = parse_qs(urlsplit(next_path).query).get("request_uri", [""])
    return waiting.of(uris[0], browser_token, at)


def _living(request: HttpRequest, at: datetime) -> SigningSession | None:
    try:
        return sessions.find(browser.session_token(request), at)
    except Refused:
        return None
