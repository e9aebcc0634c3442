"""What signing tells of a certificate's life (decision 3): each handler idempotent, each with a credential's id."""

import uuid

from django.db import transaction

from enrollment import issuance
from enrollment.notices import approving as approving_notices
from enrollment.notices import certificate as notices
from enrollment.notices import unusual as unusual_notices
from enrollment.orders import issuing, subjects
from ledger import clock
from outbox import notices as inbox
from signing import credentials
from signing.authorising import waiting_news
from signing.errors import Refused
from signing.records import usage


def on_revoked(subject: str) -> None:
    """`signing.credential_revoked` (N13); one that a new certificate replaced is told with the new one."""
    credential, at = uuid.UUID(subject), clock.now()
    with transaction.atomic():
        inbox.erase_secret(subject)
        if credentials.newest_of(credential) != credential:
            return
        issuing.stop_those_after(credential, at)
        issuing.end_case(credential, at)
        notices.revoked(subjects.known(credential))


def on_expired(subject: str) -> None:
    """`signing.credential_expired`: an order that is under way goes on, everything else has ended."""
    credential, at = uuid.UUID(subject), clock.now()
    with transaction.atomic():
        inbox.erase_secret(subject)
        if credentials.newest_of(credential) != credential or issuing.is_succeeded(credential):
            return
        issuing.end_case(credential, at)
        notices.expired(subjects.known(credential))


def on_suspended(subject: str) -> None:
    """`signing.credential_suspended`: told once per suspension, by the moment of the move."""
    person = subjects.known(uuid.UUID(subject))
    if person.facts.state == "suspended":
        with transaction.atomic():
            notices.suspended(person, f"{subject}:{person.facts.changed_at.isoformat()}")


def on_resumed(subject: str) -> None:
    """`signing.credential_resumed`: told once, unless it has stopped again meanwhile."""
    person = subjects.known(uuid.UUID(subject))
    if person.facts.state == "active":
        with transaction.atomic():
            notices.resumed(person, f"{subject}:{person.facts.changed_at.isoformat()}")


def on_renewal_due(subject: str) -> None:
    """`signing.renewal_due`: nobody is reminded of what they have asked for already."""
    person = subjects.known(uuid.UUID(subject))
    if person.facts.state in ("active", "suspended") and not issuing.is_succeeded(person.facts.public_id):
        with transaction.atomic():
            notices.renewal_due(person, clock.now())


def on_card_ended(subject: str) -> None:
    """`signing.card_ended` (N14)."""
    person = subjects.known(uuid.UUID(subject))
    if person.facts.state in ("active", "suspended"):
        with transaction.atomic():
            notices.card_ended(person, f"{subject}:{clock.today(clock.now()).isoformat()}")


def on_unusual_use(subject: str) -> None:
    """`signing.unusual_use`: of a use that the clock has found; told also where the certificate has ended since."""
    unusual = usage.find(uuid.UUID(subject))
    with transaction.atomic():
        unusual_notices.told(subjects.known(unusual.credential), unusual)


def on_approval_waiting(subject: str) -> None:
    """`signing.approval_waiting`: what was answered or ran out meanwhile is not told any more."""
    try:
        waits = waiting_news.find(uuid.UUID(subject), clock.now())
    except Refused:
        return
    with transaction.atomic():
        approving_notices.told(subjects.known(waits.credential), waits)


def on_issued(subject: str) -> None:
    """`signing.credential_issued`: of an application or of an order; a credential comes of one of them."""
    issuance.deliver(subject)
    issuing.deliver(subject)
