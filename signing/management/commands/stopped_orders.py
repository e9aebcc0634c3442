"""`manage.py stopped_orders`: orders whose certificate was not signed because something is wrong with it, as JSON.

`--retry ID` lets one run again, with a new key, once the cause is gone; exit 1 where there is none to retry.
"""

import json
import sys
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandParser

from ledger import clock
from ledger.log import Actor
from signing import flow, issuance
from signing.models import IssuanceIntent

OPERATOR = Actor("system", "stopped_orders")  # whoever may run commands on the host


class Command(BaseCommand):
    help = "Lists the orders that are stopped, and lets one of them run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--retry", type=UUID, metavar="ID", help="public id of the credential")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["retry"] is not None:
            self._retry(str(options["retry"]))
            return
        rows = IssuanceIntent.objects.filter(state=flow.Issuance.STOPPED).select_related("credential")
        found = [
            {
                "credential": str(row.credential.public_id),
                "authority": row.credential.authority,
                "stopped_at": row.stopped_at.isoformat() if row.stopped_at else None,
                "because": row.stopped_because.splitlines(),
            }
            for row in rows.order_by("stopped_at")
        ]
        self.stdout.write(json.dumps(found, indent=2))

    def _retry(self, subject: str) -> None:
        known = IssuanceIntent.objects.filter(credential__public_id=subject).exists()
        if not known or not issuance.retry(subject, OPERATOR, clock.now()):
            self.stderr.write(f"no stopped order of credential {subject}")
            sys.exit(1)
