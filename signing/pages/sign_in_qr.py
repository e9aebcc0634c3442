"""The QR code of a sign-in: on the browser that goes on (`shown`), and on the phone that reads it (`read`).

The PC's page works without scripts: it refreshes itself and goes on by a button.
"""

from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from ledger import clock
from signing import devices
from signing.errors import Refused
from signing.models import ShownSignIn
from signing.pages import browser, qr_phone, qr_screen, refusals, sign_in
from signing.phones import shown_codes, shown_sign_in


@require_http_methods(["GET", "HEAD", "POST"])
@browser.private
def shown(request: HttpRequest) -> HttpResponse:
    """/me/sign-in/qr/: POST shows a QR code, stops, or goes on; GET shows where things stand."""
    at = clock.now()
    if request.method == "POST":
        return _wished(request, at)
    row = shown_codes.of_asker(browser.token(request), at)
    if row is None:
        return _over(request)
    context = {
        **qr_screen.of(row, "signing:sign_in_read", at),
        "caller": sign_in.caller(row.next_path or ""),
        "next_path": row.next_path or "",
    }
    return render(request, "signing/sign_in_qr.html", context)


@require_safe
@browser.private
def state(request: HttpRequest) -> JsonResponse:
    return qr_screen.told(shown_codes.of_asker(browser.token(request), clock.now()))


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
        shown_codes.give_up(token, at)
        return HttpResponseRedirect(sign_in.address(next_path), status=303)
    kind = devices.kind(request.headers.get("User-Agent", ""))
    shown_codes.show(token, kind, at, next_path=next_path)
    response = HttpResponseRedirect(reverse("signing:sign_in_qr"), status=303)
    browser.remember(response, token)
    return response


def _over(request: HttpRequest) -> HttpResponse:
    context = {"refusal": refusals.QR["qr_over"], "errors": "qr_over"}
    return render(request, "signing/sign_in_qr_over.html", context, status=410)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@browser.private
@browser.unreferred
def read(request: HttpRequest, token: str) -> HttpResponse:
    """/me/sign-in/qr/read/<token>/ on the phone."""
    return qr_phone.read(request, token, SIGN_IN)


def _about(request: HttpRequest, row: ShownSignIn) -> dict[str, object]:
    return {"caller": sign_in.caller(row.next_path or "")}


SIGN_IN = qr_phone.Kind(
    "sign_in_read",
    for_approval=False,
    begin=shown_sign_in.begin,
    prove=shown_sign_in.prove,
    about=_about,
)
