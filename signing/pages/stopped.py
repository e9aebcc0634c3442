"""/me/stopped/: read the records, resume or revoke a suspended certificate, proven by bound card or phone.

No session is opened: the proof stands where a session would (one cookie), so a new day's session takes its place.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from ledger import clock
from signing import ceremonies
from signing.acts import stopped
from signing.errors import Refused
from signing.pages import acts, browser, refusals, sign_in, words

NOT_SUSPENDED = refusals.Refusal(
    200,
    _("この電子証明書は一時停止されていません"),
    _("使用中か、すでに失効・期限切れになっています。"),
    _("使用中であれば、「あなたの電子署名」のページから本人確認をしてください。"),
)

HELD = refusals.Refusal(
    422,
    _("この電子証明書は、いま再開できません"),
    _("認証局が、この電子証明書の失効を検討しています。"),
    _("認証局の窓口にご連絡ください。失効は、ここでもできます。"),
)


@require_safe
@browser.private
def start(request: HttpRequest) -> HttpResponse:
    return _page(request)


@csrf_exempt  # the reader's page posts here; the answer is bound to this browser by cookie and challenge
@require_POST
@browser.private
def card(request: HttpRequest) -> HttpResponse:
    """The card reader's answer: who it is, and what may be done now."""
    try:
        answer, within = request.POST.get("response", ""), browser.session_token(request)
        given = stopped.prove(answer, browser.token(request), clock.now(), within)
    except Refused as refused:
        left = refused.detail.get("tries_left")
        return _page(request, refused.code, left if isinstance(left, int) else None)
    return _to_choice(given)


@require_POST
@browser.private
def phone(request: HttpRequest) -> HttpResponse:
    """The phone's answer, what the browser said instead, or a typed 本人ID that needs options of its own."""
    person_id, reported = (
        sign_in.typed_person_id(request.POST.get("person_id", "")),
        request.POST.get("error", ""),
    )
    answer, at = request.POST.get("credential", ""), clock.now()
    if reported:
        return _page(request, sign_in.said(reported), person_id=person_id)
    if not answer:
        return _page(request, "" if person_id else "phone_failed", person_id=person_id)
    try:
        ceremony = request.POST.get("ceremony", "")
        given = stopped.prove_by_phone(ceremony, browser.token(request), answer, at)
    except Refused as refused:
        return _page(request, refused.code, person_id=person_id)
    return _to_choice(given)


@require_safe
@browser.private
def choice(request: HttpRequest) -> HttpResponse:
    """What a person who has proven themselves may do, as long as the proof lives."""
    try:
        return _choice(request, stopped.proven(browser.session_token(request), clock.now()))
    except Refused:
        return HttpResponseRedirect(reverse("signing:stopped"), status=303)


@require_POST
@browser.private
def leave(request: HttpRequest) -> HttpResponse:
    """Done with it, perhaps at a computer that others use."""
    try:
        stopped.leave(browser.session_token(request))
    except Refused:
        return HttpResponseRedirect(reverse("signing:stopped"), status=303)
    response = render(request, "signing/stopped_left.html")
    browser.forget_session(response)
    return response


@require_POST
@browser.private
def act(request: HttpRequest) -> HttpResponse:
    """Resume, or revoke with a reason; the proof is spent by it."""
    proof, wanted = request.POST.get("proof", ""), request.POST.get("act", "")
    reason, token, at = request.POST.get("reason", ""), browser.session_token(request), clock.now()
    if wanted not in ("resume", "revoke"):
        return HttpResponseRedirect(reverse("signing:stopped"), status=303)
    try:
        if wanted == "revoke" and reason not in stopped.REASONS:
            return _choice(request, stopped.proven(token, at), is_wrong=True)
        if wanted == "revoke":
            stopped.revoke(proof, token, reason, at)
            return acts.ended(request)
        stopped.resume(proof, token, at)
    except Refused as refused:
        return _page(request, refused.code)
    response = render(request, "signing/resumed.html")
    browser.forget_session(response)
    return response


def _page(
    request: HttpRequest, code: str = "", tries_left: int | None = None, person_id: str = ""
) -> HttpResponse:
    browser_token, at = browser.token_or_new(request), clock.now()
    asked = stopped.begin(browser_token, reverse("signing:stopped_card"), at)
    told = {"not_suspended": NOT_SUSPENDED, "credential_state": NOT_SUSPENDED, "suspension_held": HELD}
    context = {
        "card_request": asked,
        "phone": stopped.begin_phone(browser_token, at, person_id),
        "person_id": person_id,
        "reader_url": settings.READER_URL,
        "tries_left": tries_left,
        "refusal": (told.get(code) or refusals.of(refusals.SIGN_IN, code)) if code else None,
    }
    response = render(request, "signing/stopped.html", context, status=422 if code else 200)
    browser.remember(response, browser_token)
    return response


def _to_choice(given: stopped.Given) -> HttpResponse:
    response = HttpResponseRedirect(reverse("signing:stopped_choice"), status=303)
    browser.remember_session(response, given.token, ceremonies.LIFETIME)
    return response


def _choice(request: HttpRequest, proof: stopped.Proof, *, is_wrong: bool = False) -> HttpResponse:
    """`is_wrong`: no reason was chosen; the proof is not spent."""
    credential = proof.credential
    context = {
        "proof": proof,
        "credential": credential,
        "authority": words.authority(credential.authority),
        "qualification": words.qualification(credential.qualification),
        "reasons": acts.reasons(""),
        "ends": acts.ENDS,
        "is_wrong": is_wrong,
    }
    return render(request, "signing/stopped_choice.html", context, status=422 if is_wrong else 200)
