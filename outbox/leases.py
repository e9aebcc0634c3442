"""How long a worker keeps a job for itself, and how it shows that it lives.

In a worker's process on PostgreSQL a lease is short and is renewed while the handler runs, so that what a killed
worker held is taken up within half a minute. Two attempts never run at once: a process that could not renew in time
(paused, cut off from the database, robbed of its lease) ends itself before anybody else may begin. That end is a
C thread's (`faulthandler`), which needs no interpreter lock: a handler that holds it cannot outlive its lease either.

Elsewhere (SQLite, whose one writer would keep the renewal waiting; a call outside a worker) a lease is long and is not
renewed; the embedded broker's only worker ends its predecessor's leases when it starts (`deploy.celery`).
Lease times are the database's own where it has a clock (decision 14), so that hosts need not agree about seconds.
"""

import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, connections
from django.db.models import QuerySet, Value
from django.db.models.functions import Now

from ledger import clock

logger = logging.getLogger(__name__)

LONG = timedelta(minutes=5)  # longer than the worker lets any handler live (its time limit: four minutes)
SHORT = timedelta(seconds=20)
BEAT = timedelta(seconds=4)
MARGIN = timedelta(seconds=3)  # a process has ended itself this long before its lease is another's
LOST = 75  # EX_TEMPFAIL of sysexits.h

_beating = threading.Event()


def beat_from_now_on() -> None:
    """Called in each process of a worker's pool; where the database does not allow it nothing changes."""
    if connection.vendor == "postgresql":
        _beating.set()


def length() -> timedelta:
    return SHORT if _beating.is_set() else LONG


def now(after: timedelta = timedelta(0)) -> Any:
    """The moment of the running statement, or so long after it; a value for `filter` and `update`."""
    if connection.vendor == "postgresql":
        return Now() + Value(settings.CLOCK_OFFSET + after)
    moment: datetime = clock.now() + after
    return moment


@contextmanager
def renewed(mine: QuerySet[Any], claimed: float) -> Iterator[None]:
    """Inside the block the lease of the row in `mine` is renewed; `claimed` is `time.monotonic()` before the claim."""
    if not _beating.is_set():
        yield
        return
    over = threading.Event()
    _end_unless_renewed(claimed)
    threading.Thread(target=_renew, args=(mine, over), name="lease", daemon=True).start()
    try:
        yield
    finally:
        over.set()
        faulthandler.cancel_dump_traceback_later()


def _renew(mine: QuerySet[Any], over: threading.Event) -> None:
    try:
        while not over.wait(BEAT.total_seconds()):
            asked = time.monotonic()
            try:
                is_mine = mine.update(lease_until=now(SHORT)) == 1
            except DatabaseError:
                connection.close()  # the next beat tries anew; the watch goes on
                continue
            if over.is_set():
                return
            if not is_mine:
                logger.error("a lease was lost while its worker lived; the worker ends")
                sys.stderr.flush()
                os._exit(LOST)
            _end_unless_renewed(asked)
    finally:
        connections.close_all()


def _end_unless_renewed(since: float) -> None:
    """At the latest so long after `since` this process is dead, if it is not told otherwise."""
    left = (SHORT - MARGIN).total_seconds() - (time.monotonic() - since)
    faulthandler.dump_traceback_later(max(left, 0.01), exit=True)
