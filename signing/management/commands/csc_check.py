"""Ask any CSC server over HTTP: `manage.py csc_check URL [--token T]`. Exit 1 where something failed, 2 unreachable."""

import json
import ssl
import sys
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from signing.csc_check import findings, handshake
from signing.csc_check.run import SUITES, Wanted, run
from signing.csc_check.server import Unreachable, client_credentials


class Command(BaseCommand):
    help = "Runs conformance, abuse and speed suites against a CSC server (v1, v2), over HTTP alone."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="the server's root, or its /csc/v1 or /csc/v2")
        parser.add_argument("--token", default="", help="an access token of scope service")
        parser.add_argument(
            "--client-id", default="", help="with --token-url: take the token by client credentials"
        )
        parser.add_argument(
            "--client-secret-file", default="", help="file with its secret; else its --certificate is shown"
        )
        parser.add_argument("--token-url", default="", help="the token endpoint")
        parser.add_argument(
            "--other-token", default="", help="another caller's token, for SADs in foreign hands"
        )
        parser.add_argument("--credential", default="", help="credentialID; else the first that may sign")
        parser.add_argument("--certificate", default="", help="client certificate for the handshake (PEM)")
        parser.add_argument("--key", default="", help="its key (PEM); else it is in the certificate's file")
        parser.add_argument("--ca", default="", help="trust the server's authority in this file (PEM) alone")
        parser.add_argument("--suite", action="append", choices=SUITES, dest="suites")
        parser.add_argument("--wait", action="store_true", help="also wait until a SAD has run out")
        parser.add_argument("--seconds", type=float, default=3.0, help="for each figure of speed")
        parser.add_argument("--connections", type=int, default=8)
        parser.add_argument("--json", default="", dest="report", help="write the report here as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            tls = handshake.context(options["certificate"], options["key"], options["ca"])
            done = run(
                Wanted(
                    address=options["url"],
                    token=options["token"] or _token(options, tls),
                    other_token=options["other_token"],
                    credential=options["credential"],
                    suites=tuple(options["suites"] or SUITES),
                    pause=time.sleep if options["wait"] else None,
                    seconds=options["seconds"],
                    connections=options["connections"],
                    tls=tls,
                )
            )
        except Unreachable as problem:
            raise CommandError(str(problem), returncode=2) from None
        except ValueError as problem:
            raise CommandError(str(problem), returncode=2) from None
        self.stdout.write(findings.as_text(done.findings, done.figures))
        if options["report"]:
            report = findings.as_json(done.findings, done.figures)
            Path(options["report"]).write_text(
                json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
            )
        if not done.has_passed:
            sys.exit(1)


def _token(options: dict[str, Any], tls: ssl.SSLContext | None) -> str:
    """Raises Unreachable, ValueError."""
    if not options["token_url"]:
        return ""
    file, secret = options["client_secret_file"], ""
    if not file and not options["certificate"]:
        raise ValueError("a token wants the client's --client-secret-file or --certificate")
    if file:
        try:
            secret = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as problem:
            why = getattr(problem, "strerror", "") or "no text"
            raise ValueError(f"--client-secret-file {file}: {why}") from None
    return client_credentials(options["token_url"], options["client_id"], secret, tls=tls)
