"""`manage.py audit verify`: check the whole log, print JSON, exit 1 with the first broken entry (contract.md)."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

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
        self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
        if not report.ok:
            sys.exit(1)
