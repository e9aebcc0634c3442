"""The phone's pages behind a registration link `/r/<token>/`: password, one explanation, done (seed 001 step 14).

The link's token and the browser's cookie authorise each request; whoever could forge one already holds both, so
Django's CSRF token adds nothing, and its check of the Origin header cannot work here: under `no-referrer` a browser
sends "Origin: null".
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ledger import clock
from signing import authenticators, devices, links
from signing.errors import Refused
from signing.flow import Authenticator as Life
from signing.links import shown
from signing.models import Authenticator, EnrollmentLink
from signing.pages import browser, link_refusals, phone_help, refusals, words
from signing.phones import life as phones
from vault import tokens

# What the script may report instead of an answer; anything else is a phone that failed.
_BROWSER_SAYS = {
    "NotAllowedError": "phone_cancelled",
    "AbortError": "phone_timeout",
    "TimeoutError": "phone_timeout",
    "InvalidStateError": "already_registered",
    "NotSupportedError": "no_biometrics",
    "ConstraintError": "no_biometrics",
    "NoBiometrics": "no_biometrics",
    "Unsupported": "phone_unsupported",
    "SecurityError": "phone_unsupported",
}


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@browser.private
@browser.unreferred
def link(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the page that the link's state asks for and changes nothing.

    POST takes the password, or the button behind a QR code, or a language.
    """
    at = clock.now()
    if request.method == "POST":
        if "language" in request.POST:
            return _switch_language(request, token)
        return _enter(request, token, at) if "enter" in request.POST else _try_password(request, token)
    try:
        found = links.find(token)
        if links.is_bound_by(found, browser.token(request), at):
            return HttpResponseRedirect(reverse("signing:phone_done", args=[token]))
        opened = links.opened_by(token, browser.token(request), at)
    except Refused as refused:
        if refused.code not in ("link_not_opened", "wrong_browser"):
            return _refusal_page(request, token, refused.code)
        if found.kind == links.INBOX:
            return _password_page(request, found)
        is_held = refused.code == "wrong_browser"
        return _refusal_page(request, token, "link_elsewhere") if is_held else _first_page(request, found)
    return _explanation(request, token, opened)


@csrf_exempt
@require_POST
@browser.private
@browser.unreferred
def complete(request: HttpRequest, token: str) -> HttpResponse:
    """The phone's answer (field `credential`), or what the browser said instead (field `error`)."""
    at = clock.now()
    try:
        opened = links.opened_by(token, browser.token(request), at)
    except Refused as refused:
        return _refusal_page(request, token, refused.code)
    reported = request.POST.get("error", "")
    if reported or not request.POST.get("credential"):
        return _failed(request, token, opened, _BROWSER_SAYS.get(reported, "phone_failed"))
    try:
        authenticators.complete_registration(
            request.POST.get("ceremony", ""),
            browser.token(request),
            request.POST["credential"],
            user_agent=request.headers.get("User-Agent", ""),
            at=at,
        )
    except Refused as refused:
        if refused.code in link_refusals.LINK:
            return _refusal_page(request, token, refused.code)
        return _failed(request, token, opened, refused.code)
    return HttpResponseRedirect(reverse("signing:phone_done", args=[token]), status=303)


@require_safe
@browser.private
@browser.unreferred
def done(request: HttpRequest, token: str) -> HttpResponse:
    """The completion page; it ends the visit itself (BD-09)."""
    try:
        found = links.find(token)
    except Refused as refused:
        return _refusal_page(request, token, refused.code)
    if not links.is_bound_by(found, browser.token(request), clock.now()):
        return HttpResponseRedirect(reverse("signing:phone_link", args=[token]))
    phone = Authenticator.objects.get(credential=found.credential, state=Life.ACTIVE)
    page = render(request, "signing/phone_done.html", {**_person(found), "phone": phone})
    if request.method == "GET":
        links.close(found)
        browser.forget(page)
    return page


@require_safe
@browser.private
@browser.unreferred
def stopped(request: HttpRequest, token: str) -> HttpResponse:
    """「いいえ」 at BD-05: the old phone stays as it is (BD-18)."""
    context = {"link_path": reverse("signing:phone_link", args=[token]), "is_shown": _is_shown(token)}
    return render(request, "signing/phone_stopped.html", context)


def _try_password(request: HttpRequest, token: str) -> HttpResponse:
    browser_token = tokens.new_token()
    try:
        links.open(token, request.POST.get("password", ""), browser_token, clock.now())
    except Refused as refused:
        if refused.code == "password_missing":
            return _password_page(request, links.find(token), _("パスワードを入力してください。"))
        if refused.code == "wrong_password":
            left = int(str(refused.detail["tries_left"]))
            text = ngettext(
                "パスワードが違います。あと %(left)d 回間違えると、この登録URLは使えなくなります。",
                "パスワードが違います。あと %(left)d 回間違えると、この登録URLは使えなくなります。",
                left,
            ) % {"left": left}
            return _password_page(request, links.find(token), text)
        return _refusal_page(request, token, refused.code)
    response = HttpResponseRedirect(reverse("signing:phone_link", args=[token]), status=303)
    browser.remember(response, browser_token)
    return response


def _enter(request: HttpRequest, token: str, at: datetime) -> HttpResponse:
    """The button behind a QR code: it takes the link for this browser (BD-06 ログイン)."""
    browser_token = browser.token_or_new(request)
    kind = devices.kind(request.headers.get("User-Agent", ""))
    try:
        shown.enter(token, browser_token, kind, at)
    except Refused as refused:
        return _refusal_page(request, token, refused.code)
    response = HttpResponseRedirect(reverse("signing:phone_link", args=[token]), status=303)
    browser.remember(response, browser_token)
    return response


def _first_page(request: HttpRequest, found: EnrollmentLink) -> HttpResponse:
    """Behind a QR code: the 本人ID to be checked, read-only, and one button (BD-06, BD-17)."""
    context = {**_person(found), "until": found.expires_at, **_in_app(request)}
    return render(request, "signing/phone_open.html", context)


def _in_app(request: HttpRequest) -> dict[str, Any]:
    """For in_app.html: nothing where this is a browser of its own."""
    agent = request.headers.get("User-Agent", "")
    app = phone_help.app(agent)
    return {"app": app, "steps": phone_help.elsewhere(agent) if app else (), "address": _address(request)}


def _address(request: HttpRequest) -> str:
    match = request.resolver_match
    token = match.kwargs["token"] if match else ""
    return f"{settings.ORIGIN}{reverse('signing:phone_link', args=[token])}"


def _password_page(request: HttpRequest, found: EnrollmentLink, error: str = "") -> HttpResponse:
    """Names the CA and nothing of the person (ST-20)."""
    context = {
        "authority": words.authority(found.credential.authority),
        "last_day": clock.last_day(found.expires_at),
        "tries_left": links.tries_left(found),
        "error": error,
        "errors": error,
        **_in_app(request),
    }
    return render(request, "signing/phone_password.html", context, status=422 if error else 200)


def _explanation(request: HttpRequest, token: str, opened: EnrollmentLink) -> HttpResponse:
    offer = authenticators.begin_registration(opened, browser.token(request), clock.now())
    context = {
        **_person(opened),
        **_in_app(request),
        "offer": offer,
        "old": phones.current(opened.credential),
        "number": shown.number(opened) if opened.kind == links.SHOWN else None,
        "complete_path": reverse("signing:phone_complete", args=[token]),
        "stop_path": reverse("signing:phone_stopped", args=[token]),
    }
    return render(request, "signing/phone_register.html", context)


def _failed(request: HttpRequest, token: str, opened: EnrollmentLink, code: str) -> HttpResponse:
    """A page of its own for each way to fail (BD-07). At a QR code one starts again from reading it."""
    is_shown = opened.kind == links.SHOWN
    if is_shown:
        shown.release(opened)
    context = {
        **_person(opened),
        "is_shown": is_shown,
        "old": phones.current(opened.credential),
        "refusal": refusals.of(link_refusals.PHONE, code),
        "errors": code,
        "help": phone_help.steps(code, request.headers.get("User-Agent", "")),
        "address": _address(request),
        "again_path": reverse("signing:phone_link", args=[token]),
    }
    page = "phone_same" if code == "already_registered" else "phone_failed"
    return render(request, f"signing/{page}.html", context, status=422)


def _refusal_page(request: HttpRequest, token: str, code: str) -> HttpResponse:
    refusal = link_refusals.LINK.get(code) or link_refusals.LINK["link_unknown"]
    is_usable = code in ("wrong_browser", "link_not_opened")
    if _is_shown(token):
        refusal = link_refusals.SHOWN.get(code, refusal)
    context = {
        "refusal": refusal,
        "errors": code,
        "again_path": reverse("signing:phone_link", args=[token]) if is_usable else "",
    }
    return render(request, "signing/phone_refused.html", context, status=refusal.status)


def _is_shown(token: str) -> bool:
    try:
        return links.find(token).kind == links.SHOWN
    except Refused:
        return False


def _person(found: EnrollmentLink) -> dict[str, Any]:
    credential = found.credential
    return {
        "person_id": credential.signer.person_id,
        "authority": words.authority(credential.authority),
        "qualification": words.qualification(credential.qualification),
    }


def _switch_language(request: HttpRequest, token: str) -> HttpResponse:
    """Here, because Django's own address refuses the "Origin: null" of this page's forms."""
    response = HttpResponseRedirect(reverse("signing:phone_link", args=[token]), status=303)
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        browser.remember_language(response, language)
    return response
