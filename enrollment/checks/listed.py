"""What the case screen shows of the checks: every one of them, whatever has become of it (RV-5)."""

from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from enrollment.checks.asking import Check as Row
from enrollment.checks.table import CHECKS
from enrollment.flow import CHECK_OPEN, Check
from enrollment.models import Application, CheckRun, Finding


class Listed(NamedTuple):
    """One line. `state`: waiting, running, again, and of a finding pass, notice, fail, error.

    `sentence` is what was found or why it could not be done yet; while a check is done again the former finding stays.
    `line` is the slug of the checklist's line that it belongs to, "" for none. `again_at`, `attempt`: the next try.
    """

    name: str
    title: str
    line: str
    state: str
    sentence: str
    found_at: datetime | None
    again_at: datetime | None
    attempt: int
    may_ask: bool  # whether it can be asked again now


def listed(application: Application) -> list[Listed]:
    """The checks of the newest round in the order of the table."""
    mine = {"application": application, "round": application.round}
    runs = {run.check_name: run for run in CheckRun.objects.filter(**mine)}
    findings = {row.check_name: row for row in Finding.objects.filter(**mine)}
    shown = [_one(row, runs.get(row.name), findings.get(row.name)) for row in CHECKS.values()]
    former = [row for name, row in findings.items() if name not in CHECKS]  # of an earlier release
    return shown + [
        Listed(row.check_name, row.check_name, "", row.outcome, row.sentence, row.found_at, None, 0, False)
        for row in former
    ]


def _one(row: Row, run: CheckRun | None, finding: Finding | None) -> Listed:
    is_open = run is not None and run.state in CHECK_OPEN
    sentence = finding.sentence if finding else ""
    if run is not None and run.reason:
        sentence = _(run.reason)
    state = finding.outcome if finding else Check.WAITING.value
    if run is not None and is_open:
        state = run.state
    again = state == Check.AGAIN
    return Listed(
        row.name,
        _(row.title),
        row.line,
        state,
        sentence,
        finding.found_at if finding else None,
        run.due_at if run and again else None,
        run.attempts + 1 if run and again else 0,
        not is_open or again,
    )
