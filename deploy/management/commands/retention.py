"""`manage.py retention`: erase what is due, as the clock does; `--dry-run` prints what would go and changes nothing."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from deploy import retention
from ledger import clock, erasure

COUNTED = 1_000_000  # more is not counted


class Command(BaseCommand):
    help = "Erase what the timetable says; with --dry-run only print what would go."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="print what would go, change nothing")
        parser.add_argument("--at", default="", help="with --dry-run: by then, e.g. 2027-01-01T00:00+09:00")
        parser.add_argument("--table", action="store_true", help="print the timetable for people")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["table"]:
            self.stdout.write(retention.table())
            return
        if options["at"] and not options["dry_run"]:
            raise CommandError("--at looks ahead; it goes with --dry-run only.")
        at = _moment(options["at"])
        failed = False
        for rule in retention.TIMETABLE:
            if options["dry_run"]:
                self.stdout.write(f"{len(rule.due(at, COUNTED)):>8}  {rule.name}: {rule.what}")
                continue
            outcome = erasure.carry_out(rule, at)
            failed = failed or bool(outcome.failed)
            self.stdout.write(
                f"{outcome.erased:>8}  {rule.name}{f', {outcome.failed} left' if outcome.failed else ''}"
            )
        if failed:
            raise SystemExit(1)


def _moment(text: str) -> datetime:
    if not text:
        return clock.now()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError("--at wants a moment such as 2027-01-01T00:00+09:00.") from None
    return found if found.tzinfo else found.replace(tzinfo=clock.JST)
