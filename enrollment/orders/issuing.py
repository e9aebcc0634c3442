"""An approved order is carried out, its certificate delivered, and what ends is ended. Every step may run twice."""

import uuid
from datetime import date, datetime

from django.db import transaction

from enrollment import signed, submission
from enrollment.errors import Refused
from enrollment.flow import Actor, OrderKind, OrderState
from enrollment.models import Application, CertificateOrder
from enrollment.notices import certificate as notices
from enrollment.orders import moves, subjects
from enrollment.orders.deciding import UNDO
from ledger import clock
from outbox import notices as inbox
from signing import card_orders, credentials, links
from signing.acts import renewals
from signing.errors import Refused as SigningRefused

ENDED = ("revoked", "expired")


def order(subject: str) -> None:
    """`enrollment.order_approved`: the ten seconds are over; order the credential. Idempotent by the order's id."""
    at = clock.now()
    row = CertificateOrder.objects.select_related("holder").get(public_id=uuid.UUID(subject))
    if row.state not in (OrderState.APPROVED, OrderState.ISSUING):
        return  # taken back, stopped, or delivered before
    is_undoable = row.approved_by_id is not None and row.decided_at is not None and at < row.decided_at + UNDO
    if row.state == OrderState.APPROVED and is_undoable:
        return  # taken back and approved again: the later word has ten seconds and a job of its own
    with transaction.atomic():
        try:
            credential = credentials.issue(_credential_order(row), at)
        except SigningRefused as refused:
            _cannot(row, refused.code, at)
            return
        if row.state == OrderState.APPROVED:
            changes = {"credential": credential.public_id}
            guard = {"decided_at": row.decided_at}
            moves.perform("order", row, by=Actor.SYSTEM, at=at, guard=guard, changes=changes)


def _credential_order(row: CertificateOrder) -> credentials.CredentialOrder:
    is_renamed = row.kind == OrderKind.NAME_CHANGE
    data = signed.new_name(row)["subject"] if is_renamed else row.subject
    ends = credentials.AFFILIATION_CHANGED if is_renamed else credentials.SUPERSEDED
    return credentials.CredentialOrder(
        reference=row.public_id,
        applicant=row.person,
        authority=row.authority,
        qualification=row.qualification,
        family_romaji=data["family_romaji"],
        given_romaji=data["given_romaji"],
        name_kanji=data["name_kanji"],
        birth_date=date.fromisoformat(data["birth_date"]),
        person_id=row.person_id if row.kind == OrderKind.CARD_HOLDER else "",
        succeeds=row.former,
        former_ends=ends,
    )


def _cannot(row: CertificateOrder, code: str, at: datetime) -> None:
    """The certificate to be succeeded has ended meanwhile, or the holder has one: nothing is issued, all are told."""
    _answer(row, "refuse", at, code)
    if row.former is not None:
        notices.order_refused(subjects.known(row.former), f"order:{row.public_id}")
    elif row.holder is not None:
        notices.holder_refused(row.holder, f"order:{row.public_id}")
    moves.perform("stop", row, by=Actor.SYSTEM, at=at, data={"code": code})


def deliver(subject: str) -> None:
    """`signing.credential_issued`: the new certificate stands; the person is told what it is good for.

    Phones and cards have come over from the former one. Where there is no phone, a link comes with the notice (ST-15),
    as at a first certificate; a repeated task finds the order delivered and changes nothing.
    """
    at = clock.now()
    credential = uuid.UUID(subject)
    row = CertificateOrder.objects.filter(credential=credential, state=OrderState.ISSUING).first()
    if row is None:
        return
    with transaction.atomic():
        locked = CertificateOrder.objects.select_for_update(no_key=True).get(pk=row.pk)
        if locked.state != OrderState.ISSUING:
            return  # another worker delivered it
        person = subjects.known(credential)
        _answer(row, "fulfil", at)
        _find_by_new_name(row)
        if row.former is not None:
            inbox.erase_secret(str(row.former))  # its links ended with it
        link = _link(person, credential, at)
        notices.new_certificate(person, row, link)
        moves.perform("deliver", row, by=Actor.SYSTEM, at=at)


def _find_by_new_name(row: CertificateOrder) -> None:
    """From now on the case is found under the name of today (decision 7, BD-14)."""
    if row.kind == OrderKind.NAME_CHANGE and row.application_id is not None:
        key = submission.person_key(signed.new_name(row)["card"])
        Application.objects.filter(pk=row.application_id).update(person_key=key)


def _link(person: subjects.Known, credential: uuid.UUID, at: datetime) -> links.NewLink | None:
    """For a person with an inbox and without a phone; a card holder makes a QR code at the card site (BD-04)."""
    if person.applicant is None or person.facts.has_phone or person.facts.state != "active":
        return None
    return links.create(credential, at=at)


def stopped(subject: str) -> None:
    """`signing.credential_stopped`: the former was revoked before the new one began."""
    at = clock.now()
    row = CertificateOrder.objects.open().filter(credential=uuid.UUID(subject)).first()
    if row is not None:
        _stop(row, at)


def stop_those_after(former: uuid.UUID, at: datetime) -> None:
    """The certificate is revoked: no order to succeed it lives on, decided or not."""
    for row in CertificateOrder.objects.open().filter(former=former):
        _stop(row, at)


def _stop(row: CertificateOrder, at: datetime) -> None:
    with transaction.atomic():
        _answer(row, "refuse", at, "former_revoked")
        try:
            moves.perform("stop", row, by=Actor.SYSTEM, at=at)
        except Refused:
            return  # stopped or delivered by another worker


def _answer(row: CertificateOrder, move: str, at: datetime, reason: str = "") -> None:
    if row.request is None:
        return
    door = card_orders if row.kind == OrderKind.CARD_HOLDER else renewals
    door.answer(row.request, move, at, reason)


def end_case(credential: uuid.UUID, at: datetime) -> None:
    """The last certificate of a line is over: its person may apply anew (CA-10), its number is free (decision 7)."""
    if credentials.newest_of(credential) != credential or credentials.facts(credential).state not in ENDED:
        return
    line = credentials.line(credential)
    Application.objects.filter(credential__in=line, certificate_ended_at=None).update(certificate_ended_at=at)
    CertificateOrder.objects.filter(credential__in=line, ended_at=None).update(ended_at=at)


def is_succeeded(credential: uuid.UUID) -> bool:
    """Whether an order to succeed this certificate is under way."""
    return CertificateOrder.objects.open().filter(former=credential).exists()
