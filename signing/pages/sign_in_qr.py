"""The QR code of a sign-in: on the browser that goes on (`shown`), and on the phone that reads it (`read`).

The PC's page works without scripts: it refreshes itself and goes on by a button. The phone's needs the browser's
WebAuthn, which only a script can ask. Pages behind the secret address send no Referer, so their forms carry
"Origin: null"; they are guarded by the address and the phone's cookie instead of Django's CSRF token.
"""

from datetime import datetime
from math import ceil

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from ledger import clock
from signing import devices
from signing.errors import Refused
from signing.flow import SignIn
from signing.models import ShownSignIn
from signing.pages import browser, phone_help, refusals, sign_in
from signing.phones import shown_sign_in
from staff import qr_codes


@require_http_methods(["GET", "HEAD", "POST"])
@browser.private
def shown(request: HttpRequest) -> HttpResponse:
    """/me/sign-in/qr/: POST shows a QR code, stops, or goes on; GET shows where things stand."""
    at = clock.now()
    if request.method == "POST":
        return _wished(request, at)
    row = shown_sign_in.of_asker(browser.token(request), at)
    if row is None:
        return _over(request)
    return render(request, "signing/sign_in_qr.html", _context(row, at))


@require_safe
@browser.private
def state(request: HttpRequest) -> JsonResponse:
    """For the page's script; nothing of the person."""
    row = shown_sign_in.of_asker(browser.token(request), clock.now())
    if row is None:
        return JsonResponse({"state": "over"}, status=404)
    return JsonResponse({"state": row.state, "number": shown_sign_in.number(row)})


def _wished(request: HttpRequest, at: datetime) -> HttpResponse:
    token = browser.token_or_new(request)
    wish = request.POST.get("wish", "show")
    if wish == "take":
        try:
            opened = shown_sign_in.take(token, at, within=browser.session_token(request))
        except Refused as refused:
            if refused.code == "sign_in_waiting":
                return HttpResponseRedirect(reverse("signing:sign_in_qr"), status=303)
            return sign_in.page(request, sign_in.safe_next(request.POST.get("next", "")), code=refused.code)
        return sign_in.go_on(opened, at)
    next_path = sign_in.safe_next(request.POST.get("next", ""))
    if wish == "stop":
        shown_sign_in.give_up(token, at)
        return HttpResponseRedirect(sign_in.address(next_path), status=303)
    kind = devices.kind(request.headers.get("User-Agent", ""))
    shown_sign_in.show(token, kind, next_path, at)
    response = HttpResponseRedirect(reverse("signing:sign_in_qr"), status=303)
    browser.remember(response, token)
    return response


def _context(row: ShownSignIn, at: datetime) -> dict[str, object]:
    address = ""
    if row.state == SignIn.SHOWN:
        address = f"{settings.ORIGIN}{reverse('signing:sign_in_read', args=[row.shown_token])}"
    return {
        "state": row.state,
        "picture": qr_codes.svg(address) if address else "",
        "address": address,
        "number": shown_sign_in.number(row),
        "opener": row.opener,
        "until": row.expires_at,
        "minutes": ceil((row.expires_at - at).total_seconds() / 60),
        "caller": sign_in.caller(row.next_path or ""),
        "next_path": row.next_path or "",
    }


def _over(request: HttpRequest) -> HttpResponse:
    context = {"refusal": refusals.SHOWN_SIGN_IN["sign_in_over"], "errors": "sign_in_over"}
    return render(request, "signing/sign_in_qr_over.html", context, status=410)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@browser.private
@browser.unreferred
def read(request: HttpRequest, token: str) -> HttpResponse:
    """/me/sign-in/qr/read/<token>/ on the phone: what is asked; a button; the proof; and nothing left to do."""
    at = clock.now()
    try:
        if request.method != "POST":
            return _asked(request, token, at)
        if "language" in request.POST:
            return _spoken(request, token)
        if "enter" in request.POST:
            return _entered(request, token, at)
        return _proved(request, token, at)
    except Refused as refused:
        return _refused(request, refused.code)


def _asked(request: HttpRequest, token: str, at: datetime) -> HttpResponse:
    row = shown_sign_in.find(token, at)
    try:
        held = shown_sign_in.held(token, browser.token(request), at)
    except Refused as refused:
        if refused.code != "sign_in_not_opened":
            raise
        agent = request.headers.get("User-Agent", "")
        app = phone_help.app(agent)
        steps = phone_help.elsewhere(agent) if app else ()
        context = {**_phone(row), "app": app, "steps": steps, "address": request.build_absolute_uri()}
        return render(request, "signing/sign_in_read.html", context)
    return _prove_page(request, held, at)


def _entered(request: HttpRequest, token: str, at: datetime) -> HttpResponse:
    browser_token = browser.token_or_new(request)
    kind = devices.kind(request.headers.get("User-Agent", ""))
    shown_sign_in.enter(token, browser_token, kind, at)
    response = HttpResponseRedirect(reverse("signing:sign_in_read", args=[token]), status=303)
    browser.remember(response, browser_token)
    return response


def _spoken(request: HttpRequest, token: str) -> HttpResponse:
    """Here, because Django's own address refuses the "Origin: null" of this page's forms."""
    response = HttpResponseRedirect(reverse("signing:sign_in_read", args=[token]), status=303)
    if request.POST["language"] in dict(settings.LANGUAGES):
        browser.remember_language(response, request.POST["language"])
    return response


def _proved(request: HttpRequest, token: str, at: datetime) -> HttpResponse:
    held = shown_sign_in.held(token, browser.token(request), at)
    answer, ceremony = request.POST.get("credential", ""), request.POST.get("ceremony", "")
    if not answer:
        return _prove_page(request, held, at, sign_in.said(request.POST.get("error", "")))
    try:
        shown_sign_in.prove(token, browser.token(request), ceremony, answer, at)
    except Refused as refused:
        if refused.code in refusals.SHOWN_SIGN_IN:
            raise
        return _prove_page(request, held, at, refused.code)
    return render(request, "signing/sign_in_read_done.html", _phone(held))


def _prove_page(request: HttpRequest, row: ShownSignIn, at: datetime, code: str = "") -> HttpResponse:
    offer = shown_sign_in.begin(row, browser.token(request), at)
    refusal = refusals.of(refusals.SIGN_IN, code) if code else None
    context = {**_phone(row), "offer": offer, "refusal": refusal, "errors": code}
    return render(request, "signing/sign_in_read_prove.html", context, status=422 if code else 200)


def _phone(row: ShownSignIn) -> dict[str, object]:
    return {
        "caller": sign_in.caller(row.next_path or ""),
        "asker": row.asker,
        "shown_at": row.shown_at,
        "until": row.expires_at,
        "number": shown_sign_in.number(row),
    }


def _refused(request: HttpRequest, code: str) -> HttpResponse:
    refusal = refusals.SHOWN_SIGN_IN.get(code) or refusals.SHOWN_SIGN_IN["sign_in_over"]
    context = {"refusal": refusal, "errors": code}
    return render(request, "signing/sign_in_read_refused.html", context, status=refusal.status)
