"""What the clock does besides sweeping the outbox. Each chore may run twice, late, or not at all for a while, and
fails alone: it is logged, counted in /metrics and tried again, and the others are done all the same."""

from datetime import datetime, timedelta

from celery import shared_task
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from deploy import retention
from enrollment import review
from ledger import clock, daily
from outbox import chores
from outbox.chores import Chore
from signing import activation, ceremonies, credentials, links
from signing.issuing import lists
from signing.signer import client


def _publish_lists(at: datetime) -> None:
    lists.publish_due()


def _close_yesterday(at: datetime) -> None:
    """Yesterday's root of the ledger under the log key (decision 23)."""
    authorities = client.authorities()
    key = load_der_public_key(authorities.public(["log"])[0])
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    daily.close_day(clock.today(at) - timedelta(days=1), authorities.log_sign, pem)


# What ran out: told to the second, done within the minute.
MINUTE: tuple[Chore, ...] = (
    Chore("lapsed claims", review.release_lapsed),
    Chore("links past their end", links.expire_overdue),
    Chore("challenges nobody answered", ceremonies.forget_overdue),
    Chore("reservations left behind", activation.fail_stuck),
    Chore("credentials past their end", credentials.expire_due),
    *retention.MINUTE,
)
HOUR: tuple[Chore, ...] = (
    Chore("revocation lists", _publish_lists),
    Chore("daily root of the ledger", _close_yesterday),
)


@shared_task(name="clock.minute")
def minute() -> None:
    chores.carry_out(MINUTE)


@shared_task(name="clock.hour")
def hour() -> None:
    chores.carry_out(HOUR)


@shared_task(name="clock.retention")
def keep_or_erase() -> None:
    chores.carry_out(retention.HOUR)


@shared_task(name="clock.day")
def day() -> None:
    chores.carry_out(retention.DAY)
