"""The product's web server alone: uvicorn over the run's own test database, keys and signer processes."""

import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO

from django.conf import settings
from django.db import connection

from tests.support import services


def database_url() -> str:
    """The test's own database, for a process beside it."""
    return services.postgresql().url(str(connection.settings_dict["NAME"]))


@contextmanager
def served(*, output: IO[bytes] | None = None, access_log: bool = False, **ours: str) -> Iterator[str]:
    """The server's address; `ours` are settings of its own, `output` takes all that it logs.

    PostgreSQL and committed rows only: the server has connections of its own.
    """
    port = services.free_port()
    environment = {**os.environ, **ours, "DATABASE_URL": database_url(), "PORT": str(port)}
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "deploy.asgi:application",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--timeout-keep-alive",  # a client that prepares hundreds of documents comes back to its connection
        "120",
        *([] if access_log else ["--no-access-log"]),  # as deploy.run and the services of deploy/README.md
    ]
    level = "warning" if output is None else "debug"
    process = subprocess.Popen(
        [*command, "--log-level", level], env=environment, cwd=settings.ROOT, stdout=output, stderr=output
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(15)


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a small server of a test's own, which answers as `handler` does."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    """Until the server answers with success. Raises RuntimeError: it ended, or a minute has gone."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError("the server did not start")
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise RuntimeError("the server does not answer")
