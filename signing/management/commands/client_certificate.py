"""Facilities' client certificates: `manage.py client_certificate add CLIENT FILE --facility CODE --name NAME`; `end`.

Adding binds the client (RFC 8705): from then on it gets tokens over this certificate only, and the one before it ends
after a civil month. `end THUMBPRINT` (SHA-256, hexadecimal) ends one at once. Settings decide who may be asked: nginx
takes certificates of the authorities in INKAN_FACILITY_TRUST.
"""

from pathlib import Path
from typing import Any

from cryptography import x509
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ledger import clock
from signing.api import client_certificates
from signing.errors import Refused


class Command(BaseCommand):
    help = "Add or end a client's facility certificate"

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        adding = acts.add_parser("add")
        adding.add_argument("client_id")
        adding.add_argument("file", type=Path, help="PEM, the facility's certificate first")
        adding.add_argument("--facility", required=True, help="insurance code of the hospital or pharmacy")
        adding.add_argument("--name", required=True)
        ending = acts.add_parser("end")
        ending.add_argument("thumbprint")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["act"] == "end":
                client_certificates.end(bytes.fromhex(options["thumbprint"]), clock.now())
                return
            certificate = x509.load_pem_x509_certificates(options["file"].read_bytes())[0]
            row = client_certificates.add(
                options["client_id"],
                certificate,
                facility=options["facility"],
                facility_name=options["name"],
                at=clock.now(),
            )
        except Refused as refused:
            raise CommandError(refused.code) from None
        except (OSError, ValueError) as problem:
            raise CommandError(f"cannot be read: {type(problem).__name__}") from None
        self.stdout.write(bytes(row.thumbprint).hex())
