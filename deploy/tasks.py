"""What the clock does besides sweeping the outbox. Each may run twice, late, or not at all for a while."""

from datetime import timedelta

from celery import shared_task
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from enrollment import review
from ledger import clock, daily
from signing import activation, ceremonies, credentials, links
from signing.issuing import lists
from signing.signer import client


@shared_task(name="clock.minute")
def minute() -> None:
    """Claims that ran out, links and credentials past their end, challenges and reservations left behind."""
    at = clock.now()
    review.release_lapsed(at)
    links.expire_overdue(at)
    ceremonies.forget_overdue(at)
    activation.fail_stuck(at)
    credentials.expire_due(at)


@shared_task(name="clock.hour")
def hour() -> None:
    """Revocation lists that are due, and yesterday's root of the ledger under the log key (decision 23)."""
    lists.publish_due()
    authorities = client.authorities()
    key = load_der_public_key(authorities.public(["log"])[0])
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    yesterday = clock.today(clock.now()) - timedelta(days=1)
    daily.close_day(yesterday, authorities.log_sign, pem)
