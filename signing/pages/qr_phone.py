"""The phone's pages behind a QR code that a screen shows: what is asked; a button; the proof; nothing left to do.

One way for all that such a code is for (`Kind`). They need the browser's WebAuthn, which only a script can ask. The
address is a secret, so the pages send no Referer and their forms carry "Origin: null": they are guarded by the address
and the phone's cookie instead of Django's CSRF token.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from ledger import clock
from signing import devices
from signing.authenticators import Offer
from signing.errors import Refused
from signing.models import ShownSignIn
from signing.pages import browser, phone_help, refusals, sign_in
from signing.phones import shown_codes


class Kind(NamedTuple):
    """What a code is for. `templates`: the beginning of their names. `about`: what the phone is told, held or not."""

    templates: str
    for_approval: bool
    begin: Callable[[ShownSignIn, str, datetime], Offer]
    prove: Callable[[str, str, UUID | str, str, datetime], None]
    about: Callable[[HttpRequest, ShownSignIn], dict[str, object]]


def read(request: HttpRequest, token: str, kind: Kind) -> HttpResponse:
    """GET shows where things stand and holds nothing; POST enters, proves, or changes the language."""
    at = clock.now()
    try:
        if request.method == "POST" and "language" in request.POST:
            return _spoken(request)
        if _is_proved(request, token, kind, at):
            return _done(request, token, kind, at)
        if request.method != "POST":
            return _asked(request, token, kind, at)
        if "enter" in request.POST:
            return _entered(request, token, kind, at)
        return _proved(request, token, kind, at)
    except Refused as refused:
        return _refused(request, kind, refused.code)


def _asked(request: HttpRequest, token: str, kind: Kind, at: datetime) -> HttpResponse:
    row = shown_codes.find(token, at, for_approval=kind.for_approval)
    try:
        held = shown_codes.held(token, browser.token(request), at, for_approval=kind.for_approval)
    except Refused as refused:
        if refused.code != "qr_not_opened":
            raise
        agent = request.headers.get("User-Agent", "")
        app = phone_help.app(agent)
        steps = phone_help.elsewhere(agent) if app else ()
        address = request.build_absolute_uri()
        context = {**_told(request, row, kind), "app": app, "steps": steps, "address": address}
        return render(request, f"signing/{kind.templates}.html", context)
    return _prove_page(request, held, kind, at)


def _entered(request: HttpRequest, token: str, kind: Kind, at: datetime) -> HttpResponse:
    browser_token = browser.token_or_new(request)
    device = devices.kind(request.headers.get("User-Agent", ""))
    shown_codes.enter(token, browser_token, device, at, for_approval=kind.for_approval)
    response = _here(request)
    browser.remember(response, browser_token)
    return response


def _spoken(request: HttpRequest) -> HttpResponse:
    """Here, because Django's own address refuses the "Origin: null" of this page's forms."""
    response = _here(request)
    if request.POST["language"] in dict(settings.LANGUAGES):
        browser.remember_language(response, request.POST["language"])
    return response


def _here(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(request.path, status=303)


def _proved(request: HttpRequest, token: str, kind: Kind, at: datetime) -> HttpResponse:
    held = shown_codes.held(token, browser.token(request), at, for_approval=kind.for_approval)
    answer, ceremony = request.POST.get("credential", ""), request.POST.get("ceremony", "")
    if not answer:
        return _prove_page(request, held, kind, at, sign_in.said(request.POST.get("error", "")))
    try:
        kind.prove(token, browser.token(request), ceremony, answer, at)
    except Refused as refused:
        if refused.code in refusals.QR:
            raise
        return _prove_page(request, held, kind, at, refused.code)
    return _done(request, token, kind, at)


def _prove_page(
    request: HttpRequest, row: ShownSignIn, kind: Kind, at: datetime, code: str = ""
) -> HttpResponse:
    offer = kind.begin(row, browser.token(request), at)
    refusal = refusals.of(refusals.SIGN_IN, code) if code else None
    context = {**_told(request, row, kind), "offer": offer, "refusal": refusal, "errors": code}
    return render(request, f"signing/{kind.templates}_prove.html", context, status=422 if code else 200)


def _is_proved(request: HttpRequest, token: str, kind: Kind, at: datetime) -> bool:
    return shown_codes.proved(token, browser.token(request), at, for_approval=kind.for_approval) is not None


def _done(request: HttpRequest, token: str, kind: Kind, at: datetime) -> HttpResponse:
    row = shown_codes.proved(token, browser.token(request), at, for_approval=kind.for_approval)
    if row is None:
        raise Refused("qr_over")
    return render(request, f"signing/{kind.templates}_done.html", _told(request, row, kind))


def _told(request: HttpRequest, row: ShownSignIn, kind: Kind) -> dict[str, object]:
    return {
        "asker": row.asker,
        "shown_at": row.shown_at,
        "until": row.expires_at,
        "number": shown_codes.number(row),
        **kind.about(request, row),
    }


def _refused(request: HttpRequest, kind: Kind, code: str) -> HttpResponse:
    refusal = refusals.QR.get(code) or refusals.QR["qr_over"]
    context = {"refusal": refusal, "errors": code}
    return render(request, f"signing/{kind.templates}_refused.html", context, status=refusal.status)
