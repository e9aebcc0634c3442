"""A move of an order: one conditional update with its entry, its news and its ledger entry (law 2)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from enrollment import flow
from enrollment.errors import Refused
from enrollment.models import CertificateOrder, OrderEntry
from ledger import log
from outbox import jobs
from staff.models import Officer

SYSTEM = log.Actor("system", "orders")


def perform(
    name: str,
    order: CertificateOrder,
    *,
    by: flow.Actor,
    at: datetime,
    officer: Officer | None = None,
    note: str = "",
    guard: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
    orders_at: datetime | None = None,
    data: Mapping[str, str | int | bool | None] | None = None,
) -> None:
    """Move `order` by the row `name` of flow.ORDER_MOVES, or raise Refused("not_now") and change nothing.

    `orders_at`: when the order leaves for signing, where this move grants it. Call it last in the transaction of
    everything that belongs to the move: it locks the ledger's head.
    """
    row = flow.ORDER_MOVE[name]
    if by not in row.actors:
        raise Refused("not_yours", move=name)
    with transaction.atomic():
        moved = CertificateOrder.objects.filter(
            pk=order.pk, state__in=[state.value for state in row.sources], **(guard or {})
        ).update(state=row.target.value, changed_at=at, **(changes or {}))
        if moved != 1:
            raise Refused("not_now", move=name)
        OrderEntry.objects.create(order=order, kind=name, officer=officer, note=note, happened_at=at)
        if orders_at is not None:
            jobs.enqueue("enrollment.order_approved", str(order.public_id), run_after=orders_at)
        log.append(
            f"order.{name}",
            actor=log.Actor("officer", str(officer.public_id)) if officer else SYSTEM,
            subject=str(order.public_id),
            authority=order.authority,
            data=data,
        )
    order.refresh_from_db()
