"""The addresses of the card site, and the way from one to the next."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from ledger import clock
from signing.card_site import visits
from signing.errors import Refused
from signing.models import CardVisit
from signing.pages import browser, words

P = ParamSpec("P")
# The start page and the page of refusals know the authorities' offices, so they are enrollment's.
START, REFUSED = "/card/", "/card/refused/"
HPKI, ENTER = "/card/hpki/", "/card/enter/"


def page_of(purpose: str) -> HttpResponse:
    """To the page where a visit goes on."""
    return HttpResponseRedirect(reverse(f"signing:card_{purpose}"), status=303)


def refused(code: str, issuer: str, *, is_approving: bool = False) -> HttpResponse:
    """From either origin to the main origin's page that says what is wrong and whom to ask.

    Whoever was approving something is led back to what waits, where there are other ways.
    """
    query = {"reason": code, **({"authority": issuer} if issuer else {})}
    query |= {"for": "approval"} if is_approving else {}
    return HttpResponseRedirect(f"{settings.ORIGIN}{REFUSED}?{urlencode(query)}", status=303)


def visiting(
    view: Callable[Concatenate[HttpRequest, CardVisit, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Hand the open visit to the view, or say that it is over."""

    @wraps(view)
    def answered(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            visit = visits.find(browser.visit_token(request), clock.now())
        except Refused:
            had_one = browser.visit_token(request)
            return refused("visit_over", "") if had_one else HttpResponseRedirect(START, status=303)
        return browser.private(view)(request, visit, *args, **kwargs)

    return answered


def shown(visit: CardVisit) -> dict[str, object]:
    """Whose visit it is, as every page of it shows (BD-17)."""
    return {
        "visit": visit,
        "authority": words.authority(visit.issuer),
        "qualification": words.qualification(visit.qualification),
    }
