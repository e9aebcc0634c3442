"""Register a system that may ask for signatures: `manage.py create_oauth_client ID --name NAME --redirect-uri URI`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from signing.api import clients
from signing.errors import Refused
from vault import tokens


class Command(BaseCommand):
    help = "Make or renew an OAuth client; its new secret is printed once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client_id")
        parser.add_argument("--name", required=True, help="what the signer reads on the sign-in page")
        parser.add_argument("--redirect-uri", action="append", required=True, dest="redirect_uris")
        parser.add_argument(
            "--oauth2code",
            action="store_true",
            help="it authorises by redirect, with tokens of scope credential",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        secret = tokens.new_token()
        try:
            clients.ensure(
                options["client_id"],
                secret,
                options["name"],
                options["redirect_uris"],
                is_oauth2code=options["oauth2code"],
            )
        except Refused as refused:
            raise CommandError(f"not registered: {refused.code}") from None
        self.stdout.write(f"client_id: {options['client_id']}\nclient_secret: {secret}")
