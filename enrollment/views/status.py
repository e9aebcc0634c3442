"""申請状況照会: applications with their timeline, the inbox, withdrawal (ST-12, ST-13)."""

import json
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from enrollment import authorities, flow, submission
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import Application
from enrollment.views import refusals
from enrollment.views.door import Visit, nothing_there, signed_in
from ledger.clock import today
from outbox import notices
from outbox.models import Notice

# What happened, in the applicant's words; kinds that are the desk's own business are not shown.
EVENTS = {
    "begin": gettext_lazy("申請の入力を始めました"),
    "submit": gettext_lazy("申請を送信しました"),
    "claim": gettext_lazy("審査が始まりました"),
    "return_to_applicant": gettext_lazy("修正のお願いがありました"),
    "order": gettext_lazy("承認されました"),
    "deliver": gettext_lazy("電子証明書が発行されました"),
    "reject": gettext_lazy("承認されませんでした"),
    "withdraw": gettext_lazy("申請を取り下げました"),
    "lapse": gettext_lazy("修正の期限が過ぎ、申請は取下げになりました"),
    "phone_bound": gettext_lazy("スマートフォンを登録しました"),
    "link_locked": gettext_lazy("登録用のURLが停止されました"),
}
ONCE = ("claim",)  # a case may change hands; the applicant reads of it once
AHEAD = {
    State.SUBMITTED: ("claim", "order", "deliver"),
    State.IN_REVIEW: ("order", "deliver"),
    State.RECOMMENDED: ("order", "deliver"),
    State.APPROVED: ("order", "deliver"),
    State.ISSUING: ("deliver",),
}
AHEAD_TITLES = {
    "claim": gettext_lazy("認証局の審査"),
    "order": gettext_lazy("審査の結果"),
    "deliver": gettext_lazy("電子証明書の発行とお知らせ"),
}
WITHDRAWABLE = flow.MOVE["withdraw"].sources


@require_safe
@signed_in
def status(request: HttpRequest, visit: Visit) -> HttpResponse:
    mine = Application.objects.of(visit.applicant).order_by("-created_at")
    context = {
        "applications": [_shown(row, visit) for row in mine],
        "notices": [_notice(row) for row in notices.inbox(visit.applicant.public_id)],
    }
    return render(request, "enrollment/status.html", context)


def _shown(row: Application, visit: Visit) -> dict[str, Any]:
    state = State(row.state)
    return {
        "application": row,
        "state": _(flow.SHOWN[state]),
        "authority": _(authorities.authority(row.authority).name) if row.authority else "",
        "qualification": _(authorities.qualification(row.qualification).name) if row.qualification else "",
        "events": _events(row, state),
        "waiting": _(authorities.waiting_text(row.authority, today(visit.at))) if state in AHEAD else "",
        "is_draft": state is State.DRAFT,
        "is_returned": state is State.RETURNED,
        "is_issued": state is State.ISSUED,
        "link_notice": _link_notice(row, visit) if state is State.ISSUED else "",
        "can_withdraw": state in WITHDRAWABLE,
    }


def _link_notice(row: Application, visit: Visit) -> str:
    """Address of the notice that still holds link and password (N5); "" once the phone is bound or the link ended."""
    mine = notices.inbox(visit.applicant.public_id).filter(kind="n5", about=str(row.credential))
    found = mine.filter(secret__isnull=False).first()
    return reverse("notice", args=[found.public_id]) if found else ""


def _events(row: Application, state: State) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    for entry in row.timeline.order_by("happened_at", "pk"):
        if entry.kind not in EVENTS or (entry.kind in ONCE and entry.kind in seen):
            continue
        seen.add(entry.kind)
        found.append({"title": EVENTS[entry.kind], "state": "done", "at": entry.happened_at})
    ahead = [
        {"title": AHEAD_TITLES[kind], "state": "todo", "at": None}
        for kind in AHEAD.get(state, ())
        if kind not in seen
    ]
    if ahead:
        ahead[0]["state"] = "current"
    return found + ahead


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
        return render(request, "enrollment/withdraw.html", {"application": application})
    try:
        submission.withdraw(application, visit.at)
    except Refused as refused:
        return refusals.page(request, refused)
    return redirect("status")
