"""What the clock does again and again, each piece a failure domain of its own.

A chore that fails is logged, counted and tried again at the next tick; the others are done all the same. The one that
was tried longest ago comes first, so that one that hangs until its worker is killed cannot starve those behind it.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import F

from ledger import clock
from outbox.jobs import where
from outbox.models import ChoreRecord

logger = logging.getLogger("inkan.clock")


class Chore(NamedTuple):
    """`work(at)` may run twice, late, or not at all for a while; it raises where it could not do its part."""

    name: str
    work: Callable[[datetime], object]


def carry_out(chores: Sequence[Chore]) -> list[str]:
    """Do each chore once, however the others fare; the names of those that failed."""
    return [chore.name for chore in _longest_ago_first(chores) if not _done(chore)]


def _longest_ago_first(chores: Sequence[Chore]) -> list[Chore]:
    tried = dict(ChoreRecord.objects.values_list("name", "tried_at"))
    never = datetime.min.replace(tzinfo=clock.JST)
    return sorted(chores, key=lambda chore: tried.get(chore.name, never))


def _done(chore: Chore) -> bool:
    at = clock.now()
    # Written before the work: a chore that takes its worker with it is remembered as tried, and as not done.
    rows = ChoreRecord.objects.filter(name=chore.name)
    if not rows.update(tried_at=at, failures=F("failures") + 1):
        ChoreRecord.objects.bulk_create(
            [ChoreRecord(name=chore.name, tried_at=at, failures=1)], ignore_conflicts=True
        )
    try:
        chore.work(at)
    except Exception as problem:
        logger.error("%s failed: %s", chore.name, where(problem))
        return False
    rows.update(done_at=clock.now(), failures=0)
    return True
