"""The queue of HPKI cards (ST-25, DQ-23): counts, the sealed order for the card maker, sent, received.

No name and no PIN is shown here; what the card bears leaves only inside the sealed order, behind a fresh second factor.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods

from enrollment import authorities, card_orders, flow
from enrollment.desk.access import note, officer_of, reach
from enrollment.errors import Refused
from enrollment.flow import Actor, Card
from enrollment.models import Application, CardOrder
from enrollment.steps.question import Words
from ledger import clock, log
from staff.models import Officer

PAGE = 50
STATES: dict[Card, Words] = {
    Card.MAKING: gettext_lazy("作成中"),
    Card.NOTIFIED: gettext_lazy("交付案内送付済み"),
    Card.RECEIVED: gettext_lazy("受取済み"),
    Card.SHIPPED: gettext_lazy("発送済み"),
    Card.ENDED: gettext_lazy("取りやめ"),
}
TITLES: dict[str, Words] = {
    "send_notice": gettext_lazy("交付案内を送付済みにする"),
    "ship": gettext_lazy("発送済みにする"),
    "receive": gettext_lazy("受取済みにする"),
}
BULK = (
    "send_notice",
    "ship",
)  # several at once: what leaves the house in one sack; a receipt is one person's
REFUSALS: dict[str, Words] = {
    "not_now": gettext_lazy(
        "ほかの担当者が処理したか、状態が変わった注文があります。一覧を確認してください。"
    ),
    "not_yours": gettext_lazy("この操作をする役割がありません。"),
    "nothing_chosen": gettext_lazy("注文を、少なくとも1つ選んでください。"),
    "too_many": gettext_lazy("一度に選べる数を超えています。20件までにしてください。"),
    "several_authorities": gettext_lazy("認証局の異なる注文は、一度に選べません。"),
    "statement_broken": gettext_lazy(
        "署名された内容と保管されている内容が異なる注文があります。書き出していません。運用担当者に連絡してください。"
    ),
    "pin_cannot_be_sealed": gettext_lazy(
        "認証局の暗号化証明書が設定されていません。書き出していません。運用担当者に連絡してください。"
    ),
}


def actors_of(officer: Officer, authority: str) -> frozenset[Actor]:
    """As whom the officer may move this authority's cards."""
    roles = {"EXAMINER": Actor.EXAMINER, "APPROVER": Actor.APPROVER}
    return frozenset(actor for role, actor in roles.items() if officer.holds(role, authority))


def _reached(officer: Officer) -> QuerySet[CardOrder]:
    return CardOrder.objects.filter(authority__in=reach(officer)).select_related("application")


def _chosen(officer: Officer, texts: Sequence[str]) -> list[CardOrder]:
    """The orders that the page named; one of another authority does not exist here, and the attempt is written down."""
    try:
        wanted = {uuid.UUID(text) for text in texts}
    except ValueError:
        raise Http404 from None
    if len(wanted) > card_orders.MOST_AT_ONCE:
        raise Refused("too_many")
    found = list(_reached(officer).filter(public_id__in=wanted).order_by("pk"))
    if len(found) != len(wanted):
        hidden = CardOrder.objects.filter(public_id__in=wanted - {order.public_id for order in found})
        for public_id in hidden.values_list("public_id", flat=True):
            note(officer, "card.refused", str(public_id))
        raise Http404
    return found


def _authority(request: HttpRequest, officer: Officer) -> str:
    """Whose queue: the one that is asked for, else the officer's first that makes cards; raises Http404."""
    mine = [
        row.code
        for row in authorities.all_authorities()
        if row.code in reach(officer) and authorities.card_way(row.code)
    ]
    wanted = request.GET.get("authority", mine[0] if mine else "")
    if wanted not in mine:
        raise Http404
    return wanted


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Oldest first; the next page is asked for by the last row's key."""
    officer = officer_of(request)
    authority = _authority(request, officer)
    wanted = request.GET.get("state", Card.MAKING.value)
    last = request.GET.get("after", "0")
    if wanted not in [one.value for one in Card] or not (
        last.isascii() and last.isdecimal() and len(last) < 18
    ):
        raise Http404
    orders = _reached(officer).filter(authority=authority)
    counts = dict(orders.values_list("state").annotate(number=Count("pk")))
    rows = list(orders.filter(state=wanted, pk__gt=int(last)).order_by("pk")[: PAGE + 1])
    actors = actors_of(officer, authority)
    note(officer, "card.queue_viewed", authority, authority, state=wanted)
    context = {
        **admin.site.each_context(request),
        "title": _("HPKIカードの発行"),
        "authority": authorities.authority(authority),
        "others": [
            code for code in sorted(reach(officer)) if authorities.card_way(code) and code != authority
        ],
        "counts": [
            {"state": state.value, "title": title, "number": counts.get(state.value, 0)}
            for state, title in STATES.items()
            if counts.get(state.value) or _is_on_the_way(state, authority)
        ],
        "state": wanted,
        "rows": [_row(order, actors) for order in rows[:PAGE]],
        "after": rows[PAGE - 1].pk if len(rows) > PAGE else None,
        "bulk": _bulk(wanted, authority, actors),
        "may_hand_over": wanted == Card.MAKING and bool(actors & set(flow.CARD_MOVE["hand_over"].actors)),
        "most": card_orders.MOST_AT_ONCE,
    }
    return render(request, "desk/card_orders.html", context)


def _is_on_the_way(state: Card, authority: str) -> bool:
    way = authorities.card_way(authority)
    return state is Card.MAKING or any(row.target is state and row.way == way for row in flow.CARD_MOVES)


def _bulk(state: str, authority: str, actors: frozenset[Actor]) -> list[dict[str, Any]]:
    way = authorities.card_way(authority)
    return [
        {"name": name, "title": TITLES[name], "url": reverse("admin:enrollment_card_move", args=[name])}
        for name in BULK
        if (row := flow.CARD_MOVE[name]).way == way and state in row.sources and actors & set(row.actors)
    ]


def _row(order: CardOrder, actors: frozenset[Actor]) -> dict[str, Any]:
    return {
        "order": order,
        "case": reverse("admin:enrollment_case", args=[order.application.public_id]),
        "may_receive": card_orders.is_offered("receive", order, actors),
    }


def _back(order: CardOrder | None) -> HttpResponseRedirect:
    query = f"?authority={order.authority}" if order else ""
    return HttpResponseRedirect(reverse("admin:enrollment_card_orders") + query)


@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, name: str) -> HttpResponse:
    """Sent (several at once) or received (one). Each order for itself: one that is refused keeps none of the others."""
    officer = officer_of(request)
    if request.method != "POST":
        return _back(None)
    _require_any(officer, "EXAMINER", "APPROVER")
    if name not in TITLES:
        raise Http404
    first: CardOrder | None = None
    done = 0
    try:
        chosen = _chosen(officer, request.POST.getlist("order"))
        first = chosen[0] if chosen else None
        if not chosen or (len(chosen) > 1 and name not in BULK):
            raise Refused("nothing_chosen")
        for order in chosen:
            _require(officer, order, name)
            done += _moved(name, order, officer)
        if done < len(chosen):
            raise Refused("not_now")
    except Refused as refused:
        messages.error(request, REFUSALS[refused.code])
    if done:
        told = ngettext("%(what)s：%(number)d件", "%(what)s：%(number)d件", done)
        messages.success(request, told % {"what": TITLES[name], "number": done})
    return _back(first)


def _require(officer: Officer, order: CardOrder, act: str) -> None:
    """An auditor reads and changes nothing: 403 and an entry, as with a case."""
    if not actors_of(officer, order.authority):
        note(officer, "card.move_refused", str(order.public_id), order.authority, move=act, code="not_yours")
        raise PermissionDenied


def _require_any(officer: Officer, *roles: str) -> None:
    if not any(officer.authorities(role) for role in roles):
        note(officer, "card.move_refused", "", code="not_yours")
        raise PermissionDenied


def _moved(name: str, order: CardOrder, officer: Officer) -> int:
    actor = log.Actor("officer", str(officer.public_id))
    try:
        card_orders.perform(name, order, by=actors_of(officer, order.authority), actor=actor, at=clock.now())
    except Refused as refused:
        note(
            officer, "card.move_refused", str(order.public_id), order.authority, move=name, code=refused.code
        )
        return 0
    return 1


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over(request: HttpRequest) -> HttpResponse:
    """The chosen orders once more, then the sealed file; behind a fresh second factor (staff.sudo)."""
    officer = officer_of(request)
    _require_any(officer, "APPROVER")
    given = request.POST if request.method == "POST" else request.GET
    orders: list[CardOrder] = []
    try:
        orders = _chosen(officer, given.getlist("order"))
        for order in orders:
            _require(officer, order, "hand_over")
        if not orders:
            raise Refused("nothing_chosen")
        if request.method != "POST":
            return _ask(request, orders)
        actor = log.Actor("officer", str(officer.public_id))
        found = card_orders.hand_over(
            orders, by=actors_of(officer, orders[0].authority), actor=actor, at=clock.now()
        )
    except Refused as refused:
        for order in orders:
            note(
                officer, "card.move_refused", str(order.public_id), order.authority,
                move="hand_over", code=refused.code,
            )  # fmt: skip
        messages.error(request, REFUSALS[refused.code])
        return _back(orders[0] if orders else None)
    response = HttpResponse(found.content, content_type="application/pkcs7-mime")
    name = f"card-orders-{orders[0].authority}-{found.sha256[:12]}.p7m"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _ask(request: HttpRequest, orders: Sequence[CardOrder]) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("カード作成データの引き渡し"),
        "authority": authorities.authority(orders[0].authority),
        "orders": orders,
        "back": f"{reverse('admin:enrollment_card_orders')}?authority={orders[0].authority}",
    }
    return render(request, "desk/card_handover.html", context)


def of_case(case: Application) -> dict[str, Any] | None:
    """The card's line on the case screen; None where there is none."""
    order = CardOrder.objects.filter(application=case).defer("sealed_pin").first()
    if order is None:
        return None
    return {
        "order": order,
        "state": STATES[Card(order.state)],
        "queue": f"{reverse('admin:enrollment_card_orders')}?authority={order.authority}&state={order.state}",
    }
