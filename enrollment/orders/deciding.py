"""The officers' word on an order: recommend, send back, approve, take back, reject (decisions 6, 32).

Every function takes an order that was fetched through the officer's authorities. Two officers can never both decide:
each move is one conditional update, and that they are different people is a constraint of the database.
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from enrollment import registrations, signed
from enrollment.errors import Refused
from enrollment.flow import Actor, OrderKind, OrderState
from enrollment.models import CertificateOrder
from enrollment.notices import certificate as notices
from enrollment.orders import moves, subjects
from signing import card_orders
from signing.acts import renewals
from staff.models import Officer

UNDO = timedelta(seconds=10)  # a decision leaves after ten seconds (decision 32)


def recommend(order: CertificateOrder, officer: Officer, note: str, at: datetime) -> None:
    """The first officer's word; the order then waits for another one."""
    _require(officer, order, "EXAMINER")
    _require_intact(order)
    changes = {"recommended_by": officer}
    moves.perform("recommend", order, by=Actor.EXAMINER, at=at, officer=officer, note=note, changes=changes)


def send_back(order: CertificateOrder, officer: Officer, note: str, at: datetime) -> None:
    """The second officer wants it looked at again."""
    _require(officer, order, "APPROVER")
    changes = {"recommended_by": None}
    moves.perform("send_back", order, by=Actor.APPROVER, at=at, officer=officer, note=note, changes=changes)


def approve(order: CertificateOrder, officer: Officer, note: str, at: datetime) -> None:
    """The second officer's word; after ten seconds the order leaves, until then it can be taken back."""
    _require(officer, order, "APPROVER")
    if order.recommended_by_id == officer.pk:
        raise Refused("same_officer")
    _require_intact(order)
    try:
        with transaction.atomic():
            if order.kind == OrderKind.CARD_HOLDER:
                _require_free(order)
            moves.perform(
                "approve",
                order,
                by=Actor.APPROVER,
                at=at,
                officer=officer,
                note=note,
                changes={"approved_by": officer, "decided_at": at},
                orders_at=at + UNDO,
            )
    except IntegrityError as broken:
        code = "already_granted" if "registration" in str(broken) else "same_officer"
        raise Refused(code) from broken


def take_back(order: CertificateOrder, officer: Officer, at: datetime) -> None:
    """Undo one's own approval while the order has not left."""
    moves.perform(
        "take_back",
        order,
        by=Actor.APPROVER,
        at=at,
        officer=officer,
        guard={"approved_by": officer},
        changes={"approved_by": None, "decided_at": None},
    )


def reject(order: CertificateOrder, officer: Officer, reason: str, at: datetime) -> None:
    """不承認 with a reason: by an examiner on a waiting order, by an approver on a recommended one (ST-35)."""
    if not reason.strip():
        raise Refused("reason_missing")
    is_recommended = order.state == OrderState.RECOMMENDED
    by = Actor.APPROVER if is_recommended else Actor.EXAMINER
    _require(officer, order, by.name)
    with transaction.atomic():
        if order.kind == OrderKind.RENEWAL and order.request:
            renewals.answer(order.request, "refuse", at, "rejected")
        elif order.request:
            card_orders.answer(order.request, "refuse", at, "rejected")
        if order.holder is not None and order.former is None:
            notices.holder_refused(order.holder, f"order:{order.public_id}")
        elif order.former is not None:
            notices.order_rejected(subjects.known(order.former), order, reason)
        moves.perform(
            "reject",
            order,
            by=by,
            at=at,
            officer=officer,
            note=reason,
            guard={"state": order.state},
            changes={"decided_at": at, "reason": reason},
        )


def _require(officer: Officer, order: CertificateOrder, role: str) -> None:
    if not officer.holds(role, order.authority):
        raise Refused("not_yours", role=role)


def _require_intact(order: CertificateOrder) -> None:
    """A new name is decided on only while it is what the person signed (ST-23); raises Refused("statement_broken")."""
    if order.kind == OrderKind.NAME_CHANGE:
        signed.new_name(order)


def _require_free(order: CertificateOrder) -> None:
    registrations.lock(order.qualification, order.registration_number)
    key = (order.qualification, order.registration_number)
    by_order = registrations.is_granted_to_an_order(*key, besides=order.pk)
    if by_order or registrations.is_granted_to_an_application(*key):
        raise Refused("already_granted")
