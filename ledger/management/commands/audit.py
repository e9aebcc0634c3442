"""`manage.py audit verify`: check the whole log, print JSON, exit 1 with the first broken entry (contract.md).

The log is also held against what others keep by themselves: settings.LEDGER_WITNESSES names callables that return
JSON-ready facts with "ok" (the signer's journal, decision 8); this leaf room does not know who they are.
"""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string

from ledger.verify import verify


class Command(BaseCommand):
    help = "Check the audit log: every entry, every chain, every daily root."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        check = actions.add_parser("verify", help="print JSON; exit 1 names the first broken entry")
        check.add_argument("--key", type=Path, help="the log's public key (PEM), kept outside the database")

    def handle(self, *args: Any, **options: Any) -> None:
        key: Path | None = options["key"]
        report = verify(key.read_text(encoding="ascii") if key else "")
        witnesses = {name: import_string(path)() for name, path in settings.LEDGER_WITNESSES.items()}
        is_sound = report.ok and all(facts["ok"] for facts in witnesses.values())
        facts = {**report.as_json(), "witnesses": witnesses, "ok": is_sound}
        self.stdout.write(json.dumps(facts, ensure_ascii=False, indent=2))
        if not is_sound:
            sys.exit(1)
