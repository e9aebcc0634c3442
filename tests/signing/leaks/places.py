"""Where a secret could be left behind while the product runs, and whether it was.

Each place is as talkative as it can be made: PostgreSQL logs every statement with its parameters, Redis tells every
command that it gets, the server and both signers write down all that they log. Of the database every value is read.
"""

import base64
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.db import connection

from tests.support import services
from tests.support.signers import SignerProcesses

_TEXT = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")


def written(secret: str) -> list[bytes]:
    """A secret and the ways in which it could be written without its being noticed."""
    raw = secret.encode()
    encoded = base64.b64encode(raw).rstrip(b"=")
    return [raw, raw.hex().encode(), encoded, json.dumps(secret).strip('"').encode()]


def unfolded(content: bytes) -> bytes:
    """With what stands in it as base64, as the bodies of Celery's messages do."""
    parts = [content]
    for run in _TEXT.findall(content):
        text = run.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        parts.append(base64.b64decode(text[: len(text) // 4 * 4]))
    return b"\n".join(parts)


class Redis:
    """Everything that is sent to this run's Redis while the context lives (MONITOR)."""

    def __init__(self) -> None:
        self.heard = b""

    def __enter__(self) -> Self:
        self._raw = socket.create_connection(("127.0.0.1", services.redis().port))
        self._raw.sendall(b"MONITOR\r\n")
        assert self._raw.recv(5) == b"+OK\r\n"
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        with socket.create_connection(("127.0.0.1", services.redis().port)) as somebody:
            somebody.sendall(b"ECHO somebody\r\n")
            somebody.recv(64)
        return self

    def _listen(self) -> None:
        while part := self._raw.recv(1 << 16):
            self.heard += part

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._raw.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._raw.close()


@contextmanager
def talkative_database() -> Iterator[None]:
    """Connections that are opened inside write every statement with its parameters into the server's log."""
    name = connection.ops.quote_name(str(connection.settings_dict["NAME"]))
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} SET log_statement = 'all'")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER DATABASE {name} RESET log_statement")


class Places:
    """Use as a context manager around what is to be searched; server's and worker's logs are for their output."""

    def __init__(self, folder: Path, signers: SignerProcesses) -> None:
        self.server_log, self.worker_log = folder / "server.log", folder / "worker.log"
        self._signers_log = folder / "signers.log"
        self._signers, self._redis = signers, Redis()
        self._sql = services.postgresql().data / "log"

    @property
    def environment(self) -> dict[str, Any]:
        """Settings of a server that speaks to the Redis that is listened to, and whose origin phones know."""
        redis = services.redis().url
        return {
            "BROKER_URL": redis,
            "REDIS_URL": redis,
            "INKAN_ORIGIN": settings.ORIGIN,
            "PYTHONUNBUFFERED": "1",
        }

    def __enter__(self) -> Self:
        self._begin = self._sql.stat().st_size
        self._output = self._signers_log.open("wb")
        self._restart_signers()
        self._talkative = talkative_database()
        self._talkative.__enter__()
        self._redis.__enter__()
        return self

    def __exit__(self, *problem: Any) -> None:
        self._redis.__exit__(*problem)
        self._talkative.__exit__(*problem)
        self._signers.output = None
        self._output.close()
        self._restart_signers(None)

    def _restart_signers(self, output: Any = ...) -> None:
        self._signers.output = self._output if output is ... else output
        self._signers.stop()
        self._signers.revive()

    def contents(self) -> dict[str, bytes]:
        """By place. Each has something in it, else there would be nothing to search."""
        logs = {"the server's log": self.server_log, "the worker's log": self.worker_log}
        found = {
            **{place: path.read_bytes() for place, path in logs.items() if path.exists()},
            "the signers' log": self._signers_log.read_bytes(),
            "PostgreSQL's log": self._sql.read_bytes()[self._begin :],
            "Redis": unfolded(self._redis.heard),
            "the journal": (settings.HOME / "signer" / "journal").read_bytes(),
        }
        assert all(found.values()), [place for place, content in found.items() if not content]
        files = [path for path in settings.BROKER_FOLDER.rglob("*") if path.is_file()]
        found["the broker's files"] = b"\n".join(unfolded(path.read_bytes()) for path in files)
        return {**found, **tables()}

    def finding(self, secrets: list[str], *others: bytes) -> dict[str, set[str]]:
        """Which secrets stand where; `others` is told beside, as what answers said. Nothing where nothing leaked."""
        places = {**self.contents(), "an answer": b"\n".join(others)}
        leaks: dict[str, set[str]] = {}
        for secret in secrets:
            where = {
                place for place, content in places.items() if any(form in content for form in written(secret))
            }
            if where:
                leaks[secret] = where
        return leaks


def tables() -> dict[str, bytes]:
    """Every value of every row by table, as text or bytes."""
    found: dict[str, bytes] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            values = [value for row in cursor.fetchall() for value in row]
            found[table] = b"\n".join(_value(value) for value in values)
    return found


def _value(value: Any) -> bytes:
    if isinstance(value, memoryview | bytes):
        return bytes(value)
    return json.dumps(value, default=str, ensure_ascii=False).encode()
