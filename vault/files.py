"""Encrypted files under settings.STORAGE_ROOT: random names, each sealed whole, never overwritten.

A file is complete or absent: it is written under a temporary name, synced, then renamed. The caller saves the
file first and its row last, so a crash leaves at worst a file without a row, which `names` lists.
"""

import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings

from vault import keyring

_PURPOSE = "vault.files"
_NAME = re.compile(r"[0-9a-f]{32}")
_INCOMING = "incoming"


class FileMissing(Exception):
    """There is no file of this name."""


class FileDamaged(Exception):
    """The file is there, but its bytes are not the ones that were saved."""


def save(data: bytes) -> str:
    """Store the bytes durably and return their name: 32 hex characters. OSError when the disk refuses."""
    name = secrets.token_hex(16)
    path = _path(name)
    incoming = settings.STORAGE_ROOT / _INCOMING
    for folder in (incoming, path.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=incoming)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(keyring.web().seal(_PURPOSE, data, aad=name.encode()))
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync(path.parent)
    return name


def read(name: str) -> bytes:
    """The bytes that were saved; raises FileMissing or FileDamaged."""
    try:
        blob = _path(name).read_bytes()
    except FileNotFoundError:
        raise FileMissing(name) from None
    try:
        return keyring.web().open(_PURPOSE, blob, aad=name.encode())
    except keyring.CannotOpen:
        raise FileDamaged(name) from None


def erase(name: str) -> None:
    """Remove the file; one that is gone already is no error, so an erasure can be repeated."""
    path = _path(name)
    path.unlink(missing_ok=True)
    if path.parent.exists():
        _sync(path.parent)


def names() -> Iterator[str]:
    """Every stored name, for comparing rows with files (`manage.py reconcile`)."""
    for path in sorted(settings.STORAGE_ROOT.glob("??/*")):
        if _NAME.fullmatch(path.name):
            yield path.name


def names_before(moment: datetime) -> Iterator[str]:
    """Stored names whose file was complete before this moment of the product's time."""
    for name in names():
        if _is_older(_path(name), moment):
            yield name


def clear_leftovers(before: datetime) -> int:
    """Remove half-written files last touched before this moment (a crash between write and rename)."""
    cleared = 0
    for path in (settings.STORAGE_ROOT / _INCOMING).glob("*"):
        if _is_older(path, before):
            path.unlink(missing_ok=True)
            cleared += 1
    return cleared


def _is_older(path: Path, moment: datetime) -> bool:
    """Files bear the machine's time, moments are the product's (decision 14); a file that is gone is no older."""
    try:
        touched = path.stat().st_mtime
    except FileNotFoundError:
        return False
    return touched < (moment - settings.CLOCK_OFFSET).timestamp()


def _path(name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise FileMissing(name)  # a name we never gave cannot leave the folder
    root: Path = settings.STORAGE_ROOT
    return root / name[:2] / name


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
