"""Each day's signed root once more, where whoever rewrites the database does not reach (issue 4, point 11).

A file of JSON lines that only ever grows; the clock appends a line per closed day, and `audit verify` compares every
line with the rows. Its folder belongs on a disk that the database's server does not write; copies of it on other
machines are compared by `audit verify --roots FILE`. A kept line is never changed or written anew from the database.
"""

import base64
import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

from ledger.models import DailyRoot

NAME = "roots.jsonl"


class RootsDiffer(RuntimeError):
    """The database says something else of a day than the line that was kept of it."""


class KeptRoot(NamedTuple):
    """One day's root as it was when it was closed."""

    day: date
    statement: str
    signature: bytes
    key_pem: str

    def is_of(self, row: DailyRoot) -> bool:
        return (self.statement, self.signature) == (row.statement, bytes(row.signature))

    def as_line(self) -> bytes:
        content = {
            "day": self.day.isoformat(),
            "statement": self.statement,
            "signature": base64.b64encode(self.signature).decode(),
            "key": self.key_pem,
        }
        return json.dumps(content, ensure_ascii=False).encode() + b"\n"


def kept_root(row: DailyRoot) -> KeptRoot:
    return KeptRoot(row.day, row.statement, bytes(row.signature), row.key_pem)


def read(path: Path) -> list[KeptRoot]:
    """The lines of a kept file; none where there is no file. A line that a crash left half written is skipped:
    its day has a whole one behind it."""
    if not path.exists():
        return []
    found = (_kept(line) for line in path.read_bytes().split(b"\n"))
    return [kept for kept in found if kept is not None]


def keep(folder: Path) -> list[DailyRoot]:
    """Append every root that is younger than the newest kept one, on the disk before we return; which ones.

    Idempotent. Raises RootsDiffer when a kept day's row was changed or removed: then nothing is written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(folder / NAME) as handle:
        kept = read(folder / NAME)
        rows = list(DailyRoot.objects.order_by("day"))
        odd = first_difference(kept, rows)
        if odd is not None:
            raise RootsDiffer(odd.isoformat())
        newest = kept[-1].day if kept else date.min
        missing = [row for row in rows if row.day > newest]
        if missing:
            whole = b"".join(kept_root(row).as_line() for row in missing)
            os.write(handle, (b"" if _ends_with_a_line(folder / NAME) else b"\n") + whole)
            os.fsync(handle)
    return missing


def first_difference(kept: Sequence[KeptRoot], rows: Sequence[DailyRoot]) -> date | None:
    """The first kept day whose row is not the same any more, or is gone."""
    there = {row.day: row for row in rows}
    return next((one.day for one in kept if one.day not in there or not one.is_of(there[one.day])), None)


def not_kept(folder: Path) -> int:
    """How many closed days the file does not know."""
    days = {one.day for one in read(folder / NAME)}
    return len(set(DailyRoot.objects.values_list("day", flat=True)) - days)


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # two workers append in turn
        yield handle
    finally:
        os.close(handle)


def _ends_with_a_line(path: Path) -> bool:
    content = path.read_bytes()
    return not content or content.endswith(b"\n")


def _kept(line: bytes) -> KeptRoot | None:
    try:
        found = json.loads(line)
        day = date.fromisoformat(found["day"])
        return KeptRoot(day, found["statement"], base64.b64decode(found["signature"]), found["key"])
    except (ValueError, KeyError, TypeError):
        return None
