"""What a card's holder can do about a second certificate: there is one, it is stopped, or there is none (BD-12)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from signing.card_site import visits
from signing.errors import Refused
from signing.models import CardVisit
from signing.pages.card import places


@require_safe
@places.visiting
def page(request: HttpRequest, visit: CardVisit) -> HttpResponse:
    standing = "active"
    try:
        visits.credential_of(visit)
    except Refused as refused:
        standing = refused.code
    return render(request, "signing/card/certificate.html", {**places.shown(visit), "standing": standing})
