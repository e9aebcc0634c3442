"""Queues and the clock's timetable (decision 13). Celery is only a doorbell: the work is a row in the outbox.

Source of the figures: security.md 3.1 (measured with Celery 5.7 and Redis 7).
"""

import ctypes
import fcntl
import logging
import os
import signal
import sys
import time
from typing import IO, Any, NamedTuple

from celery import Celery, signals
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deploy.settings")

from django.apps import apps
from django.conf import settings
from django.db import connections

from deploy import checks, doorbell
from ledger import clock
from outbox import leases

log = logging.getLogger("inkan.worker")


class Entry(NamedTuple):
    """One line of the timetable: `task` is the name of a Celery task without arguments."""

    name: str
    task: str
    seconds: int


TIMETABLE: tuple[Entry, ...] = (
    Entry("sweep the outbox", "outbox.sweep", 5 if settings.BROKER_IS_EMBEDDED else 10),
    Entry("what ran out", "clock.minute", 60),
    Entry("lists and the daily root", "clock.hour", 3600),
    Entry("what is kept no longer", "clock.retention", 3600),
    Entry("files without a row", "clock.day", 86400),
)

VISIBILITY_TIMEOUT = 600
TIME_LIMIT = 240
PR_SET_PDEATHSIG = 1
REFUSED = 78  # EX_CONFIG of sysexits.h


def _transport_options() -> dict[str, Any]:
    if settings.BROKER_IS_EMBEDDED:
        return doorbell.options(settings.BROKER_FOLDER)
    return {
        "visibility_timeout": VISIBILITY_TIMEOUT,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
    }


app = Celery("inkan")
app.conf.update(
    broker_url=f"{doorbell.SCHEME}://localhost" if settings.BROKER_IS_EMBEDDED else settings.BROKER_URL,
    broker_transport_options=_transport_options(),
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    task_queues=[Queue(name) for name in settings.QUEUES],
    task_default_queue="default",
    task_create_missing_queues=False,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    task_publish_retry=False,
    task_serializer="json",
    accept_content=["json"],
    task_time_limit=TIME_LIMIT,
    task_soft_time_limit=TIME_LIMIT - 20,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=200,
    worker_enable_remote_control=not settings.BROKER_IS_EMBEDDED,
    worker_send_task_events=False,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    worker_soft_shutdown_timeout=0 if settings.BROKER_IS_EMBEDDED else 30,
    beat_schedule_filename=str(settings.HOME / "clock.db"),
    beat_max_loop_interval=5,
    timezone="UTC",
    enable_utc=True,
)


app.autodiscover_tasks()  # tasks.py of every app
app.conf.beat_schedule = {
    entry.name: {
        "task": entry.task,
        "schedule": float(entry.seconds),
        # a tick that waited for its successor has nothing left to do
        "options": {"queue": "default", "expires": max(entry.seconds, 10)},
    }
    for entry in TIMETABLE
}


def ring(job_id: int, queue: str) -> None:
    """Tells a worker that a job is due. Raises whatever the broker raises; the outbox logs and swallows it."""
    app.send_task("outbox.run_job", args=(job_id,), queue=queue)


def declare_queues() -> None:
    """Makes every queue while nobody else writes, so that no two processes create the same table at once."""
    with app.connection_for_write() as connection, connection.channel() as channel:
        for queue in app.conf.task_queues:
            queue(channel).declare()


# --- one worker only on the embedded broker --------------------------------------------------------------------
_lock: list[IO[str]] = []


@signals.worker_init.connect
def refuse_unsafe_start(**kwargs: object) -> None:
    """A signal's receiver may not raise, so the process is ended here."""
    try:
        checks.refuse_unsafe_start()
    except SystemExit as refused:
        print(refused, file=sys.stderr, flush=True)
        os._exit(REFUSED)


@signals.worker_init.connect
def take_the_lock(**kwargs: object) -> None:
    """The embedded broker serves one worker process; a second one is refused before it takes a message."""
    if not settings.BROKER_IS_EMBEDDED:
        return
    handle = settings.WORKER_LOCK.open("a+")
    for _ in range(20):  # a killed worker's children need a moment to follow it
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1)
        else:
            _lock.append(handle)
            return
    print(
        f"A worker already serves the embedded broker of {settings.HOME}. It bears only one: stop that one "
        "first, or set BROKER_URL to a Redis server to run several.",
        file=sys.stderr,
        flush=True,
    )
    os._exit(REFUSED)


@signals.celeryd_after_setup.connect
def end_the_dead_ones_leases(**kwargs: object) -> None:
    """Whatever is leased on the embedded broker belongs to a worker that died: the next sweep takes it up.

    Runs with the lock held and before the pool is forked, so no living attempt is touched.
    """
    if settings.BROKER_IS_EMBEDDED:
        apps.get_model("outbox.Job")._default_manager.filter(state="leased").update(lease_until=clock.now())
        connections.close_all()


@signals.worker_process_init.connect
def follow_the_parent(**kwargs: object) -> None:
    """A pool child dies with its worker and does not hold the worker's lock beyond it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    while _lock:
        _lock.pop().close()
    leases.beat_from_now_on()
