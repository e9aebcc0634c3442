"""What stands beside a test: a server of its own, Chromium, another thread. All of them read committed rows alone."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest
from django.db import connection, connections

P = ParamSpec("P")
T = TypeVar("T")
BESIDE = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="the server needs the test's database beside the test"
    ),
]
IN_CHROMIUM = [pytest.mark.browser, *BESIDE]


def aside(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Beside Chromium: Playwright's own loop stands in this thread, and Django does not work under one."""

    def run() -> T:
        try:
            return act(*args, **kwargs)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def megabytes(pid: int, line: str = "VmRSS") -> float:
    """Of a process: `VmRSS` now, `VmHWM` at the highest (proc(5))."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition(f"{line}:")[2].split()[0]) / 1024
