"""Ask any CSC server over HTTP: `manage.py csc_check URL [--token T]`. Exit 1 where something failed, 2 unreachable."""

import json
import ssl
import sys
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from signing.csc_check import findings
from signing.csc_check.run import SUITES, Wanted, run
from signing.csc_check.server import Unreachable, client_credentials, tls


class Command(BaseCommand):
    help = "Runs conformance, abuse and speed suites against a CSC server (v1, v2), over HTTP alone."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="the server's root, or its /csc/v1 or /csc/v2")
        parser.add_argument("--token", default="", help="an access token of scope service")
        parser.add_argument(
            "--client-id", default="", help="with --token-url: take the token by client credentials"
        )
        parser.add_argument("--client-secret-file", default="", help="file with the client's secret")
        parser.add_argument("--token-url", default="", help="the token endpoint")
        parser.add_argument(
            "--other-token", default="", help="another caller's token, for SADs in foreign hands"
        )
        parser.add_argument("--credential", default="", help="credentialID; else the first that may sign")
        parser.add_argument("--certificate", default="", help="PEM, shown to a server that asks for one")
        parser.add_argument("--key", default="", help="its key, where the file does not hold it")
        parser.add_argument("--ca", default="", help="PEM of the authority of the server's own certificate")
        parser.add_argument("--suite", action="append", choices=SUITES, dest="suites")
        parser.add_argument("--wait", action="store_true", help="also wait until a SAD has run out")
        parser.add_argument("--seconds", type=float, default=3.0, help="for each figure of speed")
        parser.add_argument("--connections", type=int, default=8)
        parser.add_argument("--json", default="", dest="report", help="write the report here as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            shown = tls(options["certificate"], options["key"], options["ca"])
        except OSError as problem:
            raise CommandError(f"certificate: {problem}", returncode=2) from None
        try:
            done = run(
                Wanted(
                    address=options["url"],
                    tls=shown,
                    token=options["token"] or _token(options, shown),
                    other_token=options["other_token"],
                    credential=options["credential"],
                    suites=tuple(options["suites"] or SUITES),
                    pause=time.sleep if options["wait"] else None,
                    seconds=options["seconds"],
                    connections=options["connections"],
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


def _token(options: dict[str, Any], shown: ssl.SSLContext | None) -> str:
    if not options["token_url"]:
        return ""
    secret = Path(options["client_secret_file"]).read_text(encoding="utf-8").strip()
    return client_credentials(options["token_url"], options["client_id"], secret, tls=shown)
