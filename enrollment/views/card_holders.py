"""/card/: where holders of an HPKI card are sent from the start page.

Signing in with an HPKI card needs a front server that asks for client certificates (decision 40). None stands before
this installation, so the page says what is not available, what one can do instead, and whom to ask.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from enrollment import authorities


@require_safe
def card_holders(request: HttpRequest) -> HttpResponse:
    offices = [{"name": _(row.name), "site": row.site} for row in authorities.all_authorities()]
    return render(request, "enrollment/card_holders.html", {"offices": offices})
