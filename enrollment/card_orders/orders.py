"""The moves of a card order: each one conditional update with its ledger entry, its timeline entry and its notice.

The PIN goes with the move that says that the card is made, in the same update (DQ-23): no crash lies between the two.
"""

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction

from enrollment import authorities, flow
from enrollment.errors import Refused
from enrollment.flow import Actor, Card, State
from enrollment.models import Application, CardOrder, SealedPin, TimelineEntry
from enrollment.notices import card as notices
from ledger import clock, log
from signing import credentials

SYSTEM = log.Actor("system", "card_orders")
GRANTED = (State.ISSUING, State.ISSUED)


def begin(application: Application, at: datetime) -> None:
    """With the certificate's order: the sealed PIN goes into the card's order and nowhere else (DQ-23).

    Call it inside the transaction of the order. Where no card is made there is no PIN and no order (CA-06).
    """
    sealed = SealedPin.objects.filter(application=application, authority=application.authority).first()
    if sealed is None or not authorities.card_way(application.authority):
        return
    order, is_new = CardOrder.objects.get_or_create(
        application=application,
        defaults={
            "authority": application.authority,
            "sealed_pin": sealed.sealed,
            "ordered_at": at,
            "changed_at": at,
        },
    )
    sealed.delete()
    if is_new:
        _log("ordered", order, SYSTEM)


def is_offered(name: str, order: CardOrder, actors: frozenset[Actor]) -> bool:
    """Whether the table has a row from this state, for this authority's way and one of these actors."""
    row = flow.CARD_MOVE.get(name)
    return (
        row is not None
        and order.state in row.sources
        and bool(actors & set(row.actors))
        and row.way in ("", authorities.card_way(order.authority))
    )


def perform(name: str, order: CardOrder, *, by: frozenset[Actor], actor: log.Actor, at: datetime) -> None:
    """send_notice, receive or ship. Raises Refused: not_yours, not_now (another officer was faster, or no such way)."""
    row = flow.CARD_MOVE[name]
    if not by & set(row.actors):
        raise Refused("not_yours", move=name)
    if row.way not in ("", authorities.card_way(order.authority)):
        raise Refused("not_now", move=name)
    with transaction.atomic():
        _move(name, order, at, application__state__in=GRANTED)
        TimelineEntry.objects.create(
            application_id=order.application_id, kind=f"card_{row.target}", happened_at=at
        )
        if row.target in (Card.NOTIFIED, Card.SHIPPED):
            notices.sent(order.application, row.way)
        _log(row.target, order, actor)


def end(order: CardOrder, at: datetime) -> bool:
    """The certificate was revoked: no card is made or handed over any more, and its PIN is gone. False: too late."""
    try:
        with transaction.atomic():
            _move("end", order, at)
            TimelineEntry.objects.create(
                application_id=order.application_id, kind="card_ended", happened_at=at
            )
            _log("ended", order, SYSTEM)
    except Refused:
        return False
    return True


def on_credential_revoked(credential: str) -> None:
    """`signing.credential_revoked`: the order ends with it, unless another certificate has taken its place."""
    order = CardOrder.objects.filter(application__credential=uuid.UUID(credential)).first()
    if order is not None and credentials.facts(uuid.UUID(credential)).reason != "superseded":
        end(order, clock.now())


def shown(application: Application) -> str:
    """The card's line as the applicant reads it, a message of the catalogue; "" before there is one (ST-25)."""
    if application.state not in GRANTED:
        return ""
    order = CardOrder.objects.filter(application=application).only("state").first()
    return flow.CARD_SHOWN[Card(order.state)] if order else flow.NO_CARD


def _move(name: str, order: CardOrder, at: datetime, **guard: Any) -> None:
    row = flow.CARD_MOVE[name]
    rows = CardOrder.objects.filter(pk=order.pk, state__in=row.sources)
    if guard:
        rows = rows.filter(pk__in=CardOrder.objects.filter(**guard).values("pk"))
    if rows.update(state=row.target, changed_at=at, sealed_pin=None) != 1:
        raise Refused("not_now", move=name)
    order.refresh_from_db()


def _log(what: str, order: CardOrder, actor: log.Actor) -> None:
    log.append(
        f"card.{what}",
        actor=actor,
        subject=str(order.public_id),
        authority=order.authority,
        data={"application": str(order.application.public_id)},
    )
