"""What is kept how long, as data, and the one way to delete by it (decision 31; ASVS 5.0 14.2.7).

A rule finds the keys of what is due and erases a few of them inside one transaction, together with the entry that
tells of it. Whoever dies half way leaves whole batches behind; the next run finds the rest.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from ledger import log

logger = logging.getLogger("inkan.retention")

CLOCK = log.Actor("system", "clock")
MOST = 2000  # keys of one rule in one run: a run stays short, the next one goes on
BATCH = 500
# For rows that any stranger makes by looking at a page: they must go faster than a flood of visits brings them.
MOST_OF_A_FLOOD, BATCH_OF_A_FLOOD = 500_000, 5_000


class Erased(NamedTuple):
    """What the ledger is told of one batch: a public id, or the rule's own name for rows that nobody knows by one."""

    subject: str
    data: Mapping[str, log.Value]
    authority: str = ""


class Rule(NamedTuple):
    """One line of the timetable. The words are read by people (`manage.py retention --table`); times are product time.

    `due(at, most)` gives at most so many keys whose time is over at that moment. `erase(keys, at)` runs inside a
    transaction, asks again whether they are due, and returns what the ledger is told: None where nothing was left.
    """

    name: str
    what: str
    after: str
    period: str
    remains: str
    source: str
    due: Callable[[datetime, int], Sequence[Any]]
    erase: Callable[[Sequence[Any], datetime], Erased | None]
    batch: int = BATCH
    most: int = MOST


class Outcome(NamedTuple):
    """How many batches had something to erase, and how many could not be carried out."""

    erased: int
    failed: int


def carry_out(rule: Rule, at: datetime, most: int | None = None) -> Outcome:
    """Erase what is due by this rule. A batch that cannot be erased is logged and keeps none of the others back."""
    keys = rule.due(at, most or rule.most)
    erased = failed = 0
    for start in range(0, len(keys), rule.batch):
        try:
            erased += _erase(rule, keys[start : start + rule.batch], at)
        except Exception as problem:
            failed += 1
            logger.error("%s: a batch is left: %s", rule.name, type(problem).__name__)
    return Outcome(erased, failed)


def _erase(rule: Rule, keys: Sequence[Any], at: datetime) -> bool:
    with transaction.atomic():
        told = rule.erase(keys, at)
        if told is None:
            return False
        log.append(
            f"retention.{rule.name}",
            actor=CLOCK,
            subject=told.subject,
            authority=told.authority,
            data=told.data,
        )
    return True
