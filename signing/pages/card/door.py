"""Where nginx hands an HPKI card over, and where its ticket comes back (decision 40, threat 14).

`hpki` is answered to nginx alone: it overwrites three headers and shows the shared secret with them. Whoever reaches
this program in another way, or sends such headers through nginx, gets the answer of an address that does not exist.
"""

import hmac
import logging
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from ledger import clock
from signing import sessions
from signing.card_site import principals, visits
from signing.errors import Refused
from signing.pages import approvals, browser, sign_in
from signing.pages.card import places

logger = logging.getLogger(__name__)

SECRET, VERIFIED, CERTIFICATE = (
    "HTTP_X_INKAN_PROXY_SECRET",
    "HTTP_X_INKAN_CLIENT_VERIFY",
    "HTTP_X_INKAN_CLIENT_CERTIFICATE",
)


@require_safe
@browser.private
@browser.unreferred
def hpki(request: HttpRequest) -> HttpResponse:
    """At INKAN_CARD_ORIGIN: the card's word, checked again, becomes a ticket on its way to the main origin.

    It shows no page of its own: a refusal is told at the main origin too.
    """
    if not _is_from_our_nginx(request):
        raise Http404
    at = clock.now()
    verified = request.META.get(VERIFIED, "")
    try:
        if verified == "NONE":
            raise Refused("hpki_none")
        principal = principals.read(request.META.get(CERTIFICATE, ""), at)
        if verified != "SUCCESS":  # nginx knows a reason that we do not: its word counts as much as ours
            raise Refused("hpki_refused", issuer=principal.issuer)
        covers = request.GET.get("covers", "")
        ticket = visits.identify(request.GET.get("visit", ""), principal, at, covers=covers)
    except Refused as refused:
        logger.warning("HPKI card refused: %s", refused.code)
        issuer, is_approving = str(refused.detail.get("issuer", "")), bool(request.GET.get("covers"))
        return places.refused(refused.code, issuer, is_approving=is_approving)
    return HttpResponseRedirect(f"{settings.ORIGIN}{places.ENTER}?{urlencode({'ticket': ticket})}")


@require_safe
@browser.private
@browser.unreferred
def enter(request: HttpRequest) -> HttpResponse:
    """The ticket is spent by the browser that began, and leaves the address at once."""
    at = clock.now()
    ticket, browser_token = request.GET.get("ticket", ""), browser.token(request)
    try:
        with transaction.atomic():  # a second use of the ticket waits here for the first one's work
            entered = visits.enter(ticket, browser_token, at)
            if entered.visit.purpose == "approval":
                return approvals.by_hpki_card(entered.visit, at)
        if entered.visit.purpose == "session":
            within = browser.session_token(request)
            return sign_in.go_on(sessions.open_by_hpki_card(entered.visit, at=at, within=within), at)
    except Refused as refused:
        if refused.code == "ticket_unknown":
            spent = visits.of_ticket(ticket, browser_token)
            if spent is not None and spent.purpose == "approval":
                return approvals.after_hpki_card(spent)
            return places.refused(refused.code, "")
        response = places.page_of(
            "certificate"
        )  # the card has no second certificate that signs: say so there
    else:
        response = places.page_of(entered.visit.purpose)
    browser.remember_visit(response, entered.token)
    return response


def _is_from_our_nginx(request: HttpRequest) -> bool:
    """A header that came twice, or in another spelling, was joined with a comma and is no secret of ours."""
    shown = request.META.get(SECRET, "")
    if not settings.CARD_ORIGIN or not settings.PROXY_SECRET:
        return False
    return hmac.compare_digest(shown.encode(), settings.PROXY_SECRET.encode())
