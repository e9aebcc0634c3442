"""/me/stopped/: resume or revoke a suspended certificate, proven by bound card or phone; no session is opened."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from ledger import clock
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
        proof = stopped.prove(request.POST.get("response", ""), browser.token(request), clock.now())
    except Refused as refused:
        left = refused.detail.get("tries_left")
        return _page(request, refused.code, left if isinstance(left, int) else None)
    return _choice(request, proof)


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
        proof = stopped.prove_by_phone(ceremony, browser.token(request), answer, at)
    except Refused as refused:
        return _page(request, refused.code, person_id=person_id)
    return _choice(request, proof)


@require_POST
@browser.private
def act(request: HttpRequest) -> HttpResponse:
    """Resume, or revoke with a reason; the proof is spent by it."""
    proof, wanted = request.POST.get("proof", ""), request.POST.get("act", "")
    reason, at = request.POST.get("reason", ""), clock.now()
    if wanted not in ("resume", "revoke"):
        return HttpResponseRedirect(reverse("signing:stopped"), status=303)
    if wanted == "revoke" and reason not in stopped.REASONS:
        return _again(request, proof)
    try:
        if wanted == "revoke":
            stopped.revoke(proof, browser.token(request), reason, at)
            return acts.ended(request)
        stopped.resume(proof, browser.token(request), at)
    except Refused as refused:
        return _page(request, refused.code)
    return render(request, "signing/resumed.html")


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


def _choice(request: HttpRequest, proof: stopped.Proof) -> HttpResponse:
    credential = proof.credential
    context = {
        "proof": proof.ceremony,
        "may_resume": proof.may_resume,
        "credential": credential,
        "authority": words.authority(credential.authority),
        "qualification": words.qualification(credential.qualification),
        "reasons": acts.reasons(""),
        "ends": acts.ENDS,
    }
    return render(request, "signing/stopped_choice.html", context)


def _again(request: HttpRequest, proof: str) -> HttpResponse:
    """No reason was chosen: the proof is not spent, and nothing else was typed."""
    may_resume = "may_resume" in request.POST  # what is offered; the proof itself says what it is good for
    context = {
        "proof": proof,
        "may_resume": may_resume,
        "reasons": acts.reasons(""),
        "ends": acts.ENDS,
        "is_wrong": True,
    }
    return render(request, "signing/stopped_choice.html", context, status=422)
