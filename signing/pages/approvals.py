"""/me/approvals/: what callers want signed and the person must approve by an act of their own (step-up).

The person sees who asks, for what, how many hashes and which; the phone's or the card's challenge covers exactly these.
"""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from cards import exchange
from ledger import clock
from signing import authenticators, ceremonies, devices, sessions
from signing.authorising import answering as by
from signing.authorising import approvals, labels, policy
from signing.errors import Refused
from signing.flow import Approval as State
from signing.models import Approval, CardVisit, SigningSession
from signing.pages import browser, refusals, sign_in
from signing.pages.card import start
from signing.pages.me import signed_in

View = Callable[[HttpRequest, Approval, datetime], HttpResponse]
REASONS: dict[str, str | Promise] = {
    policy.MANY: _("一度に署名する件数が多い"),
    policy.NEW_CALLER: _("このシステムまたは施設で署名するのは初めて"),
    policy.NARCOTICS: _("麻薬を含むと、依頼したシステムが申告している"),
}
_SHOWN = 100  # documents drawn at once; the rest is counted
_SHORT = 16  # characters of a digest
CARD = "card_approve"
ANSWERED = (State.APPROVED, State.TAKEN, State.REFUSED)
ENDS = {State.VOID: "withdrawn", State.EXPIRED: "expired"}
HPKI_SAYS = ("hpki_other", "credential_not_active", "visit_unknown")


def answering(view: View) -> Callable[..., HttpResponseBase]:
    """Hand what waits for this signer to the view, and tell what it refuses; else say what has become of it.

    An answer that comes twice (double tap, reload, lost reply) waits here until the first one's work is done, and then
    finds its outcome: it never meets the challenge that the first one has spent.
    """

    @wraps(view)
    def answered(request: HttpRequest, session: SigningSession, public_id: UUID) -> HttpResponse:
        at = clock.now()
        try:
            approval = approvals.find(session.credential.signer, public_id)
        except Refused:
            return _over(request, "unknown")
        try:
            if request.method != "POST":
                return _shown_or_over(request, view, approval, at)
            with approvals.held(approval) as approval:
                return _shown_or_over(request, view, approval, at)
        except Refused as refused:
            if refused.code == "approval_unknown":  # withdrawn at this very moment
                return _outcome(request, approvals.find(session.credential.signer, public_id), at)
            return _page(request, approval, code=refused.code, tries_left=refused.detail.get("tries_left"))

    return signed_in(answered)


def _shown_or_over(request: HttpRequest, view: View, approval: Approval, at: datetime) -> HttpResponse:
    if approvals.standing(approval, at) != State.WAITING:
        return _outcome(request, approval, at)
    return view(request, approval, at)


@require_safe
@signed_in
def waiting(request: HttpRequest, session: SigningSession) -> HttpResponse:
    found = approvals.waiting(session.credential.signer, clock.now())
    return render(request, "signing/approvals.html", {"approvals": [summary(each) for each in found]})


@require_safe
@answering
def one(request: HttpRequest, approval: Approval, at: datetime) -> HttpResponse:
    """What is asked for, and every way to answer; `refused`: what the other origin's card came to."""
    code = request.GET.get("refused", "")
    return _page(request, approval, code=code if code in HPKI_SAYS else "")


@require_POST
@answering
def phone(request: HttpRequest, approval: Approval, at: datetime) -> HttpResponse:
    """The phone's answer, or what the browser said instead."""
    reported, answer = request.POST.get("error", ""), request.POST.get("credential", "")
    if reported or not answer:
        return _page(request, approval, code=sign_in.said(reported))
    ceremony = request.POST.get("ceremony", "")
    used, about = authenticators.complete_assertion(
        ceremony, browser.token(request), answer, at=at, purpose=authenticators.APPROVE
    )
    _require_about(about, approval)
    by.by_phone(approval, used, answer, at)
    return _to(approval)


@csrf_exempt  # the reader's page posts here; the answer is bound to this browser by cookie and challenge
@require_POST
@answering
def card(request: HttpRequest, approval: Approval, at: datetime) -> HttpResponse:
    """The card reader's answer (decision 22), field `response`."""
    text = request.POST.get("response", "")
    answer = _read(text)
    begun = ceremonies.redeem(CARD, answer.state, browser.token(request), at)
    _require_about(begun.next_path or "", approval)
    by.by_card(approval, sessions.holder(answer, approvals.challenge(approval), at), text, at)
    return _to(approval)


@require_safe
@answering
def hpki_card(request: HttpRequest, approval: Approval, at: datetime) -> HttpResponse:
    """Before the HPKI card is shown at the other origin: what is approved once more, and the way there."""
    return start.before(
        request,
        "approval",
        at,
        next_path=str(approval.public_id),
        covers=approvals.challenge(approval),
        template="signing/approval_by_hpki_card.html",
        shown=summary(approval),
    )


def by_hpki_card(visit: CardVisit, at: datetime) -> HttpResponse:
    """Back from the other origin with a card that was believed (`pages.card.door`); the ticket leaves the address."""
    try:
        by.by_hpki_card(visit, at)
    except Refused as refused:
        return after_hpki_card(visit, f"?{urlencode({'refused': refused.code})}")
    return after_hpki_card(visit)


def after_hpki_card(visit: CardVisit, query: str = "") -> HttpResponse:
    """The approval's own page says what the card came to, at a reload too."""
    return HttpResponseRedirect(reverse("signing:approval", args=[visit.next_path]) + query, status=303)


@require_POST
@answering
def refuse(request: HttpRequest, approval: Approval, at: datetime) -> HttpResponse:
    by.refuse(approval, at)
    return _to(approval)


def _require_about(about: str, approval: Approval) -> None:
    """The ceremony was begun for this approval."""
    if about != str(approval.public_id):
        raise Refused("ceremony_unknown")


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
    context = {
        **summary(approval),
        **documents(approval),
        "phone": offer,
        "card_request": ceremonies.card_request(begun, back),
        "reader_url": settings.READER_URL,
        "takes_hpki_cards": bool(settings.CARD_ORIGIN),
        "is_on_phone": devices.is_phone(request.headers.get("User-Agent", "")),
        "refusal": refusals.of(refusals.SIGN_IN, code) if code else None,
        "tries_left": tries_left,
        "errors": code,
    }
    response = render(request, "signing/approval.html", context, status=422 if code else 200)
    browser.remember(response, browser_token)
    return response


def _to(approval: Approval) -> HttpResponse:
    """Every answer ends at the same address, which says what has become of it: a reload asks nothing again."""
    return HttpResponseRedirect(reverse("signing:approval", args=[approval.public_id]), status=303)


def _outcome(request: HttpRequest, approval: Approval, at: datetime) -> HttpResponse:
    """What the first answer has done, however often it is sent; or how it ended without one."""
    state = approvals.standing(approval, at)
    if state not in ANSWERED:
        return _over(request, ENDS.get(state, "unknown"))
    context = {
        **summary(approval),
        "is_approved": state != State.REFUSED,
        "answered_at": approval.answered_at,
        "leads_on": bool(approval.next_path) and state != State.TAKEN,
    }
    return render(request, "signing/approval_done.html", context)


def _over(request: HttpRequest, end: str) -> HttpResponse:
    is_unknown = end == "unknown"
    context = {"end": end, "errors": is_unknown}
    return render(request, "signing/approval_over.html", context, status=404 if is_unknown else 410)


def summary(approval: Approval) -> dict[str, object]:
    """Who asks, for what, how many, why, until when."""
    return {
        "public_id": approval.public_id,
        "caller": approval.client.name,
        "facilities": approvals.facilities(approval),
        "about": labels.seen(_told(approval).text),
        "count": len(approvals.digests(approval)),
        "next_path": approval.next_path or "",
        "why": [REASONS.get(code, code) for code in approval.reasons],
        "asked_at": approval.created_at,
        "expires_at": approval.expires_at,
    }


def documents(approval: Approval) -> dict[str, Any]:
    """The first hundred by their place, what the caller calls them, and the beginning of each one's hash."""
    digests = [digest.hex()[:_SHORT] for digest in approvals.digests(approval)]
    names = [labels.seen(name) for name in _told(approval).names]
    return {
        "documents": list(zip(names, digests, strict=True))[:_SHOWN],
        "is_named": any(names),
        "unshown": max(0, len(digests) - _SHOWN),
    }


def _told(approval: Approval) -> labels.Told:
    description = bytes(approval.description or b"").decode(errors="replace")
    return labels.told(description, approval.labels or (), len(approvals.digests(approval)))
