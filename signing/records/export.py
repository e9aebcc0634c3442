"""The signer's records as files: CSV for a spreadsheet, JSON for programs; made line by line, whatever their number."""

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from ledger.canonical import timestamp
from ledger.clock import JST
from signing.models import SignatureRecord
from signing.records import words

BOM = "\ufeff"  # without it Excel reads UTF-8 as Shift_JIS
# OWASP "CSV Injection"; Japanese spreadsheets take the full-width signs for the same.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class _Line:
    """csv writes to a file; this one hands the line back."""

    def write(self, text: str) -> str:
        return text


def as_csv(
    rows: Iterable[SignatureRecord], heads: Iterable[str], said: dict[str, str], hidden: str = ""
) -> Iterator[bytes]:
    """RFC 4180 with a BOM; a first letter that would make a formula gets an apostrophe before it.

    `heads`: a word for each column of `_columns`; `said`: words for codes of means and result; `hidden`: what stands in
    place of every label, where this reader sees none.
    """
    writer = csv.writer(_Line(), quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    yield BOM.encode() + _written(writer.writerow([harmless(head) for head in heads]))
    for row in rows:
        yield _written(writer.writerow([harmless(said.get(text, text)) for text in _columns(row, hidden)]))


def as_json(rows: Iterable[SignatureRecord], at: datetime, with_labels: bool = True) -> Iterator[bytes]:
    """`{"made_at": …, "signatures": [{…}, …]}`, times in UTC; a label that this reader does not see is null."""
    yield f'{{"made_at": "{timestamp(at)}", "signatures": ['.encode()
    between = "\n"
    for row in rows:
        content = {"signed_at": timestamp(row.made_at), **words.of(row, with_labels)._asdict()}
        yield (between + json.dumps(content, ensure_ascii=False)).encode(errors="replace")
        between = ",\n"
    yield b"\n]}\n"


def harmless(text: str) -> str:
    """Text that no spreadsheet computes and that stays in its cell."""
    shown = text.replace("\0", "")
    return (
        f"'{shown}" if shown.lstrip(" \u3000").startswith(_FORMULA) or shown.startswith(_FORMULA) else shown
    )


def _columns(row: SignatureRecord, hidden: str) -> list[str]:
    record = words.of(row, not hidden)
    local = row.made_at.astimezone(JST).strftime("%Y-%m-%d %H:%M:%S")
    return [
        local, record.facility, record.system, record.label or hidden, record.result, record.means, record.digest,
        record.algorithm, record.serial, record.entry, record.public_id,
    ]  # fmt: skip


def _written(line: object) -> bytes:
    return str(line).encode(errors="replace")
