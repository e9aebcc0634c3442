"""Approvals per minute of one worker and of two: from approved to certificate issued, link made and notice written.

`python -m tests.bench.bench_approvals` (CASES=60 a time, TIMES=2). PostgreSQL and Redis, the software key store in its
two processes as in production, real Celery workers of one pool process each. The workers are warm and stopped
(SIGSTOP) while the cases are approved, so that what is measured begins when they go on. CPU is that of the workers,
both key processes, PostgreSQL and Redis, all jobs of the approvals done: OCSP answers made ahead and mails too.
Beside it: the CPU of one RSA-2048 key and two signatures, of the same run: no issuance can do without that much.

Minutes are the wall's: on a machine that does something else they are fewer, and its load is told. Aim: two workers on
two idle cores 1.6 times one; CPU per approval tells what is ours.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from typing import Any, NamedTuple

os.environ["TEST_DATABASE"] = "sqlite"  # the run's own server is not needed: this one starts its own

from tests.bench.signing.works import spent
from tests.support import services

CASES, TIMES = int(os.environ.get("CASES", "60")), int(os.environ.get("TIMES", "2"))
WARM, PATIENCE, AIM = 3, 900.0, 1.6
BESIDE = "import django; django.setup(); from tests.bench import approved; approved.main()"
CELERY = ("-W", "ignore", "-m", "celery", "--app", "deploy.celery", "--quiet", "worker", "--pool", "prefork")
ALONE = ("--concurrency", "1", "--loglevel", "ERROR", "--without-gossip", "--without-mingle")


class Told(NamedTuple):
    """One measured time: approvals a minute, and CPU seconds of each part for one approval."""

    per_minute: float
    cpu: dict[str, float]


class Works:
    """The servers, the key processes, and the process that submits and approves."""

    def __init__(self) -> None:
        folder = services.RUN / "bench-approvals"
        self.postgresql, self.redis = services.PostgreSQL(folder), services.Redis(folder)
        self.env = {
            **os.environ,
            "DATABASE_URL": self.postgresql.new_database("approvals"),
            "BROKER_URL": self.redis.url,
            "DJANGO_SETTINGS_MODULE": "deploy.settings",
        }
        self.keys = [
            self._starts("-m", "signing.signer", "--role", role) for role in ("signers", "authorities")
        ]
        for process in self.keys:
            assert process.stdout is not None
            process.stdout.readline()
        self.beside = self._starts("-c", BESIDE)

    def _starts(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *words],
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def asks(self, word: str, count: int = 0) -> Any:
        assert self.beside.stdin is not None and self.beside.stdout is not None
        print(json.dumps([word, count]), file=self.beside.stdin, flush=True)
        line = self.beside.stdout.readline()
        if not line:
            sys.exit(f"{word}: the process beside has ended")
        return json.loads(line)

    def worker(self, number: int) -> subprocess.Popen[str]:
        return self._starts(*CELERY, *ALONE, "--without-heartbeat", "--hostname", f"bench{number}@localhost")

    def parts(self, workers: list[subprocess.Popen[str]]) -> dict[str, float]:
        postmaster = int((self.postgresql.data / "postmaster.pid").read_text("ascii").split()[0])
        assert self.redis.process is not None
        signers, authorities = self.keys
        return {
            "workers": sum(spent(one.pid) for one in workers),
            "signers' keys": spent(signers.pid),
            "authorities": spent(authorities.pid),
            "PostgreSQL": spent(postmaster),
            "Redis": spent(self.redis.process.pid),
        }

    def waits(self, *, until_all_done: bool) -> dict[str, Any]:
        """Until every approved case is delivered, or until no job is left either."""
        until, number = time.monotonic() + PATIENCE, 0
        while time.monotonic() < until:
            left: dict[str, Any] = self.asks("left")
            if not left["cases"] and not (until_all_done and left["jobs"]):
                return left
            time.sleep(0.5)
            number += 1
            if number % 20 == 0:
                self.asks("ring")
        sys.exit(f"not done after {PATIENCE:.0f} s: {left}")

    def measured(self, count: int) -> Told:
        """With so many workers."""
        workers = [self.worker(number) for number in range(count)]
        try:
            self.asks("approve", WARM * count)
            self.waits(until_all_done=True)
            for one in workers:
                os.killpg(one.pid, signal.SIGSTOP)
            self.asks("approve", CASES)
            before, began = self.parts(workers), time.time()
            for one in workers:
                os.killpg(one.pid, signal.SIGCONT)
            took = self.waits(until_all_done=False)["last"] - began
            self.waits(until_all_done=True)
            after = self.parts(workers)
        finally:
            for one in workers:
                os.killpg(one.pid, signal.SIGKILL)
                one.communicate()
        return Told(CASES / took * 60, {name: (after[name] - before[name]) / CASES for name in before})

    def ends(self) -> None:
        for process in (self.beside, *self.keys):
            process.kill()
            process.communicate()


def main() -> None:
    works = Works()
    try:
        submitted = works.asks("prepare", TIMES * (2 * CASES + 3 * WARM))
        print(f"{len(submitted)} cases submitted", flush=True)
        yard = works.asks("yardstick")
        found: dict[int, list[Told]] = {1: [], 2: []}
        for _ in range(TIMES):
            for count, told in found.items():
                told.append(works.measured(count))
        made = works.asks("made")
        yard = (yard + works.asks("yardstick")) / 2
    finally:
        works.ends()
    if set(made.values()) != {len(submitted)}:
        sys.exit(f"not one of each per approval: {made}")
    show(found, yard)


def show(found: dict[int, list[Told]], yard: float) -> None:
    per_minute = {count: statistics.median(one.per_minute for one in told) for count, told in found.items()}
    ratio = per_minute[2] / per_minute[1]
    print(f"approvals a minute, median of {TIMES} times {CASES}: one worker {per_minute[1]:.0f}, "
          f"two {per_minute[2]:.0f}, ratio {ratio:.2f}{'' if ratio >= AIM else '  BELOW'}  (aim {AIM})")  # fmt: skip
    for count, told in found.items():
        parts = {name: statistics.median(one.cpu[name] for one in told) for name in told[0].cpu}
        whole = sum(parts.values())
        print(f"CPU of one approval, {count} worker(s): {whole * 1000:.0f} ms = "
              + ", ".join(f"{name} {part * 1000:.0f}" for name, part in parts.items())
              + f"; {whole / yard:.1f} times the yardstick; {60 / whole:.0f} a minute for each core")  # fmt: skip
    print(f"the machine: {os.cpu_count()} cores, load of the last 15 minutes {os.getloadavg()[2]:.1f}")
    print(f"yardstick: {yard * 1000:.0f} ms of CPU for one RSA-2048 key and two signatures")


if __name__ == "__main__":
    main()
