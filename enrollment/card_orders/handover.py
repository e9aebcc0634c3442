"""The sealed card order: what a card maker needs, sealed to the CA's key as a whole (decision 20, DQ-23; RFC 5652).

Canonical JSON in a CMS EnvelopedData that the CA's private key opens; the PIN inside is the one that was sealed at ⑥,
untouched: it is in clear in no process of ours. It bears no signature of ours, for the web holds no key (decision 8);
its digest stands in the ledger, and the desk shows it to the officer who hands it over.
"""

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F

from enrollment import authorities, flow, names, signed
from enrollment.applicants import card_pins
from enrollment.card_orders.orders import GRANTED
from enrollment.errors import Refused
from enrollment.flow import Actor
from enrollment.models import Attachment, CardOrder
from ledger import canonical, log
from signing import credentials
from vault import files

VERSION = 1
MOST_AT_ONCE = 20
MOST_BYTES = 40_000_000  # of photos: 4 MB each at most (PH-05)


class Handover(NamedTuple):
    """`content` is the DER of the sealed order, `sha256` its digest in hexadecimal."""

    content: bytes
    sha256: str
    orders: int


def hand_over(
    orders: Sequence[CardOrder], *, by: frozenset[Actor], actor: log.Actor, at: datetime
) -> Handover:
    """Seal these orders of one authority into one document; each is counted and written down before it leaves.

    Raises Refused: not_yours, nothing_chosen, too_many, several_authorities, not_now (a card is made already, or its
    order has ended), statement_broken (a photo is not the one that was signed), pin_cannot_be_sealed.
    """
    row = flow.CARD_MOVE["hand_over"]
    if not by & set(row.actors):
        raise Refused("not_yours", move="hand_over")
    if not orders:
        raise Refused("nothing_chosen")
    if len(orders) > MOST_AT_ONCE:
        raise Refused("too_many", most=MOST_AT_ONCE)
    if len({order.authority for order in orders}) != 1:
        raise Refused("several_authorities")
    with transaction.atomic():
        keys = [order.pk for order in orders]
        mine = CardOrder.objects.select_for_update().filter(
            pk__in=keys, state__in=row.sources, sealed_pin__isnull=False, application__state__in=GRANTED
        )
        locked = list(mine.select_related("application").order_by("pk"))
        if len(locked) != len(set(keys)):
            raise Refused("not_now", move="hand_over")
        CardOrder.objects.filter(pk__in=keys).update(handovers=F("handovers") + 1, handed_over_at=at)
        content = card_pins.enveloped(orders[0].authority, _document(locked, at))
        digest = sha256(content).hexdigest()
        for order in locked:
            log.append(
                "card.handed_over",
                actor=actor,
                subject=str(order.public_id),
                authority=order.authority,
                data={
                    "application": str(order.application.public_id),
                    "number": order.handovers + 1,
                    "document": digest,
                },
            )
    return Handover(content, digest, len(locked))


def _document(orders: Sequence[CardOrder], at: datetime) -> bytes:
    told: list[dict[str, Any]] = []
    size = 0
    for order in orders:
        one, photo = _order(order)
        size += photo
        if size > MOST_BYTES:
            raise Refused("too_many", most=len(told))
        told.append(one)
    return canonical.canonical_json(
        {
            "version": VERSION,
            "authority": orders[0].authority,
            "made_at": canonical.timestamp(at),
            "orders": told,
        }
    )


def _order(order: CardOrder) -> tuple[dict[str, Any], int]:
    """What is printed and where the card goes, from the signed statement alone."""
    case = order.application
    facts = signed.facts(case)
    answers, photo = facts["answers"], _photo(order, facts)
    written, other = answers["names"], answers.get("other-name", {})
    delivery = answers.get("delivery", {})
    has_other = other.get("kind", "none") != "none"
    told = {
        "order": str(order.public_id),
        "number": order.handovers + 1,
        "receipt_number": str(case.receipt_number),
        "person_id": credentials.facts(case.credential).person_id if case.credential else "",
        "qualification": case.qualification,
        "registration_number": case.registration_number,
        "name": written.get("printed_name") or answers["card"]["name"],
        "family_romaji": written.get("family_romaji", ""),
        "given_romaji": written.get("given_romaji", ""),
        "other_name": names.joined(other.get("family", ""), other.get("given", "")) if has_other else "",
        "other_family_romaji": other.get("family_romaji", "") if has_other else "",
        "other_given_romaji": other.get("given_romaji", "") if has_other else "",
        "birth_date": answers["card"]["birth_date"],
        "way": authorities.card_way(order.authority),
        "place": delivery.get("pickup", ""),
        "address": _address(answers),
        "photo": b64encode(photo).decode("ascii"),
        "photo_sha256": sha256(photo).hexdigest(),
        "sealed_pin": b64encode(bytes(order.sealed_pin or b"")).decode("ascii"),
    }
    return told, len(photo)


def _photo(order: CardOrder, facts: Any) -> bytes:
    """The re-encoded copy, if it is the one that was signed."""
    wanted = next((one["shown_sha256"] for one in facts["files"] if one["slot"] == "photo"), "")
    row = Attachment.objects.filter(application=order.application_id, slot="photo").first()
    try:
        photo = files.read(row.shown_file) if row else b""
    except (files.FileMissing, files.FileDamaged) as lost:
        raise Refused("statement_broken", problem="file") from lost
    if not photo or sha256(photo).hexdigest() != wanted:
        raise Refused("statement_broken", problem="file")
    return photo


def _address(answers: Any) -> dict[str, str]:
    """Where letters and posted cards go (⑦): the card's address, the workplace's or another one."""
    delivery = answers.get("delivery", {})
    source = {
        "home": (answers.get("home", {}).get("postal_code"), answers["card"].get("address")),
        "work": (
            answers.get("workplace", {}).get("postal_code"),
            answers.get("workplace", {}).get("address"),
        ),
        "elsewhere": (delivery.get("postal_code"), delivery.get("address")),
    }.get(str(delivery.get("send_to", "")), ("", ""))
    return {"postal_code": str(source[0] or ""), "address": str(source[1] or "")}
