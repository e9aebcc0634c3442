"""A worker's process for the tests of leases: it runs one job, and says in a file beside it what it has done.

The subject is JSON: the job's id, the file, the lease in seconds and how the handler spends its time.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from outbox import jobs, leases

HANDLERS: dict[str, Callable[[str], None]] = {}


def _sleeps(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.02)


def _holds_the_interpreter(seconds: float) -> None:
    """One call into C that never gives the interpreter lock away, so that no other thread runs."""
    sys.setswitchinterval(1e-6)
    sum(range(10**12))


WAYS = {"sleeps": _sleeps, "holds": _holds_the_interpreter}


def work(subject: str) -> None:
    order = json.loads(subject)
    lines = Path(order["file"])

    def handler(_: str) -> None:
        with lines.open("a") as file:
            file.write("began\n")
        WAYS[order["way"]](order["seconds"])
        with lines.open("a") as file:
            file.write("ended\n")

    HANDLERS["case.checked"] = handler
    settings.OUTBOX_HANDLERS = f"{__name__}.HANDLERS"
    leases.SHORT = timedelta(seconds=order["lease"])
    leases.BEAT, leases.MARGIN = leases.SHORT / 8, leases.SHORT / 4
    if order["beats"]:
        leases.beat_from_now_on()
    else:
        leases.LONG = leases.SHORT
    jobs.run(order["job"])
