"""The worklist as CSV: receipt number, authority, state, age, deadline, and nothing about a person (RV-3)."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from enrollment.desk.words import STATES
from enrollment.desk.worklist.queue import age_mark, answer_due
from enrollment.flow import State
from enrollment.models import Application

MOST_ROWS = 10_000
BOM = "\ufeff"  # without it Excel reads Japanese as Shift_JIS
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(value: object) -> str:
    """A spreadsheet must not compute what stands here: what begins like a formula gets an apostrophe (OWASP)."""
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def as_csv(rows: Iterable[Application], at: datetime) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(
        [
            _("受付番号"),
            _("認証局"),
            _("状態"),
            _("提出の回数"),
            _("経過日数"),
            _("回答の目安"),
            _("修正の期限"),
        ]
    )
    for row in rows:
        due = answer_due(row)
        cells = [
            row.receipt_number or "",
            row.get_authority_display(),
            STATES[State(row.state)].title,
            row.round,
            age_mark(row, at)[0],
            due.isoformat() if due else "",
            row.return_day.isoformat() if row.state == State.RETURNED and row.return_day else "",
        ]
        writer.writerow([cell(one) for one in cells])
    return (BOM + out.getvalue()).encode()
