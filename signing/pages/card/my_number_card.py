"""Bind a My Number Card: 本人ID to be checked, swap the cards, 登録, the 4-digit PIN, done (seed 001 annex 1 ⑥-⑨)."""

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from ledger import clock
from signing.card_site import my_number_card, visits
from signing.errors import Refused
from signing.models import CardBinding, CardVisit
from signing.pages import browser, refusals
from signing.pages.card import places
from signing.pages.card.sentences import BINDING


@require_safe
@places.visiting
def page(request: HttpRequest, visit: CardVisit) -> HttpResponse:
    return _page(request, visit)


@csrf_exempt  # the reader's page posts here; the answer is bound to this browser by cookie and challenge
@require_POST
@browser.private
def answer(request: HttpRequest) -> HttpResponse:
    """The card reader's answer (decision 22), field `response`.

    The visit stays locked until the card is bound, so the second answer of a button that was pressed twice finds it
    ended, and leads to where the first one led.
    """
    text = request.POST.get("response", "")
    with transaction.atomic():
        if _has_just_bound(request, text):
            return HttpResponseRedirect(reverse("signing:card_done"), status=303)
        return _complete(request)


def _has_just_bound(request: HttpRequest, text: str) -> bool:
    token, at = browser.visit_token(request), clock.now()
    visits.hold(token)
    try:
        return my_number_card.is_bound_by(visits.just_ended(token, at), text)
    except Refused:
        return False


@places.visiting
def _complete(request: HttpRequest, visit: CardVisit) -> HttpResponse:
    try:
        my_number_card.complete(visit, browser.token(request), request.POST.get("response", ""), clock.now())
    except Refused as refused:
        left = refused.detail.get("tries_left")
        return _page(request, visit, refused.code, left if isinstance(left, int) else None)
    return HttpResponseRedirect(reverse("signing:card_done"), status=303)


@require_safe
@browser.private
def done(request: HttpRequest) -> HttpResponse:
    """The visit has ended itself (BD-09); the page is shown once and to this browser alone."""
    try:
        visits.just_ended(browser.visit_token(request), clock.now())
    except Refused:
        return HttpResponseRedirect(places.START, status=303)
    response = render(request, "signing/card/my_number_card_done.html")
    browser.forget_visit(response)
    return response


def _page(request: HttpRequest, visit: CardVisit, code: str = "", left: int | None = None) -> HttpResponse:
    try:
        credential = visits.credential_of(visit)
    except Refused:
        return places.page_of("certificate")  # there is nothing yet that a card could be bound to
    bound = CardBinding.objects.filter(credential=credential, is_living=True).order_by("-pk").first()
    browser_token = browser.token_or_new(request)
    back = reverse("signing:card_my_number_card_answer")
    context = {
        **places.shown(visit),
        "bound": bound,
        "card_request": my_number_card.begin(browser_token, back, clock.now()),
        "reader_url": settings.READER_URL,
        "refusal": refusals.of(BINDING, code) if code else None,
        "tries_left": left,
        "errors": code,
    }
    response = render(request, "signing/card/my_number_card.html", context, status=422 if code else 200)
    browser.remember(response, browser_token)
    return response
