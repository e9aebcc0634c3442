"""Before the QR code: 本人ID to be checked, what is needed, and a button (seed 001 annex 2 ②; BD-04, BD-18).

The page with the QR code names an old phone and asks about it (BD-05); it is found by this browser's cookie.
"""

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ledger import clock, log
from signing import links
from signing.card_site import visits
from signing.errors import Refused
from signing.models import CardVisit
from signing.pages import browser
from signing.pages.card import places


@require_http_methods(["GET", "HEAD", "POST"])
@places.visiting
def page(request: HttpRequest, visit: CardVisit) -> HttpResponse:
    """POST makes the QR code's link; the visit has done its work with it: after ten minutes one starts again."""
    try:
        credential = visits.credential_of(visit)
    except Refused:
        return places.page_of("certificate")
    if request.method != "POST":
        return render(request, "signing/card/phone.html", {**places.shown(visit), "errors": False})
    at, browser_token = clock.now(), browser.token_or_new(request)
    signer = log.Actor("signer", str(credential.signer.public_id))
    try:
        with transaction.atomic():
            visits.end(visit, at)
            links.show(credential, means="hpki_card", browser_token=browser_token, at=at, actor=signer)
    except Refused:  # over, or suspended, in this very moment
        return places.refused("visit_over", "")
    response = HttpResponseRedirect(reverse("signing:card_qr"), status=303)
    browser.remember(response, browser_token)
    browser.forget_visit(response)
    return response
