"""`manage.py make_cards FILE…`: the demo's card maker opens sealed card orders and makes the cards; demo only."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from deploy.demo import card_maker


class Command(BaseCommand):
    help = "Opens sealed card orders (downloaded at the review desk) and makes the demo's HPKI cards."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IS_DEMO:
            raise CommandError("The card maker's keys are in the demo only.")
        for path in options["files"]:
            try:
                made = card_maker.make(path.read_bytes(), settings.HOME)
            except OSError as problem:
                raise CommandError(f"{path} cannot be read: {problem.strerror}") from None
            except (card_maker.NotForUs, KeyError, TypeError, ValueError) as problem:
                raise CommandError(f"{path} is no card order for this card maker: {problem}") from None
            for card in made:
                self.stdout.write(f"made {card}")
