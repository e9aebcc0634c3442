"""The one factor-neutral page where a signer proves who they are: phone or My Number Card, as they choose.

It stands at /me/sign-in/ and is drawn by /oauth2/authorize too. After either, the person goes on by a link of their
own: the page's form-action is 'self', and a browser would stop a form's redirect to the caller's address.
"""

from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from ledger import clock
from signing import authenticators, sessions
from signing.api import clients
from signing.errors import Refused
from signing.pages import browser, refusals
from signing.sessions import Opened

ME = "/me/"
# The signer's own pages: gone to at once, without a caller's name. All but the first want a fresh proof.
OWN = (ME, "/me/phone/", "/me/renew/", "/me/revoke/", "/me/suspend/", "/me/signatures/")
AUTHORIZE = "/oauth2/authorize?"
_LONGEST_NEXT = 8192
_LONGEST_PERSON_ID = 16
BROWSER_SAYS = {
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
) -> HttpResponse:
    """The page with both ways open at once: two challenges bound to this browser."""
    at = clock.now()
    browser_token = browser.token_or_new(request)
    phone = authenticators.begin_assertion(browser_token, at, person_id=person_id, next_path=next_path)
    card = sessions.begin_card(browser_token, reverse("signing:sign_in_card"), at, next_path=next_path)
    context = {
        "caller": _caller(next_path),
        "next_path": next_path,
        "phone": phone,
        "person_id": person_id,
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
    person_id = typed_person_id(request)
    reported = request.POST.get("error", "")
    if reported:
        code = BROWSER_SAYS.get(reported, "phone_failed")
        return page(request, next_path, person_id=person_id, code=code)
    answer = request.POST.get("credential", "")
    if not answer:
        return page(request, next_path, person_id=person_id, code="" if person_id else "phone_failed")
    try:
        opened = sessions.open_by_phone(
            request.POST.get("ceremony", ""), browser.token(request), answer, at=clock.now()
        )
    except Refused as refused:
        return page(request, next_path, person_id=person_id, code=refused.code)
    return go_on(opened)


@csrf_exempt  # the reader's page posts here; the answer is bound to this browser by cookie and challenge
@require_POST
@browser.private
def card(request: HttpRequest) -> HttpResponse:
    """The card reader's answer (decision 22), field `response`."""
    try:
        opened = sessions.open_by_card(
            request.POST.get("response", ""), browser.token(request), at=clock.now()
        )
    except Refused as refused:
        next_path = safe_next(str(refused.detail.get("next_path", "")))
        left = refused.detail.get("tries_left")
        return page(request, next_path, code=refused.code, tries_left=left if isinstance(left, int) else None)
    return go_on(opened)


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
    context = {"caller": _caller(next_path), "next_path": next_path, "session": session}
    return render(request, "signing/signed_in.html", context)


def safe_next(path: str) -> str:
    """The signer's page or an authorization request of ours; nothing else is ever gone to."""
    if path in OWN:
        return path
    is_ours = path.startswith(AUTHORIZE) and path.isascii() and path.isprintable()
    return path if is_ours and len(path) <= _LONGEST_NEXT else ME


def go_on(opened: Opened) -> HttpResponse:
    where = safe_next(opened.next_path)
    address = where if where in OWN else f"{reverse('signing:signed_in')}?{urlencode({'next': where})}"
    response = HttpResponseRedirect(address, status=303)
    browser.remember_session(response, opened.token, opened.session.expires_at - opened.session.started_at)
    return response


def _caller(next_path: str) -> str:
    """The name of the system that asks, "" at the signer's own page."""
    client_ids = parse_qs(urlsplit(next_path).query).get("client_id", [""])
    client = clients.find(client_ids[0])
    return "" if client is None else client.name


def typed_person_id(request: HttpRequest) -> str:
    typed = request.POST.get("person_id", "").strip()
    is_one = typed.isascii() and typed.replace("-", "").isalnum() and len(typed) <= _LONGEST_PERSON_ID
    return typed if is_one else ""
