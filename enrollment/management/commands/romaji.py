"""`manage.py romaji KANA --field family|given`: the candidates of the pull-down as JSON (contract)."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from enrollment import names
from enrollment.problems import Problem


class Command(BaseCommand):
    help = "Print the romaji candidates of a kana field as a JSON list, the default first."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kana")
        parser.add_argument("--field", choices=["family", "given"], required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found: Any = list(names.spellings(options["kana"], options["field"]))
        except Problem as problem:
            found = {"error": problem.code, "message": str(problem)}
        self.stdout.write(json.dumps(found))
        if isinstance(found, dict):
            sys.exit(2)
