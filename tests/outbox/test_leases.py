"""A killed worker's job is taken up within its short lease; a living one's is never run by two at once."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from outbox import jobs, leases
from outbox.models import Job
from tests.outbox.bells import HANDLERS
from tests.support.killing import Killer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("RV-10")]
LEASE = 2.4  # seconds; the product's is twenty


class Worker:
    """One attempt in a process of its own, and what it wrote down."""

    def __init__(self, killer: Killer, file: Path, **how: object) -> None:
        with transaction.atomic():
            self.job = jobs.enqueue("case.checked", "case-1")
        self._killer, self._file = killer, file
        order = {"job": self.job.pk, "file": str(file), "lease": LEASE, "way": "sleeps", "seconds": 30, **how}
        self.pid = killer.start("tests.outbox.lived.work", json.dumps({"beats": True, **order}))
        self.waits(lambda: "began" in self.lines)

    @property
    def lines(self) -> list[str]:
        return self._file.read_text().split() if self._file.exists() else []

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def status(self) -> int:
        return self._killer.status(self.pid)

    def state(self) -> tuple[str, int]:
        self.job.refresh_from_db()
        return self.job.state, self.job.attempts

    def waits(self, until: Callable[[], bool], seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < end, (self.state(), self.lines)
            time.sleep(0.05)

    def is_given_back(self) -> bool:
        jobs.sweep()
        return self.state()[0] == "ready"


@pytest.fixture
def killer() -> Iterator[Killer]:
    if connection.vendor != "postgresql":
        pytest.skip("leases are short on PostgreSQL only")
    with Killer() as killer:
        yield killer


@pytest.fixture
def next_one() -> list[str]:
    """What this process's own handler was called with."""
    called: list[str] = []
    HANDLERS["case.checked"] = called.append
    return called


def test_a_killed_workers_job_is_taken_up_when_the_short_lease_ends(
    killer: Killer, tmp_path: Path, next_one: list[str]
) -> None:
    worker = Worker(killer, tmp_path / "lines")
    worker.signal(signal.SIGKILL)
    assert worker.status() == -signal.SIGKILL
    began = time.monotonic()
    assert not worker.is_given_back()
    worker.waits(worker.is_given_back)
    assert time.monotonic() - began < LEASE + 5
    jobs.run(worker.job.pk)
    assert (worker.state(), next_one) == (("done", 2), ["case-1"])


def test_a_living_worker_keeps_its_job_beyond_many_leases(
    killer: Killer, tmp_path: Path, next_one: list[str]
) -> None:
    worker = Worker(killer, tmp_path / "lines", seconds=LEASE * 3)
    while "ended" not in worker.lines:
        assert not worker.is_given_back()
        time.sleep(0.05)
    assert (worker.status(), worker.state(), next_one) == (0, ("done", 1), [])


def test_without_the_beat_a_living_worker_would_be_robbed(killer: Killer, tmp_path: Path) -> None:
    """Says that the test before can fail."""
    worker = Worker(killer, tmp_path / "lines", beats=False)
    worker.waits(worker.is_given_back)
    worker.signal(signal.SIGKILL)
    worker.status()


def test_a_worker_that_was_paused_ends_as_soon_as_it_wakes(
    killer: Killer, tmp_path: Path, next_one: list[str]
) -> None:
    worker = Worker(killer, tmp_path / "lines")
    worker.signal(signal.SIGSTOP)
    worker.waits(worker.is_given_back)
    jobs.run(worker.job.pk)
    worker.signal(signal.SIGCONT)
    assert worker.status() != 0
    assert (worker.lines, worker.state(), next_one) == (["began"], ("done", 2), ["case-1"])


def test_a_worker_whose_lease_was_taken_ends(killer: Killer, tmp_path: Path) -> None:
    worker = Worker(killer, tmp_path / "lines")
    Job.objects.filter(pk=worker.job.pk).update(attempts=2)
    assert worker.status() == leases.LOST
    assert worker.lines == ["began"]


def test_a_handler_that_lets_no_other_thread_run_ends_with_its_lease(killer: Killer, tmp_path: Path) -> None:
    worker = Worker(killer, tmp_path / "lines", way="holds")
    began = time.monotonic()
    assert worker.status() == 1  # faulthandler's
    assert time.monotonic() - began < LEASE


def test_leases_follow_the_databases_clock_not_the_hosts(settings: Settings, next_one: list[str]) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no clock of its own")
    with transaction.atomic():
        job = jobs.enqueue("case.checked", "case-1")
    assert jobs._claim(job.pk, job.run_after)
    job.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (there,) = cursor.fetchone()
    assert job.lease_until is not None
    left = job.lease_until - there - settings.CLOCK_OFFSET
    assert leases.LONG.total_seconds() - 5 < left.total_seconds() <= leases.LONG.total_seconds()
