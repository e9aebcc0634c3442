"""/card/: what holders of an HPKI card can do here, what they need, and whom to ask (seed 001 annexes 1 and 2; BD-18).

Signing in with an HPKI card needs a front server that asks for client certificates (decision 40). Where none stands
before the installation, the page says so, and what one can do instead.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from enrollment import authorities
from enrollment.views.card.offices import offices
from ledger import clock


@require_safe
def card_holders(request: HttpRequest) -> HttpResponse:
    day = clock.today(clock.now())
    context = {
        "offices": offices(),
        "is_available": bool(settings.CARD_ORIGIN),
        "takes_numbers": authorities.takes_card_numbers("jma", day),
    }
    return render(request, "enrollment/card/start.html", context)
