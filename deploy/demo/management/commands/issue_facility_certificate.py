"""`manage.py issue_facility_certificate CLIENT --facility CODE --name NAME --out FOLDER`: TEST ones, demo only.

It is made by the TEST facility authority, written as PEM and PKCS#12, and registered: the client is bound to it from
then on, and the one before it ends after a civil month (RFC 8705; issue 5 point 4).
"""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from deploy.demo import facilities
from ledger import clock
from signing.api import client_certificates
from signing.errors import Refused


class Command(BaseCommand):
    help = "Issues a TEST facility certificate to an OAuth client and binds the client to it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client_id")
        parser.add_argument("--facility", required=True, help="insurance code of the hospital or pharmacy")
        parser.add_argument("--name", required=True)
        parser.add_argument("--out", required=True, type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IS_DEMO:
            raise CommandError("TEST facility certificates are for the demo only.")
        at = clock.now()
        authority = facilities.Authority(settings.FACILITY_TRUST, settings.HOME / "keys", at)
        issued = authority.issue(options["facility"], options["name"], at)
        try:
            client_certificates.add(
                options["client_id"],
                issued.certificate,
                facility=options["facility"],
                facility_name=options["name"],
                at=at,
            )
        except Refused as refused:
            raise CommandError(f"not registered: {refused.code}") from None
        for path in issued.write(options["out"], options["client_id"]):
            self.stdout.write(str(path))
        self.stdout.write(f"password of the .p12: {facilities.PASSWORD}")
