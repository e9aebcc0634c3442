"""Renewed My Number Cards: who waits to be confirmed, and the officer's own order by code (BD-14)."""

import uuid
from collections.abc import Callable

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from enrollment import joining
from enrollment.desk.access import DECIDING_ROLES, case_of, note, officer_of, reach, require_deciding
from enrollment.errors import Refused
from enrollment.models import Application, JoinRequest
from ledger import clock
from staff import sudo
from staff.models import Officer

SHOWN = 100
REFUSALS = {
    "not_now": _("ほかの担当者が処理したか、状態が変わりました。一覧を確認してください。"),
    "not_yours": _("この操作をする役割がありません。"),
    "pending": _("この方の新しいアカウントに審査中または発行済みの申請があるため、登録できません。"),
    "code_unknown": _("この確認コードの申出はありません。コードを確かめてください。"),
    "codes_locked": _("確認コードを5回続けて間違えたため、15分間停止しています。"),
    "another_person": _(
        "申出をした方の生年月日が、この申請の方と異なります。登録できません。申請を確かめてください。"
    ),
    "statement_broken": _(
        "署名された内容と、保管されている内容が異なります。登録できません。運用担当者に連絡してください。"
    ),
    "card_not_bound": _(
        "電子証明書が有効でないか、カードがほかの証明書に登録されているため、登録できません。"
    ),
}
ACTS: dict[str, Callable[..., None]] = {"confirm": joining.confirm, "refuse": joining.refuse}


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Oldest first; no name is shown: the case says whom it is about."""
    officer = officer_of(request)
    rows = JoinRequest.objects.filter(state="waiting", application__authority__in=reach(officer))
    note(officer, "join.queue_viewed", "")
    context = {
        **admin.site.each_context(request),
        "title": _("更新されたマイナンバーカード"),
        "rows": rows.select_related("application").defer("content", "cms").order_by("signed_at")[:SHOWN],
        "may_decide": any(officer.authorities(role) for role in DECIDING_ROLES),
    }
    return render(request, "desk/new_cards.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, public_id: uuid.UUID, name: str) -> HttpResponse:
    """confirm or refuse; a request of another authority does not exist here, and the attempt is written down."""
    officer = officer_of(request)
    back = HttpResponseRedirect(reverse("admin:enrollment_new_cards"))
    if request.method != "POST":
        return back
    found = JoinRequest.objects.filter(public_id=public_id, application__authority__in=reach(officer)).first()
    if found is None or found.application is None:
        if JoinRequest.objects.filter(public_id=public_id).exists():
            note(officer, "join.refused", str(public_id))
        raise Http404
    require_deciding(officer, found.application, f"join_{name}")
    if name not in ACTS:
        raise Http404
    return _decided(request, officer, found, name, back)


@sudo.required
def _decided(
    request: HttpRequest, officer: Officer, found: JoinRequest, name: str, back: HttpResponseRedirect
) -> HttpResponse:
    authority = found.application.authority if found.application else ""
    try:
        ACTS[name](found, officer, clock.now())
    except Refused as refused:
        note(officer, "join.move_refused", str(found.public_id), authority, code=refused.code)
        messages.error(request, REFUSALS[refused.code])
    else:
        done = {"confirm": _("新しいカードを登録しました。"), "refuse": _("登録しませんでした。")}
        messages.success(request, done[name])
    return back


@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """From the issued case's screen: the code that the person reads out, after the officer's own check."""
    officer = officer_of(request)
    case = case_of(officer, public_id, asks=False)
    back = HttpResponseRedirect(reverse("admin:enrollment_case", args=[public_id]))
    require_deciding(officer, case, "join_order")
    return _ordered(request, officer, case, back)


@sudo.required
def _ordered(
    request: HttpRequest, officer: Officer, case: Application, back: HttpResponseRedirect
) -> HttpResponse:
    if request.method != "POST":  # the second factor was asked for again, and what was typed is gone
        messages.warning(request, _("まだ登録していません。確認コードをもう一度入力してください。"))
        return back
    try:
        joining.order(case, request.POST.get("code", "")[:20], officer, clock.now())
    except Refused as refused:
        note(officer, "join.move_refused", str(case.public_id), case.authority, code=refused.code)
        messages.error(request, REFUSALS[refused.code])
    else:
        messages.success(request, _("新しいカードを登録しました。"))
    return back
