"""「新しいカード」: a renewed My Number Card is joined to the account of the former one (BD-14)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from enrollment import joining
from enrollment.applicants import readings
from enrollment.errors import Refused
from enrollment.views import cards, refusals
from enrollment.views.door import Visit, signed_in


@require_safe
@signed_in
def new_card(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The statement with the button that signs it; afterwards what has become of it."""
    found = joining.current(visit.applicant)
    if found is not None and found.state != "asked":
        return render(request, "enrollment/new_card_asked.html", {"asked": found})
    try:
        found = joining.freeze(visit.session, visit.at)
    except Refused as refused:
        return refusals.page(request, refused)
    context: dict[str, object] = {
        "pin": "sign",
        "content": bytes(found.content).decode(),
        "digest": bytes(found.sha256).hex(),
        "declares": _(joining.DECLARES),
    }
    return cards.reader_page(
        request,
        "enrollment/new_card.html",
        context,
        readings.JOIN,
        session=visit.session,
        digest=bytes(found.sha256),
    )
