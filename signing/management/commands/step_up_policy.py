"""When a signer must approve by an act of their own: `manage.py step_up_policy list`, `set`, `remove`.

`set --client EHR --facility 1312345678 --above 50 --new-callers --no-narcotics` sets one row whole; what is not named
is any system, any facility, never by number, no, yes. `list` prints JSON, and `default` is what the settings say.
"""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger import clock
from ledger.log import Actor
from signing.authorising import policy_rows
from signing.authorising.policy_rows import Policy
from signing.errors import Refused

OPERATOR = Actor("system", "step_up_policy")  # whoever may run commands on the host


class Command(BaseCommand):
    help = "Lists, sets and removes the rows of the step-up policy"

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        acts.add_parser("list")
        setting, removing = acts.add_parser("set"), acts.add_parser("remove")
        for each in (setting, removing):
            each.add_argument("--client", default="", metavar="ID", help="client_id; left out: all systems")
            each.add_argument("--facility", default="", metavar="CODE", help="left out: all facilities")
        setting.add_argument("--above", type=int, default=0, help="hashes; 0: never by their number")
        setting.add_argument("--new-callers", action="store_true")
        setting.add_argument("--no-narcotics", dest="narcotics", action="store_false")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["act"] == "set":
                wanted = Policy(options["above"], options["new_callers"], options["narcotics"])
                client, facility = options["client"], options["facility"]
                policy_rows.put(client, facility, wanted, at=clock.now(), actor=OPERATOR)
            elif options["act"] == "remove":
                policy_rows.remove(options["client"], options["facility"], actor=OPERATOR)
        except Refused as refused:
            raise CommandError(refused.code) from None
        rows = [
            {
                "client": row.client.client_id if row.client else "",
                "facility": row.facility,
                **policy_rows.of(row)._asdict(),
            }
            for row in policy_rows.listed()
        ]
        self.stdout.write(json.dumps({"default": policy_rows.default()._asdict(), "rows": rows}, indent=2))
