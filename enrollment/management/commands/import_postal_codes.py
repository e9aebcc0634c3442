"""`manage.py import_postal_codes FILE`: the operator's own postal codes in the place of the former ones (DQ-17)."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from enrollment.places import operator_table

LARGEST = 64 * 1024 * 1024


class Command(BaseCommand):
    help = (
        "Replace the operator's own postal codes by a CSV in UTF-8 with the header "
        "code,prefecture,city,town,street,office (the last three may be empty). They are asked before the built-in "
        "list. All or nothing: where a line is wrong, nothing changes and the lines are named. Prints JSON; exit 2 "
        "where the list was not taken."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found: dict[str, Any] = operator_table.replace(_lines(options["file"]))._asdict()
        except operator_table.BadList as refused:
            found = {"error": "list_refused", "problems": refused.problems, "more": refused.more}
        self.stdout.write(json.dumps(found, ensure_ascii=False))
        if "error" in found:
            sys.exit(2)


def _lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:  # read, not asked: a pipe or a device tells no size
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise operator_table.BadList([f"{path.name} is larger than {LARGEST // 1024 // 1024} MB"])
        return data.decode("utf-8-sig").splitlines(keepends=True)
    except OSError as problem:
        raise operator_table.BadList([f"{path.name}: {problem.strerror}"]) from problem
    except UnicodeDecodeError as problem:
        raise operator_table.BadList([f"{path.name} is not UTF-8 (byte {problem.start})"]) from problem
