"""Runs a task in a process of its own that dies (SIGKILL) at its n-th database round trip, before or after it.

One helper process imports Django once and forks per attempt, so a point of a sweep costs milliseconds. A commit is a
round trip too, and so are the hot path's exchanges with the database and with the signer. The helper speaks to the
database of the running test, so tests that use it need real transactions.
"""

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django
from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

BEFORE, AFTER = "before", "after"
WARMED = ("signing.issuing.outside_lint._validator", "signing.certificates._throw_away")
_WATCH = "tests.support.faults.exchanges.watch"  # it needs Django, which is set up later


class Killer:
    """The test's side. Use as a context manager."""

    def __init__(self, port: int | None = None) -> None:
        """`port`: the database is reached by another one (tests.support.faults.proxy)."""
        parts = connection.settings_dict
        url = f"postgresql://{parts['USER']}@{parts['HOST']}:{port or parts['PORT']}/{parts['NAME']}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.killing"],
            env={**os.environ, "DATABASE_URL": url},
            cwd=settings.ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Killer":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(10)

    def trips(self, task: str, subject: str) -> int:
        """Run to the end; how many round trips it took."""
        answer = self._ask(task=task, subject=subject)
        assert answer["status"] == 0, answer
        return int(answer["trips"])

    def kill_at(self, task: str, subject: str, trip: int, when: str) -> bool:
        """True when the process died there; False when it ended before it came so far."""
        return self._died(self._ask(task=task, subject=subject, trip=trip, when=when))

    def kill_after(self, task: str, subject: str, seconds: float) -> bool:
        return self._died(self._ask(task=task, subject=subject, seconds=seconds))

    def start(self, task: str, subject: str) -> int:
        """Let it run beside the test; its pid."""
        return int(self._ask(task=task, subject=subject, beside=True)["pid"])

    def status(self, pid: int) -> int:
        """Wait for one that was started; its exit status, negative for a signal."""
        return int(self._ask(wait=pid)["status"])

    def _died(self, answer: dict[str, int]) -> bool:
        assert answer["status"] in (0, -signal.SIGKILL), answer
        return answer["status"] != 0

    def _ask(self, **order: object) -> dict[str, int]:
        assert self._process.stdin is not None and self._process.stdout is not None
        print(json.dumps(order), file=self._process.stdin, flush=True)
        answer: dict[str, int] = json.loads(self._process.stdout.readline())
        return answer


class _Trips:
    """Counts round trips of this process and kills it at the chosen one."""

    def __init__(self, trip: int, when: str) -> None:
        self.count, self._trip, self._when = 0, trip, when

    @contextmanager
    def one(self) -> Iterator[None]:
        self.count += 1
        self._die(BEFORE)
        yield
        self._die(AFTER)

    def _die(self, when: str) -> None:
        if self.count == self._trip and when == self._when:
            os.kill(os.getpid(), signal.SIGKILL)

    def statement(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        with self.one():
            return execute(sql, params, many, context)

    def watch_others(self) -> None:
        """Commits, and what the hot path exchanges."""
        commit = connection.commit

        def watched() -> None:
            with self.one():
                commit()

        connection.commit = watched  # type: ignore[method-assign]
        import_string(_WATCH)(setattr, lambda _line, _words: self.one())


def _attempt(order: dict[str, Any], report: int) -> None:
    if order.get("beside"):
        import_string(order["task"])(order["subject"])
        return
    trips = _Trips(order.get("trip", 0), order.get("when", BEFORE))
    trips.watch_others()
    with connection.execute_wrapper(trips.statement):
        import_string(order["task"])(order["subject"])
    os.write(report, str(trips.count).encode())


def _fork(order: dict[str, Any]) -> dict[str, int]:
    if "wait" in order:
        return {"status": os.waitstatus_to_exitcode(os.waitpid(order["wait"], 0)[1])}
    import_string(order["task"])  # here, where it stays
    answers, report = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _attempt(order, report)
            status = 0
        except Exception:
            traceback.print_exc()  # `finally` leaves before anybody else could say it
        finally:
            sys.stderr.flush()
            os._exit(status)
    os.close(report)
    if order.get("beside"):
        os.close(answers)
        return {"pid": child}
    if "seconds" in order:
        time.sleep(order["seconds"])
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with os.fdopen(answers, "rb") as pipe:
        return {"status": os.waitstatus_to_exitcode(status), "trips": int(pipe.read() or 0)}


def main() -> None:
    django.setup()
    for warmed in WARMED:  # what a worker makes once and keeps; every attempt would make it anew
        import_string(warmed)()
    for line in sys.stdin:
        print(json.dumps(_fork(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
