"""/me/approvals/: what callers want signed and the person must approve by an act of their own (step-up).

The person sees who asks, for what, how many hashes and which; the phone's or the card's challenge covers exactly these.
"""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from cards import exchange
from ledger import clock
from signing import authenticators, ceremonies, sessions
from signing.authorising import approvals, policy
from signing.errors import Refused
from signing.models import Approval, SigningSession
from signing.pages import browser, refusals, sign_in
from signing.pages.me import signed_in

REASONS: dict[str, str | Promise] = {
    policy.MANY: _("一度に署名する件数が多い"),
    policy.NEW_CALLER: _("このシステムで署名するのは初めて"),
    policy.NARCOTICS: _("麻薬を含むと、依頼したシステムが申告している"),
}
_SHOWN = 100  # digests drawn at once; the rest is counted
_SHORT = 16  # characters of a digest
PHONE, CARD = "approve", "card_approve"


@require_safe
@signed_in
def waiting(request: HttpRequest, session: SigningSession) -> HttpResponse:
    found = approvals.waiting(session.credential.signer, clock.now())
    return render(request, "signing/approvals.html", {"approvals": [_shown(each) for each in found]})


@require_safe
@signed_in
def one(request: HttpRequest, session: SigningSession, public_id: UUID) -> HttpResponse:
    try:
        approval = approvals.find(session.credential.signer, public_id, clock.now())
    except Refused:
        return _gone(request)
    return _page(request, approval)


@require_POST
@signed_in
def phone(request: HttpRequest, session: SigningSession, public_id: UUID) -> HttpResponse:
    """The phone's answer, or what the browser said instead."""
    at = clock.now()
    try:
        approval = approvals.find(session.credential.signer, public_id, at)
    except Refused:
        return _gone(request)
    reported, answer = request.POST.get("error", ""), request.POST.get("credential", "")
    if reported or not answer:
        return _page(request, approval, code=sign_in.said(reported))
    try:
        used, about = authenticators.complete_assertion(
            request.POST.get("ceremony", ""), browser.token(request), answer, at=at, purpose=PHONE
        )
        if about != str(approval.public_id):
            raise Refused("ceremony_unknown")
        approvals.approve_by_phone(approval, used, answer, at)
    except Refused as refused:
        return _refused(request, approval, refused)
    return _done(request, approval, is_approved=True)


@csrf_exempt  # the reader's page posts here; the answer is bound to this browser by cookie and challenge
@require_POST
@signed_in
def card(request: HttpRequest, session: SigningSession, public_id: UUID) -> HttpResponse:
    """The card reader's answer (decision 22), field `response`."""
    at = clock.now()
    try:
        approval = approvals.find(session.credential.signer, public_id, at)
    except Refused:
        return _gone(request)
    text = request.POST.get("response", "")
    try:
        answer = _read(text)
        begun = ceremonies.redeem(CARD, answer.state, browser.token(request), at)
        if begun.next_path != str(approval.public_id):
            raise Refused("ceremony_unknown")
        holder = sessions.holder(answer, approvals.challenge(approval), at)
        approvals.approve_by_card(approval, holder, text, at)
    except Refused as refused:
        return _refused(request, approval, refused)
    return _done(request, approval, is_approved=True)


@require_POST
@signed_in
def refuse(request: HttpRequest, session: SigningSession, public_id: UUID) -> HttpResponse:
    at = clock.now()
    try:
        approval = approvals.find(session.credential.signer, public_id, at)
        approvals.refuse(approval, at)
    except Refused:
        return _gone(request)
    return _done(request, approval, is_approved=False)


def _read(text: str) -> exchange.CardResponse:
    try:
        return exchange.response_from_json(text)
    except exchange.ContractError:
        raise Refused("card_refused") from None


def _page(
    request: HttpRequest, approval: Approval, *, code: str = "", tries_left: object = None
) -> HttpResponse:
    at = clock.now()
    browser_token = browser.token_or_new(request)
    signer, about = approval.credential.signer, str(approval.public_id)
    challenge = approvals.challenge(approval)
    offer = authenticators.begin_approval(signer, challenge, about, browser_token, at)
    begun = ceremonies.begin(CARD, browser_token, at, challenge=challenge, signer=signer, next_path=about)
    back = reverse("signing:approval_card", args=[approval.public_id])
    digests = [digest.hex() for digest in approvals.digests(approval)]
    context = {
        **_shown(approval),
        "digests": digests[:_SHOWN],
        "unshown": max(0, len(digests) - _SHOWN),
        "short": f":{_SHORT}",
        "phone": offer,
        "card_request": ceremonies.card_request(begun, back),
        "reader_url": settings.READER_URL,
        "refusal": refusals.of(refusals.SIGN_IN, code) if code else None,
        "tries_left": tries_left,
        "errors": code,
    }
    response = render(request, "signing/approval.html", context, status=422 if code else 200)
    browser.remember(response, browser_token)
    return response


def _refused(request: HttpRequest, approval: Approval, refused: Refused) -> HttpResponse:
    if refused.code == "approval_unknown":  # answered elsewhere meanwhile, or its time is over
        return _gone(request)
    return _page(request, approval, code=refused.code, tries_left=refused.detail.get("tries_left"))


def _done(request: HttpRequest, approval: Approval, *, is_approved: bool) -> HttpResponse:
    context = {**_shown(approval), "is_approved": is_approved}
    return render(request, "signing/approval_done.html", context)


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "signing/approval_gone.html", status=404)


def _shown(approval: Approval) -> dict[str, object]:
    description = approval.description
    return {
        "public_id": approval.public_id,
        "caller": approval.client.name,
        "about": bytes(description).decode(errors="replace") if description else "",
        "count": len(approvals.digests(approval)),
        "next_path": approval.next_path or "",
        "why": [REASONS.get(code, code) for code in approval.reasons],
        "asked_at": approval.created_at,
        "expires_at": approval.expires_at,
    }
