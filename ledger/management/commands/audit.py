"""`manage.py audit verify`: check the whole log, print JSON, exit 1 with the first broken entry (contract.md).

`--roots FILE`: a copy of the roots kept apart (default: settings.LEDGER_ROOTS); `--since DAY` or `--since last` goes on
from that day's root, which an earlier run has checked.

The log is also held against what others keep by themselves: settings.LEDGER_WITNESSES names callables that return
JSON-ready facts with "ok" (the signer's journal, decision 8); this leaf room does not know who they are.
"""

import json
import sys
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from ledger import apart, clock
from ledger.models import DailyRoot, Verification
from ledger.verify import verify


class Command(BaseCommand):
    help = "Check the audit log: every entry, every chain, every daily root."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        check = actions.add_parser("verify", help="print JSON; exit 1 names the first broken entry")
        check.add_argument("--key", type=Path, help="the log's public key (PEM), kept outside the database")
        check.add_argument(
            "--roots", type=Path, help="a file of roots kept apart, or a copy of it from elsewhere"
        )
        check.add_argument("--since", default="", help="go on from this day's root: YYYY-MM-DD or `last`")

    def handle(self, *args: Any, **options: Any) -> None:
        key: Path | None = options["key"]
        report = verify(
            key.read_text(encoding="ascii") if key else "",
            kept=_kept(options["roots"]),
            since=_since(options["since"]),
        )
        witnesses = {name: import_string(path)() for name, path in settings.LEDGER_WITNESSES.items()}
        is_sound = report.ok and all(facts["ok"] for facts in witnesses.values())
        facts = {**report.as_json(), "witnesses": witnesses, "ok": is_sound}
        broken = (
            report.as_json()["broken"] or [name for name, told in witnesses.items() if not told["ok"]] or None
        )
        Verification.objects.create(
            at=clock.now(), is_sound=is_sound, entries=report.entries, roots=report.roots, broken=broken
        )
        self.stdout.write(json.dumps(facts, ensure_ascii=False, indent=2))
        if not is_sound:
            sys.exit(1)


def _kept(given: Path | None) -> list[apart.KeptRoot]:
    """A file that was named must be there and hold roots: an empty one would prove nothing."""
    kept = apart.read(given or settings.LEDGER_ROOTS / apart.NAME)
    if given is not None and not kept:
        raise CommandError(f"{given} holds no roots.")
    return kept


def _since(text: str) -> date | None:
    if not text:
        return None
    try:
        days = DailyRoot.objects.order_by("day").values_list("day", flat=True)
        found = days.last() if text == "last" else days.filter(day=date.fromisoformat(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise CommandError(f"There is no root of {text}.")
    return found
