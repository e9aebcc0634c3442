"""Does what belongs together still fit? Certificates with wrapped keys, rows with stored files (contract.md),
signatures with the signer's own journal (decision 8) where this user may read it; and lists, answers and responders
with the certificates that they are about.

A restored backup is the usual reason to ask. A model says which of its columns name stored files by `STORED_FILES`:
pairs of (name's field, field with the SHA-256 of the clear bytes).
"""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Q

from ledger import clock
from signing import certificates, flow
from signing.issuing import state
from signing.models import ActivationItem, Credential
from signing.signer import client
from vault import files

_BATCH = 100
_LINES = 1000
_LINE = re.compile(r"^([0-9a-f]{32}) ([0-9a-f]{64,128})$", re.MULTILINE)
_OPEN_FOR = timedelta(minutes=1)


class Mismatch(NamedTuple):
    """`what` is a stable code, `subject` a public id or a file's name."""

    what: str
    subject: str


class Report(NamedTuple):
    """`journal` counts its lines; None where it cannot be read (in production it belongs to the signer's user)."""

    credentials: int
    files: int
    journal: int | None
    mismatches: list[Mismatch]

    def as_json(self) -> dict[str, Any]:
        found = [mismatch._asdict() for mismatch in self.mismatches]
        return {
            "ok": not found,
            "credentials": self.credentials,
            "files": self.files,
            "journal": self.journal,
            "mismatches": found,
        }


def compare() -> Report:
    """Reads everything, changes nothing. SignerUnavailable or OutcomeUnknown when the signer does not answer."""
    mismatches: list[Mismatch] = []
    credentials = 0
    batch: list[Credential] = []
    living = Q(state__in=(flow.Credential.ACTIVE, flow.Credential.SUSPENDED))
    for credential in Credential.objects.filter(living | Q(certificate__isnull=False)).iterator(_BATCH):
        credentials += 1
        batch.append(credential)
        if len(batch) == _BATCH:
            mismatches += _keys(batch)
            batch = []
    mismatches += _keys(batch)
    count, found = _files()
    lines, astray = _journal(settings.HOME / "signer" / "journal")
    status = [Mismatch(*fault) for fault in state.faults(clock.now())]
    return Report(credentials, count, lines, mismatches + found + astray + status)


def journal_witness() -> dict[str, Any]:
    """The signer's own journal beside our rows, for `audit verify`; `lines` is None where it cannot be read."""
    lines, astray = _journal(settings.HOME / "signer" / "journal")
    return {"ok": not astray, "lines": lines, "mismatches": [mismatch._asdict() for mismatch in astray]}


def _keys(batch: Sequence[Credential]) -> list[Mismatch]:
    found, complete = [], []
    for credential in batch:
        if credential.certificate is None or credential.wrapped_key is None:
            found.append(Mismatch("certificate_or_key_missing", str(credential.public_id)))
        else:
            complete.append(credential)
    if not complete:
        return found
    until = clock.now() + _OPEN_FOR
    opened = client.signers().open([(bytes(row.wrapped_key or b""), until) for row in complete])
    handles = [answer.handle for answer in opened if isinstance(answer, client.Opened)]
    if handles:
        client.signers().close(handles)
    for credential, answer in zip(complete, opened, strict=True):
        what = _fault(credential, answer)
        if what:
            found.append(Mismatch(what, str(credential.public_id)))
    return found


def _fault(credential: Credential, answer: client.Opened | client.NotOpened) -> str:
    if isinstance(answer, client.NotOpened):
        return f"key_{answer.reason}"
    try:
        read = certificates.read(bytes(credential.certificate or b""))
    except certificates.Malformed:
        return "certificate_malformed"
    if read.public_key != answer.public_key:
        return "key_is_not_the_certificates"
    return "" if read.serial == credential.serial else "serial_differs"


def _named() -> Iterator[tuple[str, bytes]]:
    """(file's name, SHA-256) of every row of every model that stores files."""
    for model in apps.get_models():
        for name, digest in _stored(model):
            for row in model._default_manager.values_list(name, digest).iterator():
                yield row[0], bytes(row[1])


def _stored(model: type[models.Model]) -> tuple[tuple[str, str], ...]:
    return getattr(model, "STORED_FILES", ())


def _files() -> tuple[int, list[Mismatch]]:
    """Names are listed before rows are read, so that an upload at this moment is not taken for a leftover."""
    unclaimed = set(files.names())
    found, count = [], 0
    for name, digest in _named():
        count += 1
        unclaimed.discard(name)
        try:
            if sha256(files.read(name)).digest() != digest:
                found.append(Mismatch("file_is_another", name))
        except files.FileMissing:
            found.append(Mismatch("file_missing", name))
        except files.FileDamaged:
            found.append(Mismatch("file_damaged", name))
    return count, found + [Mismatch("file_without_row", name) for name in sorted(unclaimed)]


def _journal(path: Path) -> tuple[int | None, list[Mismatch]]:
    """Each line must have its item, signed, in flight or failed, with the same digest; each signed item its line."""
    rows = ActivationItem.objects.filter(state=flow.Item.SIGNED)
    # Rows first: what is signed from now on has its line before its row.
    unheard = {public_id.hex for public_id in rows.values_list("public_id", flat=True).iterator()}
    try:
        lines = _LINE.findall(path.read_text("ascii", errors="replace"))  # a line cut by a crash is no line
    except OSError:
        return None, []
    found = []
    for start in range(0, len(lines), _LINES):
        batch = dict(lines[start : start + _LINES])
        unheard -= batch.keys()
        found += _astray(batch)
    return len(lines), found + [Mismatch("signature_not_in_journal", item) for item in sorted(unheard)]


def _astray(batch: dict[str, str]) -> list[Mismatch]:
    """Signatures the signer made that the database does not know: made around the product, or lost with a backup."""
    states = (flow.Item.SIGNED, flow.Item.RESERVED, flow.Item.FAILED)
    items = ActivationItem.objects.filter(public_id__in=batch, state__in=states)
    known = {
        public_id.hex: bytes(digest).hex() for public_id, digest in items.values_list("public_id", "digest")
    }
    return [Mismatch("signature_without_item", item) for item in batch if known.get(item) != batch[item]]
