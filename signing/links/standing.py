"""What enrollment may know of a credential's phones, links and card, by its public id: for notices and the desk."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from ledger import log
from signing.errors import Refused
from signing.flow import Link
from signing.links import shown
from signing.links.inbox import TRIES
from signing.links.life import INBOX
from signing.models import Authenticator, CardBinding, Credential, EnrollmentLink
from signing.phones import life as phones


class Phone(NamedTuple):
    public_id: UUID
    label: str
    state: str  # active, stopped, replaced, removed
    bound_at: datetime
    ended_at: datetime | None


class OpenLink(NamedTuple):
    """The link of the inbox that still serves."""

    public_id: UUID
    expires_at: datetime
    reminded_days: int | None  # the last reminder that was due for it (N6)


class Card(NamedTuple):
    """The My Number Card that opens the day (BD-16); its end is None where only its fingerprint is known."""

    bound_at: datetime
    not_after: datetime | None
    reminded_days: int | None  # the last reminder that was due for it (N15)


class ByNumbers(NamedTuple):
    """A QR code that was made by the two numbers printed on JMA's card (BD-08)."""

    public_id: UUID
    shown_at: datetime


def phones_of(credential: UUID, since: datetime) -> list[Phone]:
    """Those that were bound or ended after this moment, oldest first."""
    rows = Authenticator.objects.filter(credential__public_id=credential).order_by("bound_at", "pk")
    return [
        Phone(row.public_id, row.label, row.state, row.bound_at, row.ended_at)
        for row in rows
        if max(row.bound_at, row.ended_at or row.bound_at) >= since
    ]


def has_phone(credential: UUID) -> bool:
    row = Credential.objects.filter(public_id=credential).first()
    return row is not None and phones.current(row) is not None


def open_link(credential: UUID) -> OpenLink | None:
    rows = EnrollmentLink.objects.filter(credential__public_id=credential, kind=INBOX, state=Link.OPEN)
    found = rows.first()
    return None if found is None else OpenLink(found.public_id, found.expires_at, found.reminded_days)


def is_due(reminded_days: int | None, days: int) -> bool:
    """Whether this reminder was meant for it: late news of a former link or card says nothing of the newer one."""
    return reminded_days is not None and reminded_days <= days


def locked(credential: UUID) -> list[UUID]:
    """The links that five wrong passwords have ended, also those that a newer one has replaced since."""
    rows = EnrollmentLink.objects.filter(
        credential__public_id=credential, attempts__gte=TRIES, state__in=[Link.LOCKED, Link.VOID]
    )
    return list(rows.order_by("pk").values_list("public_id", flat=True))


def expired(credential: UUID, since: datetime) -> list[UUID]:
    """The links of the inbox that ran out unused after this moment."""
    rows = EnrollmentLink.objects.filter(credential__public_id=credential, kind=INBOX, state=Link.EXPIRED)
    return list(rows.filter(expires_at__gte=since).order_by("pk").values_list("public_id", flat=True))


def shown_by_numbers(credential: UUID, since: datetime) -> list[ByNumbers]:
    rows = EnrollmentLink.objects.filter(
        credential__public_id=credential, means=shown.NUMBERS, created_at__gte=since
    )
    return [ByNumbers(row.public_id, row.created_at) for row in rows.order_by("pk")]


def card_of(credential: UUID) -> Card | None:
    rows = CardBinding.objects.filter(credential__public_id=credential, is_living=True)
    newest = rows.order_by("-bound_at", "-pk").first()
    return None if newest is None else Card(newest.bound_at, newest.not_after, newest.reminded_days)


def remove_phone(credential: UUID, *, actor: log.Actor, reason: str, at: datetime) -> None:
    """For an officer whom the holder has called: the phone can no longer authenticate, the card still signs.

    Raises Refused: credential_unknown, no_phone, actor_not_allowed.
    """
    row = Credential.objects.filter(public_id=credential).first()
    if row is None:
        raise Refused("credential_unknown")
    phones.remove(row, actor, reason, at)
