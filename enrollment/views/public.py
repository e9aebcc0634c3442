"""The start page (①②): what this is, who goes where, what to have at hand, authorities compared (CA-15 to CA-22)."""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from enrollment import authorities, images
from enrollment.applicants.prices import price_text
from enrollment.steps.files import KIND_NAMES
from enrollment.views.door import visitor
from ledger import clock


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    day = clock.today(clock.now())
    context = {
        "authorities": [_compared(row, day) for row in authorities.all_authorities()],
        "day": day,
        "is_signed_in": visitor(request) is not None,
    }
    return render(request, "enrollment/start.html", context)


def _compared(row: authorities.Authority, day: date) -> dict[str, Any]:
    may = [one for one in authorities.qualifications() if authorities.is_open(row.code, one.code, day)]
    notices = {
        text for one in authorities.qualifications() for text in authorities.notices(row.code, one.code, day)
    }
    as_of = authorities.price(row.code, False, day).as_of
    return {
        "name": _(row.name),
        "site": row.site,
        "who": _("・").join(_(one.name) for one in may),
        "price": price_text(row.code, day),
        "as_of": as_of,
        "card": _(authorities.card_text(row.code, day)),
        "waiting": _(authorities.waiting_text(row.code, day)),
        "photo": _kinds(row.code, "photo"),
        "documents": _kinds(row.code, "identity"),
        "notices": sorted(_(text) for text in notices),
    }


def _kinds(code: str, slot: str) -> str:
    taken = images.taken_kinds(code, slot)
    return _("・").join(name for kind, name in KIND_NAMES.items() if kind in taken)
