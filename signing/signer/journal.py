"""What this process has signed: one line `item digest` (hexadecimal), synced before any reply leaves (decision 8).

Append-only and the signer's own: `audit verify` compares it with the ledger. In memory stand only the recent items,
far more than can be open at once (a SAD lives 300 s).
"""

import os
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

REMEMBERED = 400_000
_LINE = 32 + 1 + 128 + 1  # longest line: item, blank, SHA-512, newline


class Entry(NamedTuple):
    item: bytes
    digest: bytes


def _append(descriptor: int, lines: Sequence[str]) -> None:
    waiting = "".join(lines).encode()
    while waiting:
        waiting = waiting[os.write(descriptor, waiting) :]
    os.fdatasync(descriptor)  # the size too, which is all that an appended file needs


class IssuedLog:
    """What the authorities' instance signed: one line `key-name sha256-of-the-signed-bytes`, synced before the reply.

    The witness that an order never had two certificates: the lines are compared with the database (`reconcile`).
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, issued: Sequence[tuple[str, bytes]]) -> None:
        """(key name, SHA-256 of the signed bytes). OSError means that no reply may leave."""
        _append(self._descriptor, [f"{name} {digest.hex()}\n" for name, digest in issued])


class Journal:
    """Owned by one thread of one process."""

    def __init__(self, path: Path, remembered: int = REMEMBERED) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._remembered = remembered
        self._order: deque[bytes] = deque()
        self._seen: set[bytes] = set()
        self._read_back()

    def __contains__(self, item: bytes) -> bool:
        return item in self._seen

    def remember(self, item: bytes) -> None:
        """From now on the item is refused, before its line is written."""
        self._seen.add(item)
        self._order.append(item)
        while len(self._order) > self._remembered:
            self._seen.discard(self._order.popleft())

    def write(self, entries: Sequence[Entry]) -> None:
        """Append and sync. OSError means that no reply may leave: the process ends."""
        _append(self._descriptor, [f"{entry.item.hex()} {entry.digest.hex()}\n" for entry in entries])

    def close(self) -> None:
        os.close(self._descriptor)

    def _read_back(self) -> None:
        size = os.fstat(self._descriptor).st_size
        start = max(0, size - self._remembered * _LINE)
        tail = os.pread(self._descriptor, size - start, start)
        if tail and not tail.endswith(b"\n"):
            os.write(self._descriptor, b"\n")  # a line cut by a crash: its signature never left
        for line in tail.split(b"\n")[1 if start else 0 :]:
            item = _item(line)
            if item is not None:
                self.remember(item)


def _item(line: bytes) -> bytes | None:
    try:
        return bytes.fromhex(line[:32].decode("ascii")) if line[32:33] == b" " else None
    except ValueError:
        return None
