"""What an auditor's search of the log finds: by subject or actor, kind, authority and civil day in Japan.

A subject is any public id, an officer's user name, or a 本人ID; of a signer it finds the entries of all their
certificates, and those that cover their signatures or SADs beside others'. No line of a page costs more with a longer
log: each subject's newest entries are read by an index and merged, and what is covered is read no further than these
reach.
"""

import heapq
import uuid
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from ledger import clock
from ledger.models import Entry
from staff import roles
from staff.desk import signed
from staff.desk.signed import AUTHORISED, SIGNED, Days, Found, Way
from staff.models import Officer


def visible(officer: Officer) -> QuerySet[Entry]:
    """Entries of the officer's authorities and of none; those of other authorities are not there."""
    return Entry.objects.filter(authority__in=["", *sorted(officer.authorities(roles.AUDITOR))])


class Search:
    """`asked`: subject, kind, day, authority, each as it was typed."""

    def __init__(self, officer: Officer, asked: Mapping[str, str]) -> None:
        subject, kind, authority = (asked.get(name, "") for name in ("subject", "kind", "authority"))
        rows = visible(officer)
        if kind:
            rows = rows.filter(Q(kind=kind) | Q(kind__startswith=f"{kind.rstrip('.')}."))
        if authority:
            rows = rows.filter(authority=authority)
        self._days = _days(asked.get("day", ""))
        if self._days.since:
            rows = rows.filter(at__gte=self._days.since, at__lt=self._days.until)
        self._lines, self._ways = [rows], list[Way[Any]]()  # each entry is in one line or way only
        if subject:
            seen = {each for each in officer.authorities(roles.AUDITOR) if authority in ("", each)}
            signer = signed.find(plain_id(subject), seen)
            subjects = {plain_id(subject), *signer.subjects}
            self._lines = [rows.filter(_about(each)) for each in sorted(subjects)]
            self._rest = rows.exclude(subject__in=subjects)
            if signer.subjects and _is_asked(SIGNED, kind):
                self._ways.append(Way(signer.covering, signed.at_places))
            if signer.subjects and _is_asked(AUTHORISED, kind):
                self._ways.append(Way(signer.authorising, signed.of_turns))

    def page(self, before: int, most: int) -> list[Found]:
        """The newest `most` with keys below `before` (0: all)."""
        found = []
        for line in self._lines:
            older = line.filter(pk__lt=before) if before else line
            found += [Found(row) for row in older.order_by("-pk")[:most]]
        for way in self._ways:
            days = Days(_reached(found, most) or self._days.since, self._days.until)
            # Its cursor is read as far as it is wanted; outside a transaction, PostgreSQL reads it all.
            with transaction.atomic():
                found += way.newest(self._rest, days, before, most)
        return sorted(found, key=lambda each: -each.entry.pk)[:most]

    def oldest(self, most: int) -> Iterator[Entry]:
        """Oldest first."""
        lines = [line.order_by("pk")[:most].iterator(chunk_size=1000) for line in self._lines]
        lines += [way.oldest(self._rest, self._days) for way in self._ways]
        return islice(heapq.merge(*lines, key=attrgetter("pk")), most)


def _is_asked(wanted: str, kind: str) -> bool:
    return kind in ("", wanted) or wanted.startswith(f"{kind.rstrip('.')}.")


def _reached(found: list[Found], most: int) -> datetime | None:
    """How far back a page goes that is full already; None where it is not."""
    if len(found) < most:
        return None
    newest = sorted(found, key=lambda each: -each.entry.pk)[:most]
    return min(each.entry.at for each in newest)


def plain_id(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return text


def day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 < found.year < 2200 else None


def _days(text: str) -> Days:
    asked = day(text)
    return Days(clock.end_of_day(asked - timedelta(days=1)), clock.end_of_day(asked)) if asked else Days()


def _about(subject: str) -> Q:
    """Only officers are looked for as actors too: their acts are few, callers' are not."""
    officers = Officer.objects.filter(username=subject) | Officer.objects.filter(
        public_id__in=[subject] if is_uuid(subject) else []
    )
    known = officers.values_list("public_id", flat=True).first()
    if known is None:
        return Q(subject=subject)
    return Q(subject=str(known)) | Q(actor_id=str(known), actor_kind="officer")


def is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
