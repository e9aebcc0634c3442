"""The desk's side of orders for another certificate: the worklist, the page of one order, and the officers' moves.

Orders are reached through the officer's authorities; an attempt on another's is a 404 and an entry, and each look at
one is an entry with its purpose (RV-4). The moves are in enrollment.orders.deciding.
"""

import uuid
from collections.abc import Callable
from datetime import datetime
from math import ceil
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from enrollment.desk import order_facts
from enrollment.desk.access import DECIDING_ROLES, note, officer_of, reach
from enrollment.desk.forms import NoteForm, ReasonForm
from enrollment.errors import Refused
from enrollment.flow import ORDER_MOVE, OrderKind, OrderState
from enrollment.models import CertificateOrder
from enrollment.orders import deciding
from ledger import clock
from staff.models import Officer

TITLE = _("証明書の申込み")
MOST = 100
OPEN = (OrderState.WAITING, OrderState.RECOMMENDED)
TITLES = {
    "recommend": _("承認を推薦する"),
    "send_back": _("審査をやり直す"),
    "approve": _("承認する"),
    "take_back": _("承認を取り消す"),
    "reject": _("不承認にする"),
}
ROLES = {
    "recommend": ("EXAMINER",),
    "send_back": ("APPROVER",),
    "approve": ("APPROVER",),
    "take_back": ("APPROVER",),
    "reject": ("EXAMINER", "APPROVER"),
}
REFUSALS = {
    "not_now": _(
        "この申込みは、ほかの審査者がすでに処理したか、状態が変わりました。画面の内容を確認してください。"
    ),
    "not_yours": _("この操作をする役割がありません。"),
    "same_officer": _("承認の推薦と承認は、別の審査者が行います。ほかの承認者に依頼してください。"),
    "already_granted": _("同じ資格と登録番号で、承認済みの申請または申込みがあります。承認できません。"),
    "statement_broken": _(
        "署名された内容と、保管されている内容が一致しません。判断せずに、運用担当に知らせてください。"
    ),
    "reason_missing": _("不承認の理由を書いてください。"),
}
Act = Callable[[CertificateOrder, Officer, Any, datetime], None]
ACTS: dict[str, Act] = {
    "recommend": lambda order, officer, form, at: deciding.recommend(
        order, officer, form.cleaned_data["note"], at
    ),
    "send_back": lambda order, officer, form, at: deciding.send_back(
        order, officer, form.cleaned_data["note"], at
    ),
    "approve": lambda order, officer, form, at: deciding.approve(
        order, officer, form.cleaned_data["note"], at
    ),
    "take_back": lambda order, officer, form, at: deciding.take_back(order, officer, at),
    "reject": lambda order, officer, form, at: deciding.reject(order, officer, form.told(), at),
}


@require_GET
def worklist(request: HttpRequest) -> HttpResponse:
    """Open orders of the officer's authorities, oldest first; `?state=` shows those in another state."""
    officer = officer_of(request)
    authorities = reach(officer)
    if not authorities:
        raise PermissionDenied
    wanted = request.GET.get("state", "")
    if wanted and wanted not in set(OrderState):
        return HttpResponseBadRequest()
    orders = CertificateOrder.objects.for_authorities(authorities)
    shown = orders.filter(state=wanted) if wanted else orders.filter(state__in=OPEN)
    context = {
        **admin.site.each_context(request),
        "title": TITLE,
        "rows": [order_facts.row(order) for order in shown.order_by("created_at", "pk")[:MOST]],
        "states": [
            {"value": "", "title": _("判断が必要なもの"), "selected": not wanted},
            *(
                {"value": state.value, "title": order_facts.STATES[state].title, "selected": wanted == state}
                for state in OrderState
            ),
        ],
        "most": MOST,
    }
    return render(request, "desk/orders.html", context)


@require_GET
def order(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """What the officer needs on one page: the former certificate, what was signed, the register's row, what changes."""
    officer = officer_of(request)
    found = _order_of(officer, public_id)
    return _page(request, found, officer, {})


@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, public_id: uuid.UUID, name: str) -> HttpResponse:
    """Carry out one move of the table; a refusal is told on the order's page and changes nothing."""
    officer = officer_of(request)
    found = _order_of(officer, public_id)
    if name not in ACTS:
        raise Http404
    back = HttpResponseRedirect(reverse("admin:enrollment_order", args=[public_id]))
    if request.method != "POST":
        return back
    if not any(officer.holds(role, found.authority) for role in DECIDING_ROLES):
        note(officer, "order.move_refused", str(public_id), found.authority, move=name, code="not_yours")
        raise PermissionDenied
    form = _form(name, request.POST)
    if not form.is_valid():
        return _page(request, found, officer, {name: form})
    try:
        ACTS[name](found, officer, form, clock.now())
    except Refused as refused:
        note(officer, "order.move_refused", str(public_id), found.authority, move=name, code=refused.code)
        messages.error(request, REFUSALS[refused.code])
    else:
        messages.success(request, _("%(what)s：完了しました。") % {"what": TITLES[name]})
    return back


def offers(found: CertificateOrder, officer: Officer, at: datetime) -> tuple[str, ...]:
    """The moves that this officer may make now, in the order of the table."""
    return tuple(
        name
        for name in ACTS
        if found.state in ORDER_MOVE[name].sources
        and any(officer.holds(role, found.authority) for role in ROLES[name])
        and _fits(name, found, officer, at)
    )


def _fits(name: str, found: CertificateOrder, officer: Officer, at: datetime) -> bool:
    if name == "approve":
        return found.recommended_by_id != officer.pk
    if name == "reject":
        role = "APPROVER" if found.state == OrderState.RECOMMENDED else "EXAMINER"
        return officer.holds(role, found.authority)
    if name == "take_back":
        decided = found.decided_at
        return found.approved_by_id == officer.pk and decided is not None and at < decided + deciding.UNDO
    return True


def _order_of(officer: Officer, public_id: uuid.UUID) -> CertificateOrder:
    orders = CertificateOrder.objects.select_related(
        "application__applicant", "holder", "recommended_by", "approved_by"
    )
    found = orders.for_authorities(reach(officer)).filter(public_id=public_id).first()
    if found is None:
        if CertificateOrder.objects.filter(public_id=public_id).exists():
            note(officer, "order.refused", str(public_id))
        raise Http404
    return found


def _form(name: str, data: Any = None) -> forms.Form:
    return ReasonForm(data) if name == "reject" else NoteForm(data)


def _page(
    request: HttpRequest, found: CertificateOrder, officer: Officer, bound: dict[str, forms.Form]
) -> HttpResponse:
    """Each look is an entry, that at a form which came back too."""
    at = clock.now()
    offered = offers(found, officer, at)
    purpose = "decision" if offered else "supervision"
    note(officer, "order.viewed", str(found.public_id), found.authority, purpose=purpose)
    moves = [
        {
            "name": name,
            "title": TITLES[name],
            "form": bound.get(name) or _form(name),
            "is_open": name in bound,
            "url": reverse("admin:enrollment_order_move", args=[found.public_id, name]),
        }
        for name in offered
    ]
    undo = next((row for row in moves if row["name"] == "take_back"), None)
    context = {
        **admin.site.each_context(request),
        **order_facts.shown(found),
        "order": found,
        "title": order_facts.KINDS[OrderKind(found.kind)],
        "decisions": [row for row in moves if row["name"] != "take_back"],
        "undo": undo,
        "undo_left": ceil((found.decided_at + deciding.UNDO - at).total_seconds()) if found.decided_at else 0,
        "is_own_word": found.state == OrderState.RECOMMENDED and found.recommended_by_id == officer.pk,
        "form": next(iter(bound.values()), None),
    }
    return render(request, "desk/order.html", context, status=422 if bound else 200)
