"""Entries of the log that are about a signer although they name several, or only a certificate (LEDGER_SIGNERS).

Who has signed what is another room's to know: it says which places of the log, the log says what stands there, and an
auditor sees it if it is their authority's.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple, Protocol, cast

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string

from ledger.models import Entry

_CHUNK = 64
# A signature's time is read before its entry gets its key, and hosts' clocks differ a little.
_SLACK = timedelta(minutes=1)


class Place(Protocol):
    """An entry that covers so many signatures of a signer, made at that time."""

    @property
    def shard(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def signatures(self) -> int: ...


class Signer(Protocol):
    """Under which subjects entries name a signer, and the entries that cover the signer's signatures."""

    @property
    def subjects(self) -> list[str]: ...
    def covering(
        self, since: datetime | None, until: datetime | None, *, newest_first: bool
    ) -> Iterator[Place]: ...


class Finds(Protocol):
    def __call__(self, wanted: str, authorities: Collection[str]) -> Signer: ...


class Found(NamedTuple):
    """`signatures`: how many of the entry's are the wanted signer's; 0 where the entry names its subject."""

    entry: Entry
    signatures: int = 0


class Days(NamedTuple):
    since: datetime | None = None
    until: datetime | None = None


def find(wanted: str, authorities: Collection[str]) -> Signer:
    """By a public id or a 本人ID; certificates of these authorities alone. Nobody's: no subjects."""
    return cast(Finds, import_string(settings.LEDGER_SIGNERS))(wanted, authorities)


def newest(signer: Signer, rows: QuerySet[Entry], days: Days, before: int, most: int) -> list[Found]:
    """The newest `most` of `rows` that cover signatures of the signer, with keys below `before` (0: all).

    It reads the signatures of about so many entries, however many there are: a little further than the last of them,
    for entries of one moment need not have their keys in the order of their times.
    """
    until = _later(days.until)
    if before:
        rows, last = rows.filter(pk__lt=before), Entry.objects.filter(pk__lt=before).order_by("-pk").first()
        if last is None:
            return []
        until = min(_later(last.at) or last.at, until or last.at + _SLACK)
    found: list[Found] = []
    edge: datetime | None = None
    for part in _parts(signer.covering(_earlier(days.since), until, newest_first=True)):
        if edge is not None and part[0].at < edge:
            break
        found += _of(rows, part)
        if edge is None and len(found) >= most:
            edge = part[-1].at - _SLACK
    return sorted(found, key=lambda each: -each.entry.pk)[:most]


def oldest(signer: Signer, rows: QuerySet[Entry], days: Days) -> Iterator[Entry]:
    """All of them, oldest first."""
    for part in _parts(signer.covering(_earlier(days.since), _later(days.until), newest_first=False)):
        yield from (found.entry for found in _of(rows, part))


def _earlier(at: datetime | None) -> datetime | None:
    return at - _SLACK if at else None


def _later(at: datetime | None) -> datetime | None:
    return at + _SLACK if at else None


def _parts(places: Iterable[Place]) -> Iterator[list[Place]]:
    rest = iter(places)
    while part := list(islice(rest, _CHUNK)):
        yield part


def _of(rows: QuerySet[Entry], places: Iterable[Place]) -> list[Found]:
    """The entries at these places, by key."""
    counts = {(place.shard, place.number): place.signatures for place in places}
    numbers: dict[str, list[int]] = {}
    for shard, number in counts:
        numbers.setdefault(shard, []).append(number)
    there = Q(pk=None)
    for shard, those in numbers.items():
        there |= Q(shard=shard, number__in=those)
    return [Found(row, counts[row.shard, row.number]) for row in rows.filter(there).order_by("pk")]
