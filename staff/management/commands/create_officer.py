"""`manage.py create_officer`: the first officers, and everyone until the desk does it. Shows the secrets once."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from ledger import log
from staff import roles, second_factor
from staff.models import Officer


class Command(BaseCommand):
    help = "Make an officer with roles; prints the authenticator app's address and the recovery codes, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("display_name")
        parser.add_argument(
            "roles",
            nargs="+",
            metavar="AUTHORITY:ROLE",
            help='for example jma:EXAMINER; ":OPERATOR" stands above',
        )
        parser.add_argument(
            "--password-stdin", action="store_true", help="read the password from standard input"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        held = [_role(text) for text in options["roles"]]
        password = _password(from_stdin=options["password_stdin"])
        try:
            validate_password(
                password, Officer(username=options["username"], display_name=options["display_name"])
            )
            officer = Officer.objects.create_officer(
                options["username"], password, options["display_name"], held
            )
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from None
        except IntegrityError:
            raise CommandError(f"the name {options['username']} is taken") from None
        codes = second_factor.new_recovery_codes(officer, log.SYSTEM)
        self.stdout.write(f"{officer.username} ({officer.public_id})")
        self.stdout.write(f"Authenticator app (shown only now): {officer.totp_device().otpauth_url()}")
        self.stdout.write("Recovery codes, one use each (shown only now):")
        for code in codes:
            self.stdout.write(f"  {code}")


def _role(text: str) -> tuple[str, str]:
    authority, colon, role = text.partition(":")
    if not colon or role not in roles.ROLES or (not authority and role not in roles.WITHOUT_AUTHORITY):
        raise CommandError(f"{text}: must be AUTHORITY:ROLE with a role of {', '.join(roles.ROLES)}")
    return authority, role


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("Again: "):
        raise CommandError("the two passwords differ")
    return password
