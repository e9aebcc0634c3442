"""What an open page sends while the officer works: answers of the checklist, and that somebody is there (HTTP only).

Scripts ask for JSON; without them the checklist's own button comes here and goes back to the case.
"""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from enrollment import checklists, review
from enrollment.desk import told
from enrollment.desk.access import case_of, officer_of, require_deciding
from enrollment.desk.forms import given_lines
from enrollment.desk.saying import REFUSALS
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import Application, TakeOver
from enrollment.review import sheets
from ledger import clock
from staff.models import Officer


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "") == "application/json"


@require_http_methods(["GET", "HEAD", "POST"])
def keep(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Keep the answers that came; a GET comes from signing in again and leads back to the case."""
    officer, at = officer_of(request), clock.now()
    case = case_of(officer, public_id, asks=False)
    back = reverse("admin:enrollment_case", args=[public_id])
    if request.method != "POST":
        return HttpResponseRedirect(back)
    require_deciding(officer, case, "checklist")
    try:
        sheet = sheets.keep(case, officer, given_lines(request.POST), at)
    except Refused as refused:
        return _refused(request, case, refused, back)
    review.stay(officer, at)
    left = checklists.open_lines(sheets.lines(case), sheet.answers, sheet.notes)
    if _wants_json(request):
        return JsonResponse({"state": "saved", "left": left, "text": _saved(at)})
    messages.success(request, _saved(at))
    return HttpResponseRedirect(f"{back}#line-{left[0]}" if left else back)


def _saved(at: Any) -> str:
    return _("%(time)s に保存しました") % {"time": told.hour(at)}


def _refused(request: HttpRequest, case: Application, refused: Refused, back: str) -> HttpResponse:
    text = str(REFUSALS[refused.code])
    if refused.code == "not_now":
        case.refresh_from_db()
        text = f"{told.standing(case).sentence}{_('あなたの回答は保存されませんでした。')}"
    if _wants_json(request):
        return JsonResponse({"state": "refused", "text": text}, status=409)
    messages.error(request, text)
    return HttpResponseRedirect(back)


@require_POST
def beat(request: HttpRequest) -> HttpResponse:
    """An open page in front of an officer who is at work: their claims live on. Tells what was lost meanwhile."""
    officer, at = officer_of(request), clock.now()
    held = review.stay(officer, at)
    lost = TakeOver.objects.filter(former=officer, told_at=None).select_related("application", "officer")
    answer = {
        "held": held,
        "lost": [told.lost_claim(row) for row in lost],
        "case": _of_case(request, officer),
    }
    return JsonResponse(answer)


def _of_case(request: HttpRequest, officer: Officer) -> str:
    """Of the case that the page shows: "" while it is still the officer's, else who has it or has decided it."""
    try:
        case = case_of(officer, uuid.UUID(request.POST.get("case", "")), asks=False)
    except ValueError:
        return ""
    is_mine = case.state == State.IN_REVIEW and case.claimed_by_id == officer.pk
    return "" if is_mine else told.standing(case).sentence
