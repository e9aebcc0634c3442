"""Work that must happen after a commit, at least once, by handlers that are idempotent.

A row is written in the transaction of its cause; the queue's message is only a doorbell that carries the row's id.
A lost doorbell is rung again by `sweep`. Moments are `ledger.clock.now()` of the hosts, which NTP keeps together;
only leases are counted by the database's clock (`outbox.leases`).
"""

import logging
import random
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils.module_loading import import_string

from ledger import clock
from outbox import leases
from outbox.models import Job

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 8
_BELL_LOST = timedelta(seconds=20)  # a ready job whose bell was rung this long ago is rung again
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(hours=1)
_LONGEST_ERROR = 1000
_SWEEP_BATCH = 500


class OutsideTransaction(RuntimeError):
    """A job belongs into the transaction of its cause."""


class UnknownKind(LookupError):
    """No handler is wired for this kind in settings.OUTBOX_HANDLERS."""


def enqueue(
    kind: str, subject: str, *, queue: str = "default", dedupe: str = "", run_after: datetime | None = None
) -> Job:
    """Write a job and ring after the commit; with a `dedupe` that exists already, done or not, that job is returned.

    `subject` is a public id. Raises OutsideTransaction.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(kind)
    now = clock.now()
    due = run_after or now
    fields = {
        "kind": kind,
        "subject": subject,
        "queue": queue,
        "run_after": due,
        "ring_after": due + _BELL_LOST if due <= now else due,
        "created_at": now,
    }
    if dedupe:
        job, is_new = Job.objects.get_or_create(dedupe=dedupe, defaults=fields)
    else:
        job, is_new = Job.objects.create(**fields), True
    if is_new and due <= now:
        transaction.on_commit(partial(ring, job.pk, queue), robust=True)
    return job


def ring(job_id: int, queue: str) -> None:
    """Tell a worker; a broker that is away is logged and swallowed, for the sweep rings again."""
    try:
        import_string(settings.OUTBOX_RINGER)(job_id, queue)
    except Exception as problem:
        logger.warning("job %s: bell not rung (%s)", job_id, type(problem).__name__)


def run(job_id: int) -> None:
    """Do the job if it is due and nobody else has it. Never raises for what the handler does: the row tells.

    The attempt is counted, and committed, before the work, so that a job that kills its worker ends as failed.
    """
    began = time.monotonic()
    if not _claim(job_id, clock.now()):
        return
    job = Job.objects.get(pk=job_id)
    try:
        with leases.renewed(_mine(job), began):
            _handler(job.kind)(job.subject)
    except UnknownKind as problem:
        _fail(job, repr(problem))
    except Exception as problem:
        logger.warning("job %s %s: attempt %s failed: %s", job.pk, job.kind, job.attempts, where(problem))
        _retry(job, f"{type(problem).__name__}: {problem}")
    else:
        _mine(job).update(state=Job.State.DONE, lease_until=None, last_error="")


def sweep() -> int:
    """Return expired leases, ring every job that is due; how many were rung. Call it every few seconds."""
    now = clock.now()
    expired = Job.objects.filter(state=Job.State.LEASED, lease_until__lte=leases.now())
    for job in expired.filter(attempts__gte=MOST_ATTEMPTS)[:_SWEEP_BATCH]:
        _fail(job, job.last_error or "its worker died")
    expired.filter(attempts__lt=MOST_ATTEMPTS).update(
        state=Job.State.READY, lease_until=None, ring_after=now, last_error="its worker died"
    )
    # Jobs that became due only now, or whose bell was lost; ringing a running or done job finds nothing to claim.
    due = Job.objects.filter(state=Job.State.READY, ring_after__lte=now).order_by("ring_after")
    rung = list(due.values_list("pk", "queue")[:_SWEEP_BATCH])
    Job.objects.filter(pk__in=[job_id for job_id, _queue in rung]).update(ring_after=now + _BELL_LOST)
    for job_id, queue in rung:
        ring(job_id, queue)
    return len(rung)


def retry_failed(job_id: int) -> bool:
    """An operator's second chance for a failed job; False when it is not failed."""
    now = clock.now()
    changed = Job.objects.filter(pk=job_id, state=Job.State.FAILED).update(
        state=Job.State.READY, attempts=0, run_after=now, ring_after=now
    )
    return changed == 1


def _claim(job_id: int, now: datetime) -> bool:
    claimed = Job.objects.filter(pk=job_id, state=Job.State.READY, run_after__lte=now).update(
        state=Job.State.LEASED, attempts=F("attempts") + 1, lease_until=leases.now(leases.length())
    )
    return claimed == 1


def _mine(job: Job) -> QuerySet[Job]:
    """The row as long as this attempt owns it: a lease that expired meanwhile belongs to somebody else."""
    return Job.objects.filter(pk=job.pk, state=Job.State.LEASED, attempts=job.attempts)


def _handler(kind: str) -> Callable[[str], None]:
    handlers: Mapping[str, Callable[[str], None]] = import_string(settings.OUTBOX_HANDLERS)
    if kind not in handlers:
        raise UnknownKind(f"no handler for {kind}")
    return handlers[kind]


def _retry(job: Job, error: str) -> None:
    if job.attempts >= MOST_ATTEMPTS:
        _fail(job, error)
        return
    wait = min(_FIRST_WAIT * 4 ** (job.attempts - 1), _LONGEST_WAIT)
    wait *= random.uniform(0.5, 1.5)  # noqa: S311  (spreads retries; no secret)
    again = clock.now() + wait
    _mine(job).update(
        state=Job.State.READY, lease_until=None, run_after=again, ring_after=again, last_error=_kept(error)
    )


def _fail(job: Job, error: str) -> None:
    failed = _mine(job).update(state=Job.State.FAILED, lease_until=None, last_error=_kept(error))
    if failed:
        logger.error(
            "job %s %s %s failed for good after %s attempts", job.pk, job.kind, job.subject, job.attempts
        )


def _kept(error: str) -> str:
    return error.replace("\0", "")[:_LONGEST_ERROR]  # PostgreSQL keeps no NUL


def where(problem: Exception) -> str:
    """Type and place of a failure. Its message may quote personal data: that stays in the row, out of the log."""
    frames = traceback.extract_tb(problem.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(problem).__name__}{place}"
