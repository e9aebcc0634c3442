"""The hot path killed at each of its exchanges with the database: before it arrives, and before its answer comes back.

The last point is the one between the key's work and the commit: what the signer has made leaves with its row or not at
all (remote-signing.md 10, point 5). `CHAOS=long` takes every point, the ordinary run every third.
"""

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from ledger import clock
from signing.models import ActivationItem
from signing.records import failures, left_behind
from tests.bench.signing.works import HOT
from tests.signing.turns.test_turns import check_log
from tests.support import days, services
from tests.support.beside import BESIDE
from tests.support.csc import RSA_SHA256, b64, digest
from tests.support.days import Day
from tests.support.faults.proxy import Proxy
from tests.support.killing import AFTER, BEFORE
from tests.support.signers import SignerProcesses

pytestmark = [*BESIDE, pytest.mark.chaos, pytest.mark.requirement("SG-3")]
STRIDE = 1 if os.environ.get("CHAOS") == "long" else 3


class Killing(Proxy):
    """A line on which the process of `pid` dies at its so-manieth exchange from now on; 0: it is only counted."""

    def __init__(self) -> None:
        super().__init__(services.postgresql().port)
        self.count, self._at, self._when, self.pid = -1, 0, BEFORE, 0

    def arm(self, at: int, when: str) -> None:
        self.count, self._at, self._when = 0, at, when

    def cuts(self, sent: bytes) -> bool:
        if self.count < 0:
            return False
        self.count += 1
        if self.count != self._at:
            return False
        if self._when == BEFORE:
            os.kill(self.pid, signal.SIGKILL)
            raise OSError("nothing arrives")
        os.kill(self.pid, signal.SIGSTOP)  # it hears nothing more
        threading.Thread(target=self._ends, daemon=True).start()
        return True

    def _ends(self) -> None:
        """When the server has answered."""
        until = time.monotonic() + 10
        while not self.dropped and time.monotonic() < until:
            time.sleep(0.005)
        os.kill(self.pid, signal.SIGKILL)


class Front(http.client.HTTPConnection):
    """The hot path's server as production runs it, over a line that may kill it."""

    def __init__(self, line: Killing, folder: Path) -> None:
        super().__init__("localhost", timeout=20)
        self.path = str(folder / f"hot-{time.monotonic_ns()}")
        name = connection.settings_dict["NAME"]
        ours = {"DATABASE_URL": f"postgresql://inkan@127.0.0.1:{line.port}/{name}"}
        self.process = subprocess.Popen(
            [sys.executable, *HOT, "--uds", self.path], env={**os.environ, **ours}, cwd=settings.ROOT
        )
        line.pid = self.process.pid
        until = time.monotonic() + 60
        while not os.path.exists(self.path):
            assert self.process.poll() is None and time.monotonic() < until
            time.sleep(0.02)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self.path)

    def asks(self, method: str, day: Day, body: dict[str, Any]) -> dict[str, Any]:
        """ConnectionError and the like where it died of it."""
        whole = {"credentialID": str(day.credential.public_id), **body}
        headers = {"Authorization": f"Bearer {day.bearer}"}
        self.request("POST", f"/csc/v1/{method}", json.dumps(whole).encode(), headers)
        answer: dict[str, Any] = json.loads(self.getresponse().read())
        return answer

    def pair(self, day: Day, number: int) -> None:
        each = {"hash": b64(digest(number))}
        sad = self.asks("credentials/authorize", day, {**each, "numSignatures": 1})["SAD"]
        made = self.asks("signatures/signHash", day, {**each, "SAD": sad, "signAlgo": RSA_SHA256})
        day.verify(base64.b64decode(made["signatures"][0]), digest(number))


@contextmanager
def running(folder: Path) -> Iterator[tuple[Front, Killing]]:
    """Somebody has signed there already, so that what follows is not about the start."""
    with Killing() as line:
        front = Front(line, folder)
        try:
            front.pair(days.day(clock.now()), 0)
            yield front, line
        finally:
            front.close()
            front.process.kill()
            front.process.wait(10)


def journal() -> Counter[str]:
    return Counter((settings.HOME / "signer" / "journal").read_text().split()[::2])


def dies(front: Front, line: Killing, day: Day, at: int, when: str) -> None:
    """A signer's first pair meets the end."""
    line.arm(at, when)
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        front.pair(day, 1)
    assert line.dropped == (when == AFTER) and front.process.wait(10) == -signal.SIGKILL


def check(day: Day, before: Counter[str]) -> None:
    """Each occurrence was signed once and has its row, or failed for ever, or was never signed."""
    left_behind.fail_stuck(clock.now() + timedelta(minutes=11))
    failures.record_missing(clock.now())
    made = journal() - before
    assert set(made.values()) <= {1}
    mine = ActivationItem.objects.filter(activation__credential=day.credential)
    signed, failed = (
        {item.public_id.hex for item in mine.filter(state=each)} for each in ("signed", "failed")
    )
    assert signed <= set(made) <= signed | failed
    check_log()


def test_no_exchange_is_one_at_which_a_signature_loses_its_row(
    signers: SignerProcesses, tmp_path: Path
) -> None:
    with running(tmp_path) as (front, line):
        line.arm(0, BEFORE)
        front.pair(days.day(clock.now()), 1)
        exchanges = line.count
    assert exchanges >= 3  # authorised, reserved, recorded
    points = [(at, when) for at in range(exchanges, 0, -1) for when in (AFTER, BEFORE)]
    day = days.day(clock.now())
    for at, when in points[::STRIDE]:
        with running(tmp_path) as (front, line):
            front.pair(day, 1)  # whoever was there when it died signs again
            day, before = days.day(clock.now()), journal()
            dies(front, line, day, at, when)
        check(day, before)
