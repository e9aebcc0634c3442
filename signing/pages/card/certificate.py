"""A second certificate for the holder of a valid HPKI card: asked for here, decided and answered above (BD-12)."""

from datetime import datetime

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from ledger import clock
from signing import card_orders
from signing.card_site import visits
from signing.errors import Refused
from signing.models import CardVisit
from signing.pages import browser
from signing.pages.card import places


@require_http_methods(["GET", "HEAD", "POST"])
@places.visiting
def page(request: HttpRequest, visit: CardVisit) -> HttpResponse:
    """How things stand; POST asks, and the visit has done its work with it (BD-09)."""
    at = clock.now()
    if request.method == "POST":
        try:
            _ask(visit, at)
        except Refused:  # there is one by now, or the time is over: the page says which
            return HttpResponseRedirect(request.path, status=303)
        return HttpResponseRedirect(reverse("signing:card_certificate_done"), status=303)
    standing = _standing(visit)
    asked = card_orders.newest(visit.issuer, visit.person_id) if standing == "no_credential" else None
    context = {**places.shown(visit), "standing": standing, "asked": asked}
    return render(request, "signing/card/certificate.html", context)


@require_safe
@browser.private
def done(request: HttpRequest) -> HttpResponse:
    """Shown once, to the browser that asked."""
    try:
        visit = visits.just_ended(browser.visit_token(request), clock.now())
    except Refused:
        return HttpResponseRedirect(places.START, status=303)
    asked = card_orders.newest(visit.issuer, visit.person_id)
    context = {**places.shown(visit), "asked": asked}
    response = render(request, "signing/card/certificate_done.html", context)
    browser.forget_visit(response)
    return response


def _standing(visit: CardVisit) -> str:
    try:
        visits.credential_of(visit)
    except Refused as refused:
        return refused.code
    return "active"


def _ask(visit: CardVisit, at: datetime) -> None:
    with transaction.atomic():
        visits.end(visit, at)
        card_orders.request(
            authority=visit.issuer,
            person_id=visit.person_id,
            qualification=visit.qualification,
            card_certificate_fingerprint=bytes(visit.fingerprint or b""),
            card_certificate_not_after=visit.card_not_after or at,
            at=at,
        )
