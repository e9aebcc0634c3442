"""What breaks in the long faults, one thing every few seconds: processes, servers, lines."""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.support import services
from tests.support.faults.smtp import SmtpSink
from tests.support.product import Product


class Faults:
    """Every kind once in a random order, then at random; `happened` counts them."""

    def __init__(
        self, product: Product, postgresql: services.PostgreSQL, redis: services.Redis, sink: SmtpSink
    ) -> None:
        self.happened: Counter[str] = Counter()
        self._product, self._postgresql, self._redis, self._sink = product, postgresql, redis, sink
        self._dice = random.Random(20261126)
        parts = ("worker", "web", "signer", "issuer", "clock")
        self._kinds: dict[str, Callable[[], object]] = {
            **{f"kill {part}": lambda part=part: product.kill(part) for part in parts},
            "kill a child of the worker": self._kill_child,
            "empty Redis": self._empty_redis,
            "stop Redis for a while": self._stop_redis,
            "restart PostgreSQL": self._restart_postgresql,
            "the mail server leaves without an answer": self._cut_mail,
        }
        self._coming = self._dice.sample(list(self._kinds), len(self._kinds))

    @property
    def have_all_happened(self) -> bool:
        return not self._coming

    def one(self) -> None:
        name = self._coming.pop() if self._coming else self._dice.choice(list(self._kinds))
        try:
            self._kinds[name]()
        except ProcessLookupError:
            return  # it was dead already
        self.happened[name] += 1

    def pause(self, seconds: float) -> None:
        time.sleep(self._dice.uniform(0.5, 1.5) * seconds)

    def _kill_child(self) -> None:
        """A process of the worker's pool, as the kernel does it when memory is short."""
        os.kill(self._dice.choice(_children(self._product.pids()["worker"])), signal.SIGKILL)

    def _empty_redis(self) -> None:
        command = ["redis-cli", "-p", str(self._redis.port), "flushall"]
        subprocess.run(command, check=True, capture_output=True)

    def _stop_redis(self) -> None:
        self._redis.stop()
        time.sleep(2)
        self._redis.start()

    def _restart_postgresql(self) -> None:
        self._postgresql.stop(mode="immediate")
        self._postgresql.start()

    def _cut_mail(self) -> None:
        self._sink.hang_up = True
        time.sleep(2)
        self._sink.hang_up = False


def _children(pid: int) -> list[int]:
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(place.read_text("ascii").rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == pid:
            found.append(int(place.parent.name))
    if not found:
        raise ProcessLookupError(pid)
    return found
