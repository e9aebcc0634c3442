"""What is told before it ends: a link (N6, ST-34) and a My Number Card's certificate (N15, ST-36), once each.

By the clock, from nine in the morning of the day that is so many days before the last one. What a stopped clock has
missed is told by the next reminder alone: nobody gets two at once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from outbox import jobs
from signing.flow import Credential as CredentialState
from signing.flow import Link
from signing.links import INBOX
from signing.models import CardBinding, EnrollmentLink

LINK_DAYS = (30, 7)
CARD_DAYS = (90, 30)
_FROM_NINE = timedelta(hours=15)  # an end is 24:00 JST of the last day
_BATCH = 500
_LIVING = (CredentialState.ACTIVE, CredentialState.SUSPENDED)


def remind_of_links(at: datetime) -> int:
    """N6: 30 and 7 days before the end of an open link of the inbox; how many."""
    rows = EnrollmentLink.objects.filter(
        kind=INBOX, state=Link.OPEN, credential__state=CredentialState.ACTIVE
    )
    return _remind(rows, "expires_at", LINK_DAYS, "signing.link_ends_in", at)


def remind_of_cards(at: datetime) -> int:
    """N15: 90 and 30 days before the end of the bound 利用者証明書; how many."""
    rows = CardBinding.objects.filter(is_living=True, credential__state__in=_LIVING)
    return _remind(rows, "not_after", CARD_DAYS, "signing.card_ends_in", at)


def _remind(rows: QuerySet[Any], end: str, days: Sequence[int], kind: str, at: datetime) -> int:
    count, over = 0, at
    for number in sorted(days):
        until = at + timedelta(days=number) + _FROM_NINE
        untold = Q(reminded_days=None) | Q(reminded_days__gt=number)
        due = rows.filter(untold, **{f"{end}__gt": over, f"{end}__lte": until})
        for row in due.select_related("credential").order_by("pk")[:_BATCH]:
            count += _tell(row, untold, number, f"{kind}_{number}")
        over = until
    return count


def _tell(row: Any, untold: Q, days: int, kind: str) -> int:
    """The mark and the news commit together; of two clocks at once one tells."""
    with transaction.atomic():
        if type(row).objects.filter(untold, pk=row.pk).update(reminded_days=days) != 1:
            return 0
        jobs.enqueue(kind, str(row.credential.public_id), dedupe=f"{kind}:{row.pk}")
    return 1
