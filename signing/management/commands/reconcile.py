"""`manage.py reconcile`: JSON of what does not match; exit 1 where something does not (contract.md)."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand

from signing import reconciliation
from signing.signer.client import OutcomeUnknown, SignerUnavailable


class Command(BaseCommand):
    help = "Compares certificates with wrapped keys and rows with stored files."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = reconciliation.compare().as_json()
        except (SignerUnavailable, OutcomeUnknown) as problem:
            report = {"ok": False, "problem": f"the signer does not answer: {problem}"}
        self.stdout.write(json.dumps(report, indent=2))
        if not report["ok"]:
            sys.exit(1)
