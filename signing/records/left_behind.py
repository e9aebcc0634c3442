"""Items reserved by a process that died: their outcome is unknown, so they fail for ever (decision 12).

No index knows an item's state (its moves would write it anew), and a year's items are hundreds of millions. But rows
get their keys in the order of time, and a SAD that is over can reserve nothing any more. So the clock reads SADs by
their keys, from the first one that may still be alive, and keeps in `SadMark` how far all are settled: what was
left behind before the clock itself stood still lies behind the mark, and is read when it goes again.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Min

from signing.activation_store import store
from signing.flow import Item
from signing.models import Activation, ActivationItem, SadMark
from signing.records import failures

STUCK_AFTER = timedelta(minutes=5)  # after the SAD's end: far beyond the signer's deadline
STEP = 10_000  # SADs that are looked at in one transaction
MOST_STEPS = 100


def fail_stuck(at: datetime) -> int:
    """For the clock; how many. After a long pause it reads a million SADs at a time, the oldest first."""
    start, is_settled = mark().settled, True
    count = 0
    for _step in range(MOST_STEPS):
        end = end_of_step(start)
        if end is None:
            break
        with transaction.atomic():
            count += _fail(start, end, at)
            if is_settled:
                settled = last_over(start, end, at - STUCK_AFTER - settings.SAD_LIFETIME - STUCK_AFTER)
                is_settled = settled == end
                SadMark.objects.filter(pk=1, settled__lt=settled).update(settled=settled)
        start = end
    return count


def mark() -> SadMark:
    SadMark.objects.bulk_create([SadMark(pk=1)], ignore_conflicts=True)
    return SadMark.objects.get(pk=1)


def end_of_step(start: int) -> int | None:
    """The key of the last SAD of a step; None where none has come since."""
    rows = Activation.objects.filter(pk__gt=start).order_by("pk").values_list("pk", flat=True)
    full = list(rows[STEP - 1 : STEP])
    return full[0] if full else rows.last()


def _fail(start: int, end: int, at: datetime) -> int:
    stuck = ActivationItem.objects.filter(
        activation__gt=start,
        activation__lte=end,
        state=Item.RESERVED,
        activation__expires_at__lte=at - STUCK_AFTER,
    )
    return failures.fail(store(), list(stuck.values_list("pk", flat=True)), at)


def last_over(start: int, end: int, over: datetime) -> int:
    """Up to which key all were over at that moment: the last one before the first that was not.

    A row may be committed after others with greater keys. It was begun before them, so once they are over for longer
    than any SAD lives, it is over too, and a SAD that is over reserves nothing. What a turn reserves is committed
    within seconds of its time (statement_timeout of its connection), which STUCK_AFTER outlasts.
    """
    rows = Activation.objects.filter(pk__gt=start, pk__lte=end)
    first = rows.filter(expires_at__gt=over).aggregate(first=Min("pk"))["first"]
    if first is None:
        return end
    return rows.filter(pk__lt=first).aggregate(last=Max("pk"))["last"] or start
