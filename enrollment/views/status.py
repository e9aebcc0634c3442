"""申請状況照会: applications with their timeline, the inbox, withdrawal (ST-12, ST-13)."""

import json
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from enrollment import authorities, card_orders, flow, joining, submission
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import Application, SealedPin
from enrollment.retention.ended import ENDED_MONTHS
from enrollment.views import phone_line, refusals, timelines
from enrollment.views.door import Visit, nothing_there, signed_in
from ledger.clock import today
from outbox import notices
from outbox.models import Notice

WITHDRAWABLE = flow.MOVE["withdraw"].sources


@require_safe
@signed_in
def status(request: HttpRequest, visit: Visit) -> HttpResponse:
    mine = list(Application.objects.of(visit.applicant).order_by("-created_at"))
    applicant = visit.applicant
    context = {
        "applications": [_shown(row, visit) for row in mine],
        "may_begin": bool(mine) and not any(row.state in flow.LIVING or _is_in_force(row) for row in mine),
        "notices": [_notice(row) for row in notices.inbox(applicant.public_id)],
        "may_join": not any(row.state in joining.BLOCKING for row in mine),
        "unread": notices.unread(applicant.public_id),
        "address": applicant.email if applicant.email_verified_at else "",
    }
    return render(request, "enrollment/status.html", context)


def _shown(row: Application, visit: Visit) -> dict[str, Any]:
    state = State(row.state)
    card = card_orders.shown(row)
    is_waiting = state in timelines.AHEAD
    phone = phone_line.of(row, visit.at) if _is_in_force(row) else None
    return {
        "application": row,
        "state": _(flow.SHOWN[state]),
        "authority": _(authorities.authority(row.authority).name) if row.authority else "",
        "qualification": _(authorities.qualification(row.qualification).name) if row.qualification else "",
        "events": timelines.events(row),
        "card": _(card) if card else "",
        "waiting": _(authorities.waiting_text(row.authority, today(visit.at))) if is_waiting else "",
        "is_draft": state is State.DRAFT,
        "is_returned": state is State.RETURNED,
        "is_issued": _is_in_force(row),
        "has_ended": state is State.ISSUED and not _is_in_force(row),
        "link_notice": _link_notice(visit) if phone and phone.until else "",
        "phone": phone,
        "reissue_note": _reissue_note(row, visit) if _is_in_force(row) else "",
        "can_withdraw": state in WITHDRAWABLE,
        "has_receipt": state in timelines.AHEAD,
    }


def _reissue_note(row: Application, visit: Visit) -> str:
    """What a new link may cost (CA-18)."""
    note = authorities.link_reissue_note(row.authority, today(visit.at))
    return _(note) if note else ""


def _is_in_force(row: Application) -> bool:
    return row.state == State.ISSUED and row.certificate_ended_at is None


def _link_notice(visit: Visit) -> str:
    """Address of the notice that still holds link and password (N5, or a newer link); "" once that is erased."""
    mine = notices.inbox(visit.applicant.public_id).filter(kind__in=("n5", "link_again", "new_certificate"))
    found = mine.filter(secret__isnull=False).order_by("-pk").first()
    return reverse("notice", args=[found.public_id]) if found else ""


def _notice(row: Notice) -> dict[str, Any]:
    url = reverse("notice", args=[row.public_id])
    return {"title": row.title, "at": row.created_at, "url": url, "is_read": row.read_at is not None}


@require_safe
@signed_in
def notice(request: HttpRequest, visit: Visit, public_id: uuid.UUID) -> HttpResponse:
    """One notice; N5 shows link and password while they may still be used (ST-15, decision 19)."""
    owner = visit.applicant.public_id
    row = notices.inbox(owner).filter(public_id=public_id).first()
    if row is None:
        raise nothing_there(request, "notice")
    notices.mark_read(owner, public_id)
    secret = notices.secret_of(owner, public_id)
    return render(
        request, "enrollment/notice.html", {"notice": row, "secret": json.loads(secret) if secret else None}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def withdraw(request: HttpRequest, visit: Visit, public_id: uuid.UUID) -> HttpResponse:
    """取下げ: asked once more before it happens."""
    application = Application.objects.of(visit.applicant).filter(public_id=public_id).first()
    if application is None:
        raise nothing_there(request, "application")
    if application.state not in WITHDRAWABLE:
        return refusals.page(request, Refused("not_now"))
    if request.method != "POST":
        context = {
            "application": application,
            "files": application.attachments.count(),
            "has_pin": SealedPin.objects.filter(application=application).exists(),
            "months": ENDED_MONTHS,
        }
        return render(request, "enrollment/withdraw.html", context)
    try:
        submission.withdraw(application, visit.at)
    except Refused as refused:
        return refusals.page(request, refused)
    messages.success(request, _("申請を取り下げました。"))
    return redirect("status")
