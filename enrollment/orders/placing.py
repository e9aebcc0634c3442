"""A wish becomes an order: what was asked for in signing (renewal, BD-12) arrives as events, idempotent by its row."""

import uuid
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from enrollment import authorities, registrations
from enrollment.errors import Refused
from enrollment.flow import Actor, OrderKind
from enrollment.models import CardHolder, CertificateOrder
from enrollment.notices import certificate as notices
from enrollment.orders import moves, subjects
from ledger import clock, log
from signing import card_orders
from signing.acts import renewals

# Ids of card holders who have no account: stable, so that a later order of the same holder is the same person's.
HOLDERS = uuid.UUID("6f1d5b0e-5a0c-4d0a-9a52-2f4c8f0f1b12")
VALID = "valid"


def renewal_wanted(subject: str) -> None:
    """`signing.renewal_wanted`: the signer has proven who they are and asks for a new certificate."""
    request = renewals.find(uuid.UUID(subject))
    if request is None or CertificateOrder.objects.filter(request=request.public_id).exists():
        return
    at = clock.now()
    person = subjects.known(uuid.UUID(subject))
    try:
        if CertificateOrder.objects.open().filter(former=person.facts.public_id).exists():
            raise Refused("order_open")
        _renew(person, request.public_id, request.means, at)
    except Refused as refused:
        with transaction.atomic():
            if renewals.answer(request.public_id, "refuse", at, refused.code):
                notices.order_refused(person, f"renewal:{request.public_id}")
                _refused("renewal", subject, person.facts.authority, refused.code)


def _renew(person: subjects.Known, request: uuid.UUID, means: str, at: datetime) -> None:
    """Raises Refused("order_open") where another order came in between; the same event twice is one order."""
    data = subjects.subject_of(person)
    try:
        with transaction.atomic():
            renewals.answer(request, "accept", at)
            order = _of_person(OrderKind.RENEWAL, person, at, request=request, means=means, subject=data)
            notices.order_received(person, order)
            _open(order, at)
    except IntegrityError as broken:
        if not CertificateOrder.objects.filter(request=request).exists():
            raise Refused("order_open") from broken


def second_certificate_wanted(subject: str) -> None:
    """`signing.second_certificate_wanted` (BD-12): the register says who the holder of the card is."""
    request = card_orders.find(uuid.UUID(subject))
    if request is None or CertificateOrder.objects.filter(request=request.public_id).exists():
        return
    at = clock.now()
    holder = CardHolder.objects.filter(
        authority=request.authority, person_id=request.person_id, qualification=request.qualification
    ).first()
    code = _why_not(holder)
    try:
        if holder is None or code:
            raise Refused(code or "not_registered")
        _second(holder, request.public_id, at)
    except Refused as refused:
        with transaction.atomic():
            if card_orders.answer(request.public_id, "refuse", at, refused.code):
                if holder is not None:
                    notices.holder_refused(holder, f"second:{request.public_id}")
                _refused("card_holder", subject, request.authority, refused.code)


def _why_not(holder: CardHolder | None) -> str:
    if holder is None:
        return "not_registered"
    if holder.status != VALID:
        return "card_not_valid"
    return "register_incomplete" if not (holder.family_romaji and holder.given_romaji) else ""


def _second(holder: CardHolder, request: uuid.UUID, at: datetime) -> None:
    with transaction.atomic():
        registrations.lock(holder.qualification, holder.registration_number)
        key = (holder.qualification, holder.registration_number)
        if registrations.is_granted_to_an_application(*key) or registrations.is_granted_to_an_order(*key):
            raise Refused("already_granted")
        card_orders.answer(request, "accept", at)
        order = _place(
            OrderKind.CARD_HOLDER,
            at,
            authority=holder.authority,
            qualification=holder.qualification,
            registration_number=holder.registration_number,
            person=uuid.uuid5(HOLDERS, f"{holder.authority}/{holder.person_id}"),
            person_id=holder.person_id,
            holder=holder,
            request=request,
            means="hpki_card",
            subject=subjects.of_holder(holder),
        )
        notices.holder_received(holder, f"second:{request}")
        _open(order, at)


def place_name_change(person: subjects.Known, fields: dict[str, Any], at: datetime) -> CertificateOrder:
    """The new name, signed with the My Number Card's signature certificate; officers decide.

    `fields`: subject, content, cms, signature_certificate, jpki_outcome. Raises Refused("order_open").
    """
    try:
        with transaction.atomic():
            order = _of_person(OrderKind.NAME_CHANGE, person, at, means="my_number_card", **fields)
            notices.order_received(person, order)
            _open(order, at)
            return order
    except IntegrityError as broken:  # one_open_order_per_certificate
        raise Refused("order_open") from broken


def _of_person(kind: OrderKind, person: subjects.Known, at: datetime, **fields: Any) -> CertificateOrder:
    """An order of somebody whose certificate stands: all about them is known from it."""
    return _place(
        kind,
        at,
        authority=person.facts.authority,
        qualification=person.facts.qualification,
        registration_number=person.registration_number,
        person=person.facts.applicant,
        person_id=person.facts.person_id,
        application=person.application,
        holder=person.holder,
        former=person.facts.public_id,
        **fields,
    )


def _place(kind: OrderKind, at: datetime, **fields: Any) -> CertificateOrder:
    needs = authorities.order_needs_officers(fields["authority"], kind.value, clock.today(at))
    return CertificateOrder.objects.create(
        kind=kind, needs_officers=needs, created_at=at, changed_at=at, **fields
    )


def _open(order: CertificateOrder, at: datetime) -> None:
    """Last in the transaction: officers take it up, or the authentication suffices by the authority's setting."""
    data = {"kind": order.kind, "means": order.means}
    if order.needs_officers:
        log.append(
            "order.placed",
            actor=moves.SYSTEM,
            subject=str(order.public_id),
            authority=order.authority,
            data=data,
        )
        return
    changes = {"decided_at": at}
    moves.perform("suffice", order, by=Actor.SYSTEM, at=at, changes=changes, orders_at=at, data=data)


def _refused(kind: str, subject: str, authority: str, code: str) -> None:
    log.append(
        "order.not_placed",
        actor=moves.SYSTEM,
        subject=subject,
        authority=authority,
        data={"kind": kind, "code": code},
    )
