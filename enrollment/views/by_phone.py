"""The card is read by a phone for a PC (ST-26): the PC's page with the QR code, and the phone's pages.

The phone gets no session and no cookie but the one that ties the reader's answer to it.
"""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from enrollment.applicants import phone_readings, readings, ways
from enrollment.errors import Refused
from enrollment.models import PhoneReading
from enrollment.views import browsers, refusals
from enrollment.views.cards import NEXT, asked_on, carry_out, led_on
from enrollment.views.door import BROWSER_COOKIE, browser_of, nothing_there, set_cookie, visitor
from ledger import clock
from staff import qr_codes

PINS = {
    readings.SIGN_IN: "authenticate",
    readings.ATTRIBUTES: "assist",
    readings.SIGN: "sign",
    readings.JOIN: "sign",
    readings.NEW_NAME: "assist",
    readings.SIGN_NEW_NAME: "sign",
}


# --- the PC -------------------------------------------------------------------------------------------------------


@require_POST
@never_cache
def begin(request: HttpRequest) -> HttpResponse:
    """「QRコードを表示する」 on a page that asks for the card."""
    asked_by = browsers.in_words(request.headers.get("User-Agent", ""))
    query = {"way": ways.QR}
    if request.POST.get("next") in NEXT:
        query["next"] = str(request.POST["next"])
    browser = request.COOKIES.get(BROWSER_COOKIE, "")
    try:
        row = phone_readings.begin(
            request.POST.get("reading", ""), browser, asked_by, clock.now(), query=query
        )
    except Refused as refused:
        return refusals.page(request, refused, back=f"{reverse('sign_in')}?way={ways.QR}")
    return redirect("qr", row.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def wait(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The QR code, its number and its end; a POST (the page's script, or the person) fetches the answer."""
    at = clock.now()
    row = phone_readings.of_browser(public_id, request.COOKIES.get(BROWSER_COOKIE, ""))
    if row is None:
        if visitor(request) is not None:  # Back, or the button pressed twice, after the sign-in
            return redirect("tasks")
        raise nothing_there(request, "qr")
    is_early = False
    if request.method == "POST":
        query = dict(parse_qsl(row.query))
        try:
            with transaction.atomic():  # a second press waits until the first one's work is done
                text = phone_readings.fetch(row, at)
                return carry_out(request, text, query)
        except Refused as refused:
            is_early = refused.code == "qr_not_yet"
            led = None if is_early else led_on(request, readings.find(str(row.reading.public_id)), query)
            if led is not None:
                return led
    state = phone_readings.state(row, at)
    url = f"{settings.ORIGIN}{reverse('qr_read', args=[row.token])}"
    context = {
        "row": row,
        "state": state,
        "is_early": is_early,
        "errors": state in ("refused", "expired", "done"),
        "picture": qr_codes.svg(url) if state == "waiting" else "",
        "url": url,
        "back": f"{asked_on(row.reading)}?{_again(row)}",
    }
    return render(request, "enrollment/qr.html", context)


def _again(row: PhoneReading) -> str:
    wanted = dict(parse_qsl(row.query)).get("next", "")
    return f"way={ways.QR}" + (f"&next={wanted}" if wanted in NEXT else "")


@require_safe
@never_cache
def state(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What has become of the QR code, as JSON for the page's script."""
    row = phone_readings.of_browser(public_id, request.COOKIES.get(BROWSER_COOKIE, ""))
    if row is None:
        return JsonResponse({"state": "unknown"}, status=HTTPStatus.NOT_FOUND)
    return JsonResponse({"state": phone_readings.state(row, clock.now())})


# --- the phone ----------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def read(request: HttpRequest, token: str) -> HttpResponse:
    """What the QR code opens: who asked, which number stands there, then the reader. Opening it spends nothing."""
    at = clock.now()
    row = phone_readings.of_token(token)
    if row is None:
        raise nothing_there(request, "qr")
    browser = browser_of(request)
    try:
        if request.method == "POST":
            return _said(request, row, browser, request.POST)
    except Refused as refused:
        return refusals.page(request, refused, back=reverse("start"))
    current = phone_readings.state(row, at)
    if current == "picked" and not phone_readings.is_mine(row, browser):
        current = "done"
    return _phone_page(request, row, current)


def _said(request: HttpRequest, row: PhoneReading, browser: str, given: Mapping[str, str]) -> HttpResponse:
    if "not_mine" in given:
        phone_readings.disown(row, clock.now())
        return _phone_page(request, row, "disowned")
    phone_readings.pick(row, given.get("number", ""), browser, clock.now())
    page = redirect("qr_read", row.token)
    set_cookie(page, BROWSER_COOKIE, browser)
    return page


def _phone_page(request: HttpRequest, row: PhoneReading, current: str) -> HttpResponse:
    device = ways.guessed(request.headers.get("User-Agent", ""))
    context = {
        "row": row,
        "state": current,
        "pin": PINS[row.reading.purpose],
        "purpose": row.reading.purpose,
        "way": ways.WAY[device],
        "reader_url": settings.READER_URL,
        "request_json": readings.request_of(row.reading, reverse("qr_answer")) if current == "picked" else "",
    }
    return render(request, "enrollment/qr_phone.html", context)


@csrf_exempt  # the answer proves itself: only the phone on which the number was picked can give it, once
@require_POST
@never_cache
def answer(request: HttpRequest) -> HttpResponse:
    """What the phone's reader says: kept for the PC. What went wrong is told here, and can be tried again."""
    text, browser = request.POST.get("response", ""), request.COOKIES.get(BROWSER_COOKIE, "")
    try:
        row = phone_readings.keep_answer(text, browser, clock.now())
    except Refused as refused:
        token = refused.detail.get("token")
        back = reverse("qr_read", args=[token]) if token else reverse("start")
        return refusals.page(request, refused, back=back)
    return redirect("qr_read", row.token)
