"""`manage.py inspect_upload FILE --authority … --slot …`: the verdict on a file as JSON (contract)."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from enrollment import authorities, images
from ledger.clock import now, today

UNREADABLE = "ファイルを開けませんでした。"


class Command(BaseCommand):
    help = "Print whether a file would be accepted in a slot, as JSON; never a traceback."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")
        parser.add_argument(
            "--authority", choices=[row.code for row in authorities.all_authorities()], required=True
        )
        parser.add_argument("--slot", choices=authorities.SLOTS, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        data = _read(options["file"])
        if data is None:
            self._say({"verdict": "refuse", "code": "file_unreadable", "message": UNREADABLE})
            sys.exit(2)
        self._say(verdict(data, slot=options["slot"], authority=options["authority"]))

    def _say(self, found: dict[str, Any]) -> None:
        whole: dict[str, Any] = {
            "verdict": "",
            "code": None,
            "message": None,
            "width": None,
            "height": None,
            "warnings": [],
        }
        self.stdout.write(json.dumps(whole | found, ensure_ascii=True))


def _read(name: str) -> bytes | None:
    """The bytes of a regular file, one more than may be accepted at most; None where there is no such file."""
    try:
        path = Path(name)
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return file.read(images.MOST_BYTES + 1)
    except (OSError, ValueError):
        return None


def verdict(data: bytes, *, slot: str, authority: str) -> dict[str, Any]:
    try:
        picture = images.inspect(data, slot=slot, authority=authority, on=today(now()))
    except images.PictureRefused as refused:
        return {
            "verdict": "refuse",
            "code": refused.code,
            "message": refused.message,
            "width": refused.width,
            "height": refused.height,
        }
    return {
        "verdict": "accept",
        "width": picture.width,
        "height": picture.height,
        "warnings": list(picture.warnings),
    }
