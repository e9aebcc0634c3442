"""News to a signer that something waits for their approval: once per approval, and no more than anybody bears.

Of one system a signer hears once in ten minutes and ten times a day in Japan, however much it asks for: the page that
the news leads to shows everything that waits. Whoever is at a browser already is led there and needs no news. A door
for enrollment, which tells the person.
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Case, F, Q, Value, When

from ledger import clock
from outbox import jobs
from signing.errors import Refused
from signing.flow import Approval as State
from signing.models import Approval, ApprovalNews

NEWS = "signing.approval_waiting"
EVERY, MOST_A_DAY = timedelta(minutes=10), 10
KEPT = timedelta(
    days=1
)  # after the day that is counted: what was told just before midnight still keeps silent after it


class Waits(NamedTuple):
    """What the person is told: which system asks; nothing of what it asks for."""

    public_id: UUID
    credential: UUID
    caller: str
    asked_at: datetime
    expires_at: datetime


def tell(approval: Approval, at: datetime) -> None:
    """In the transaction of the asking."""
    if not approval.next_path and _may_tell(approval, at):
        jobs.enqueue(NEWS, str(approval.public_id), dedupe=f"{NEWS}:{approval.public_id}")


def find(public_id: UUID, at: datetime) -> Waits:
    """For enrollment. Raises Refused("approval_unknown") where it waits no longer."""
    rows = Approval.objects.select_related("client", "credential")
    row = rows.filter(public_id=public_id, state=State.WAITING, expires_at__gt=at).first()
    if row is None:
        raise Refused("approval_unknown")
    return Waits(row.public_id, row.credential.public_id, row.client.name, row.created_at, row.expires_at)


def _may_tell(approval: Approval, at: datetime) -> bool:
    """One conditional update: of two that ask at once one tells."""
    pair = {"signer_id": approval.credential.signer_id, "client_id": approval.client_id}
    today = clock.today(at)
    new = ApprovalNews(**pair, told_at=at - EVERY, day=today, count=0)
    ApprovalNews.objects.bulk_create([new], ignore_conflicts=True)
    rows = ApprovalNews.objects.filter(
        Q(count__lt=MOST_A_DAY) | ~Q(day=today), **pair, told_at__lte=at - EVERY
    )
    counted = Case(When(day=today, then=F("count") + 1), default=Value(1))
    return rows.update(told_at=at, day=today, count=counted) == 1
