"""How typed dates, numbers and postal codes are understood, for the page's comfort; every form works without it.

Asked by POST, because what is typed here (birthdays, telephone numbers, addresses) belongs in no log of addresses.
"""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST

from enrollment import drafts
from enrollment.steps import addresses, echoes, home
from enrollment.views.door import Visit, signed_in

CARD = "card"


@require_POST
@signed_in
def echo(request: HttpRequest, visit: Visit, kind: str) -> HttpResponse:
    """`{shown, problem}` of `text`; what else stands on the page (echoes.BESIDE) helps to understand it."""
    if kind not in echoes.ECHOES:
        raise Http404
    given = {name: request.POST.get(name, "")[: echoes.MOST] for name in echoes.BESIDE}
    found = echoes.echo(kind, request.POST.get("text", ""), given)
    return JsonResponse(found._asdict())


@require_POST
@signed_in
def postal(request: HttpRequest, visit: Visit) -> HttpResponse:
    """`{put, html}`: what goes into the address field at once, and what stands under the postal code (DQ-16).

    `address` is what the field holds, `ours` what was put there before; `beside=card` compares with the card's
    address instead and puts nothing anywhere (K-18).
    """
    names = ("text", "address", "ours")
    typed, address, ours = (request.POST.get(name, "")[: addresses.LONGEST_ADDRESS] for name in names)
    if request.POST.get("beside") == CARD:
        application = drafts.current(visit.applicant)
        card = str(drafts.answers(application, "card").get("address", "")) if application else ""
        found = home.beside_card(typed, card)
    else:
        found = addresses.offer(typed, address, ours=ours)
    html = render_to_string("enrollment/postal_found.html", {"offer": found}, request)
    return JsonResponse({"put": found.put, "html": html})
