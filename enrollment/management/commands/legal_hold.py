"""`manage.py legal_hold place|lift NUMBER --by OFFICER --reason "…"`: what must not be erased (decision 31)."""

import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from enrollment.errors import Refused
from enrollment.models import Application
from enrollment.retention import holds
from staff.models import Officer

ACTS = {"place": holds.place, "lift": holds.lift}
WHY_NOT = {
    "not_yours": "This officer is neither auditor nor operator of the application's authority.",
    "reason_missing": f"A reason of 1 to {holds.LONGEST_REASON} printable characters is needed, for example a "
    "file number. It stands in the audit log for ever: no names.",
    "not_now": "Nothing changed: the application is in that state already.",
}


class Command(BaseCommand):
    help = "Keep one application from being erased by the timetable, or let the timetable go on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=ACTS)
        parser.add_argument("application", help="receipt number or public id")
        parser.add_argument("--by", required=True, help="user name of an auditor or operator")
        parser.add_argument("--reason", required=True, help="why, without names; it stands in the audit log")

    def handle(self, *args: Any, **options: Any) -> None:
        application = _application(options["application"])
        officer = Officer.objects.filter(username=options["by"]).first()
        if application is None:
            raise CommandError("There is no application of this receipt number or public id.")
        if officer is None:
            raise CommandError("There is no officer of this user name.")
        try:
            ACTS[options["act"]](application, officer, options["reason"])
        except Refused as refused:
            raise CommandError(WHY_NOT[refused.code]) from None
        self.stdout.write(f"{application}: legal hold {'on' if application.legal_hold else 'off'}")


def _application(given: str) -> Application | None:
    found = Application.objects.filter(receipt_number=given.strip()).first()
    if found is not None:
        return found
    try:
        return Application.objects.filter(public_id=uuid.UUID(given.strip())).first()
    except ValueError:
        return None
