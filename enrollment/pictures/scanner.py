"""A clamd is asked about a file's bytes, where an operator has one (INKAN_CLAMD). Our own client of its socket.

clamd(8): a command begins with `z` and ends with a zero byte, as does the answer; INSTREAM is followed by chunks, each
after its length in four bytes, and by a length of zero. Nothing is stored, and the file's name is not told.
"""

import ipaddress
import re
import socket
import struct
import time
from contextlib import suppress
from pathlib import PurePosixPath
from typing import NamedTuple

CONNECT_SECONDS = PING_SECONDS = 2.0
SCAN_SECONDS = 20.0  # 4 MB take a tenth of a second; a clamd that reloads its signatures needs longer
CHUNK = 256 * 1024
MOST_ANSWER = 4_096
MOST_UNIX_PATH = 107  # sockaddr_un
HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
FOUND = re.compile(r"stream: (.{1,200}) FOUND")


class Infected(ValueError):
    """The scanner knows this file; `signature` is its name for it, in plain letters."""

    def __init__(self, signature: str) -> None:
        self.signature = signature
        super().__init__(signature)


class ScannerUnavailable(RuntimeError):
    """No verdict: nobody answers, or not in time, or not as clamd does. It says nothing about the file."""


class Address(NamedTuple):
    """A UNIX socket's path, or a host and a port."""

    path: str
    host: str = ""
    port: int = 0


def read_address(text: str) -> Address:
    """`/run/clamav/clamd.ctl`, `unix:/run/…`, `host:3310` or `[::1]:3310`; ValueError says what is wrong."""
    path = text.removeprefix("unix:")
    if path.startswith("/"):
        if len(path.encode()) > MOST_UNIX_PATH or "\0" in path or PurePosixPath(path).name == "":
            raise ValueError(f"a socket's path has at most {MOST_UNIX_PATH} bytes")
        return Address(path)
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise ValueError("must be the absolute path of clamd's socket, or host:port")
    if host.startswith("[") and host.endswith("]"):
        return Address("", str(ipaddress.IPv6Address(host[1:-1])), int(port))
    if not HOST.fullmatch(host):
        raise ValueError("must be the absolute path of clamd's socket, or host:port")
    return Address("", host, int(port))


def scan(data: bytes, address: str) -> str:
    """ "clean", or "" where no scanner is configured; raises `Infected` or `ScannerUnavailable` within 22 seconds."""
    if not address:
        return ""
    answer = _asked(address, b"zINSTREAM\0", data, SCAN_SECONDS)
    if answer == "stream: OK":
        return "clean"
    found = FOUND.fullmatch(answer)
    if found:
        raise Infected(re.sub(r"[^A-Za-z0-9._:/-]", "?", found[1]))
    raise ScannerUnavailable(f"clamd says {answer[:200]!r}")


def ping(address: str) -> None:
    """Raises `ScannerUnavailable` where the configured scanner does not answer within four seconds."""
    if _asked(address, b"zPING\0", None, PING_SECONDS) != "PONG":
        raise ScannerUnavailable("not clamd")


def _asked(address: str, command: bytes, data: bytes | None, seconds: float) -> str:
    until = time.monotonic() + seconds
    try:
        with _connected(read_address(address)) as connection:
            _limit(connection, until)
            connection.sendall(command)
            # where clamd has its verdict before the end, it answers and closes: then the answer counts
            with suppress(BrokenPipeError, ConnectionResetError):
                _stream(connection, data, until)
            return _answer(connection, until)
    except (OSError, ValueError) as problem:
        raise ScannerUnavailable(f"{type(problem).__name__}: {problem}") from problem


def _connected(address: Address) -> socket.socket:
    if not address.path:
        return socket.create_connection((address.host, address.port), timeout=CONNECT_SECONDS)
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(CONNECT_SECONDS)
        connection.connect(address.path)
    except BaseException:
        connection.close()
        raise
    return connection


def _limit(connection: socket.socket, until: float) -> None:
    """The time that is left; a slow trickle does not begin it anew."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("no verdict in time")
    connection.settimeout(left)


def _stream(connection: socket.socket, data: bytes | None, until: float) -> None:
    if data is None:
        return
    view = memoryview(data)
    for at in range(0, len(view), CHUNK):
        part = view[at : at + CHUNK]
        _limit(connection, until)
        connection.sendall(struct.pack("!I", len(part)))
        connection.sendall(part)
    connection.sendall(bytes(4))


def _answer(connection: socket.socket, until: float) -> str:
    """Up to the zero byte or the end; ValueError where it is longer than any answer of clamd's."""
    heard = bytearray()
    while b"\0" not in heard:
        _limit(connection, until)
        part = connection.recv(MOST_ANSWER)
        heard += part
        if len(heard) > MOST_ANSWER:
            raise ValueError("an answer without end")
        if not part:
            break
    return bytes(heard).partition(b"\0")[0].decode("ascii", "replace").strip()
