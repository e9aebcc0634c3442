"""A real Celery worker over this run's Redis and the test's database: what it is given, and all that it logs."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db.models import Q

from deploy.celery import app
from ledger import clock
from outbox.models import Job
from tests.support import services
from tests.support.web import database_url

_COMMAND = ("-m", "celery", "--app", "deploy.celery", "worker", "--pool", "prefork", "--concurrency", "1")
_ALONE = ("--loglevel", "DEBUG", "--without-gossip", "--without-mingle", "--without-heartbeat")
_SECONDS = 60.0


class Worker:
    """Use as a context manager; `log` takes all that it and its pool write. `ours` are settings of its own."""

    def __init__(self, log: Path, **ours: str) -> None:
        redis = services.redis().url
        self._log = log
        self._environment = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "BROKER_URL": redis,
            "REDIS_URL": redis,
            **ours,
        }

    def __enter__(self) -> Self:
        self._output = self._log.open("wb")
        self._process = subprocess.Popen(
            [sys.executable, *_COMMAND, *_ALONE],
            env=self._environment,
            cwd=settings.ROOT,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(_SECONDS)
        self._output.close()

    def carries_out(self) -> None:
        """Every job that is due, and what comes of them; one that fails is tried once."""
        rung: set[int] = set()
        while due := [job for job in _due() if job.pk not in rung or job.state == Job.State.LEASED]:
            for job in due:
                if job.pk not in rung:
                    rung.add(job.pk)
                    self._sends("outbox.run_job", job.pk, queue=job.queue)
            self._waits(lambda due=due: not any(map(_is_waiting, due)), f"{due}")  # type: ignore[misc]

    def runs(self, task: str) -> None:
        """A task of the clock's, to its end."""
        name = re.escape(f"{task}[{self._sends(task)}]")
        self._waits(lambda: re.search(f"Task {name} succeeded", self._written()) is not None, task)

    def _sends(self, task: str, *arguments: int, queue: str = "default") -> str:
        with app.connection_for_write(services.redis().url) as broker:
            return str(app.send_task(task, args=arguments, queue=queue, connection=broker).id)

    def _written(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def _waits(self, is_over: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + _SECONDS
        while not is_over():
            assert self._process.poll() is None and time.monotonic() < until, (
                f"{what}: {self._written()[-4000:]}"
            )
            time.sleep(0.05)


def _due() -> list[Job]:
    """Also what a worker has in hand, for it rings what comes of its work itself."""
    is_due = Q(state=Job.State.READY, run_after__lte=clock.now())
    return list(Job.objects.filter(is_due | Q(state=Job.State.LEASED)))


def _is_waiting(job: Job) -> bool:
    """Nobody has taken it since, or somebody has it still."""
    untouched = Q(state=Job.State.READY, attempts=job.attempts if job.state == Job.State.READY else -1)
    return Job.objects.filter(Q(state=Job.State.LEASED) | untouched, pk=job.pk).exists()
