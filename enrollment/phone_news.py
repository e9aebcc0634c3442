"""What signing tells enrollment of links, phones and cards (decision 3): handlers of outbox news, each with a
credential's public id, each idempotent. What they tell stands in `notices.phone`; the phone's line (ST-24) is read
from the timeline's entries that are written here.
"""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from enrollment import issuance
from enrollment.models import Application, CardHolder, CertificateOrder, TimelineEntry
from enrollment.notices import phone as told
from ledger import clock
from outbox import notices as inbox
from signing import credentials, links

PHONE_LINE = (
    *("deliver", issuance.SENT_AGAIN),
    *("phone_bound", "phone_replaced", "phone_restored", "phone_removed", "phone_stopped"),
    *("link_locked", "link_expired"),
)
_LATE = timedelta(days=30)  # news of a phone arrive within minutes; what is older was told of long ago


def on_link_bound(credential: str) -> None:
    """`signing.link_bound`: the link's clear text is erased, the applicant is told (N8)."""

    def tell(application: Application, at: datetime) -> None:
        _erase_secret(credential)
        _note(application, "phone_bound", at)
        for phone in links.phones_of(uuid.UUID(credential), at - _LATE):
            told.phone_bound(application, phone)

    _with_application(credential, tell)


def on_phone_replaced(credential: str) -> None:
    """`signing.phone_replaced`: the former phone can no longer authenticate (N9)."""

    def tell(application: Application, at: datetime) -> None:
        _note(application, "phone_replaced", at)
        for phone in links.phones_of(uuid.UUID(credential), at - _LATE):
            if phone.state == "replaced":
                told.phone_ended(application, phone)

    _with_application(credential, tell)


def on_phone_removed(credential: str) -> None:
    """`signing.phone_removed`: by its owner or an officer; where a binding was undone, the former is back."""

    def tell(application: Application, at: datetime) -> None:
        is_back = links.has_phone(uuid.UUID(credential))
        _note(application, "phone_restored" if is_back else "phone_removed", at)
        for phone in links.phones_of(uuid.UUID(credential), at - _LATE):
            if phone.state == "removed":
                told.phone_ended(application, phone)

    _with_application(credential, tell)


def on_phone_stopped(credential: str) -> None:
    """`signing.phone_stopped`: its key may have been copied; a security notice."""

    def tell(application: Application, at: datetime) -> None:
        _note(application, "phone_stopped", at)
        for phone in links.phones_of(uuid.UUID(credential), at - _LATE):
            if phone.state == "stopped":
                told.phone_stopped(application, phone)

    _with_application(credential, tell)


def on_link_locked(credential: str) -> None:
    """`signing.link_locked`: the link is of no use any more; how to get a new one (N17)."""

    def tell(application: Application, at: datetime) -> None:
        _erase_secret(credential)
        if links.open_link(uuid.UUID(credential)) is None:
            _note(application, "link_locked", at)
        for link in links.locked(uuid.UUID(credential)):
            told.link_locked(application, link, at)

    _with_application(credential, tell)


def on_link_expired(credential: str) -> None:
    """`signing.link_expired`: the clear text is of no use any more and is erased (decision 19); N7."""

    def tell(application: Application, at: datetime) -> None:
        if links.open_link(uuid.UUID(credential)) is not None:
            return  # a newer one has been sent meanwhile
        _note(application, "link_expired", at)
        for link in links.expired(uuid.UUID(credential), at - _LATE):
            told.link_expired(application, link, at)

    _erase_secret(credential)
    _with_application(credential, tell)


def on_link_ends_in_30(credential: str) -> None:
    """`signing.link_ends_in_30`: a reminder (N6)."""
    _remind(credential, 30)


def on_link_ends_in_7(credential: str) -> None:
    """`signing.link_ends_in_7`: the last reminder (N6)."""
    _remind(credential, 7)


def on_link_wanted(credential: str) -> None:
    """`signing.link_wanted`: the signer asked for a new link at /me/ (BD-15)."""

    def send(application: Application, at: datetime) -> None:
        issuance.send_wanted_link(application, at)

    _with_application(credential, send)


def on_qr_shown(credential: str) -> None:
    """`signing.qr_shown`: a QR code was made by two printed numbers, without a card (N18, BD-13)."""

    def tell(application: Application, at: datetime) -> None:
        for link in links.shown_by_numbers(uuid.UUID(credential), at - _LATE):
            told.qr_shown(application, link)

    _with_application(credential, tell)


def on_card_bound(credential: str) -> None:
    """`signing.card_bound`: a My Number Card was registered or replaced (N16)."""

    def tell(application: Application, at: datetime) -> None:
        card = links.card_of(uuid.UUID(credential))
        if card is not None:
            told.card_bound(application, card, credential)

    card = links.card_of(uuid.UUID(credential))
    words = "署名に使うマイナンバーカードが登録されました。"
    mark = f"n16:{credential}:{card.bound_at.isoformat()}" if card else ""
    _with_application(credential, tell, also=(words, mark) if card else None)


def on_card_ends_in_90(credential: str) -> None:
    """`signing.card_ends_in_90` (N15)."""
    _card_ends(credential, 90)


def on_card_ends_in_30(credential: str) -> None:
    """`signing.card_ends_in_30` (N15)."""
    _card_ends(credential, 30)


def _remind(credential: str, days: int) -> None:
    """Late news of a link that a newer one has replaced says nothing of the newer one, which has its own days."""

    def tell(application: Application, at: datetime) -> None:
        link = links.open_link(uuid.UUID(credential))
        if link is not None and link.expires_at > at and links.is_due(link.reminded_days, days):
            told.link_ends(application, link, days, at)

    _with_application(credential, tell)


def _card_ends(credential: str, days: int) -> None:
    """Of the card that is bound now: one that was bound anew since has its own days and its own marks."""
    card = links.card_of(uuid.UUID(credential))
    if card is None or card.not_after is None or not links.is_due(card.reminded_days, days):
        return
    ends = card.not_after

    def tell(application: Application, at: datetime) -> None:
        told.card_ends(application, ends, days, credential)

    words = (
        "登録されているマイナンバーカードの電子証明書の期限が近づいています。"
        "更新したあとに、もう一度登録してください。"
    )
    _with_application(credential, tell, also=(words, f"n15:{credential}:{ends.isoformat()}:{days}"))


def _with_application(
    credential: str, act: Callable[[Application, datetime], None], *, also: tuple[str, str] | None = None
) -> None:
    """Everything that the news causes commits together, one after the other per case: what `act` reads stays so.

    A holder of an HPKI card without an account (BD-12) has no inbox: the address that the register knows gets a bare
    mail of whatever concerns security; `also` are the words and the mark of what is not of a phone or a QR code.
    """
    public_id = uuid.UUID(credential)
    applied_for = {
        public_id,
        *credentials.line(public_id),
    }  # a renewal's case is that of the first certificate
    rows = Application.objects.filter(credential__in=applied_for).select_related("applicant")
    with transaction.atomic():
        application, at = rows.select_for_update(no_key=True, of=("self",)).first(), clock.now()
        if application is not None:
            act(application, at)
            return
        orders = CertificateOrder.objects.filter(credential__in=applied_for).exclude(holder=None)
        order = orders.select_related("holder").first()
        if order is not None and order.holder is not None:
            _tell_holder(order.holder, public_id, also, at)


def _tell_holder(
    holder: CardHolder, credential: uuid.UUID, also: tuple[str, str] | None, at: datetime
) -> None:
    for phone in links.phones_of(credential, at - _LATE):
        told.holder_of_phone(holder, phone)
    for link in links.shown_by_numbers(credential, at - _LATE):
        words = "HPKIカードの券面の番号で、スマートフォン登録用のQRコードが発行されました。"
        told.holder(holder, words, f"n18:{link.public_id}")
    if also is not None:
        told.holder(holder, *also)


def _erase_secret(credential: str) -> None:
    """Not where a newer link waits in the inbox: late news of the former must not take its password away."""
    if links.open_link(uuid.UUID(credential)) is None:
        inbox.erase_secret(credential)


def _note(application: Application, kind: str, at: datetime) -> None:
    """The phone's line in the applicant's timeline (ST-24); a repeated message writes nothing twice."""
    last = application.timeline.filter(kind__in=PHONE_LINE).order_by("-happened_at", "-pk").first()
    if last is None or last.kind != kind:
        TimelineEntry.objects.create(application=application, kind=kind, happened_at=at)
