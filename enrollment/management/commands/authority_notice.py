"""`manage.py authority_notice add|end|list`: an operator's dated notices on the start page and at ③ (CA-22)."""

import argparse
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from enrollment import authorities
from enrollment.applicants import announcements
from enrollment.errors import Refused
from enrollment.models import AuthorityNotice
from ledger import clock
from staff.models import Officer

REFUSALS = {
    "not_yours": "{by} is no operator of this authority, or is not active.",
    "notice_wrong": f"A notice has 1 to {announcements.LONGEST} characters, and ends after the day on which it begins.",
    "notice_gone": "There is no such notice, or it has ended already.",
}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day like 2026-12-01") from None


class Command(BaseCommand):
    help = "Shows, ends and lists the dated notices of an authority. Every change is in the ledger."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        add = acts.add_parser("add", help="show a notice from a day on")
        add.add_argument("authority", choices=[row.code for row in authorities.all_authorities()])
        add.add_argument("text", help="the notice in Japanese")
        add.add_argument("--english", default="", help="the same in English")
        add.add_argument(
            "--qualification", default="", choices=[row.code for row in authorities.qualifications()]
        )
        add.add_argument("--since", type=_day, help="first day (today)")
        add.add_argument("--until", type=_day, help="first day on which it is not shown any more")
        end = acts.add_parser("end", help="show a notice no longer")
        end.add_argument("number", type=int)
        for act in (add, end):
            act.add_argument("--by", required=True, help="user name of the operator who answers for it")
        acts.add_parser("list", help="all notices, newest first")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["act"] == "list":
            return self._list()
        operator = Officer.objects.filter(username=options["by"]).first()
        if operator is None:
            raise CommandError(f"There is no officer {options['by']!r}.")
        at = clock.now()
        try:
            row = (
                self._add(operator, options)
                if options["act"] == "add"
                else announcements.end(operator, options["number"], at)
            )
        except Refused as refused:
            raise CommandError(REFUSALS[refused.code].format(by=options["by"])) from None
        self.stdout.write(_line(row))

    def _add(self, operator: Officer, options: dict[str, Any]) -> AuthorityNotice:
        at = clock.now()
        return announcements.publish(
            operator,
            authority=options["authority"],
            text=options["text"],
            text_en=options["english"],
            qualification=options["qualification"],
            since=options["since"] or clock.today(at),
            until=options["until"],
            at=at,
        )

    def _list(self) -> None:
        for row in AuthorityNotice.objects.order_by("-pk"):
            self.stdout.write(_line(row))


def _line(row: AuthorityNotice) -> str:
    who = row.qualification or "all"
    return f"{row.pk}  {row.authority}/{who}  {row.since} to {row.until or '...'}  {row.text}"
