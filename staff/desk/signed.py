"""Entries of the log that are about a signer although they name several, or only a certificate (LEDGER_SIGNERS).

Who has signed and authorised what is another room's to know: it says which places of the log, the log says what stands
there, and an auditor sees it if it is their authority's.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Generic, NamedTuple, Protocol, TypeVar, cast

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string

from ledger.models import Entry, Shard

SIGNED, AUTHORISED = "signing.signed", "signing.authorised"  # the kinds of entries about several signers
_CHUNK = 64
# A signature's time is read before its entry gets its key, and hosts' clocks differ a little.
SLACK = timedelta(minutes=1)


class Moment(Protocol):
    @property
    def shard(self) -> str: ...
    @property
    def at(self) -> datetime: ...


class Place(Moment, Protocol):
    """An entry that covers so many signatures of a signer, made at that time."""

    @property
    def number(self) -> int: ...
    @property
    def signatures(self) -> int: ...


class Turn(Moment, Protocol):
    """An entry of that very time, of one authority, that tells of so many SADs of a signer."""

    @property
    def authority(self) -> str: ...
    @property
    def sads(self) -> int: ...


class Signer(Protocol):
    """Under which subjects entries name a signer, and the entries that cover the signer's signatures and SADs."""

    @property
    def subjects(self) -> list[str]: ...
    def covering(
        self, since: datetime | None, until: datetime | None, *, newest_first: bool
    ) -> Iterator[Place]: ...
    def authorising(
        self, since: datetime | None, until: datetime | None, *, newest_first: bool
    ) -> Iterator[Turn]: ...


class Finds(Protocol):
    def __call__(self, wanted: str, authorities: Collection[str]) -> Signer: ...


class Found(NamedTuple):
    """How many of the entry's signatures or SADs are the wanted signer's; 0 where the entry names its subject."""

    entry: Entry
    signatures: int = 0
    sads: int = 0


class Days(NamedTuple):
    since: datetime | None = None
    until: datetime | None = None


M = TypeVar("M", bound=Moment)
M_co = TypeVar("M_co", bound=Moment, covariant=True)


class Covering(Protocol[M_co]):
    def __call__(
        self, since: datetime | None, until: datetime | None, *, newest_first: bool
    ) -> Iterator[M_co]: ...


class Way(NamedTuple, Generic[M]):
    """One kind of entry that is found by what it covers: `moments` in the order of time, `read` the entries there."""

    moments: Covering[M]
    read: Callable[[QuerySet[Entry], Iterable[M]], list[Found]]

    def newest(self, rows: QuerySet[Entry], days: Days, before: int, most: int) -> list[Found]:
        """The newest `most` of `rows` that cover something of the signer's, with keys below `before` (0: all).

        It reads what about so many entries cover, however many there are: a little further than the last of them, for
        entries of one moment need not have their keys in the order of their times.
        """
        until = _later(days.until)
        if before:
            rows, last = (
                rows.filter(pk__lt=before),
                Entry.objects.filter(pk__lt=before).order_by("-pk").first(),
            )
            if last is None:
                return []
            until = min(_later(last.at) or last.at, until or last.at + SLACK)
        found: list[Found] = []
        edge: datetime | None = None
        for part in _parts(self.moments(_earlier(days.since), until, newest_first=True)):
            if edge is not None and part[0].at < edge:
                break
            found += self.read(rows, part)
            if edge is None and len(found) >= most:
                edge = part[-1].at - SLACK
        return sorted(found, key=lambda each: -each.entry.pk)[:most]

    def oldest(self, rows: QuerySet[Entry], days: Days) -> Iterator[Entry]:
        """All of them, oldest first."""
        for part in _parts(self.moments(_earlier(days.since), _later(days.until), newest_first=False)):
            yield from (found.entry for found in self.read(rows, part))


def find(wanted: str, authorities: Collection[str]) -> Signer:
    """By a public id or a 本人ID; certificates of these authorities alone. Nobody's: no subjects."""
    return cast(Finds, import_string(settings.LEDGER_SIGNERS))(wanted, authorities)


def at_places(rows: QuerySet[Entry], places: Iterable[Place]) -> list[Found]:
    """The entries at these places, by key."""
    counts = {(place.shard, place.number): place.signatures for place in places}
    numbers: dict[str, list[int]] = {}
    for shard, number in counts:
        numbers.setdefault(shard, []).append(number)
    there = Q(pk=None)
    for shard, those in numbers.items():
        there |= Q(shard=shard, number__in=those)
    entries = rows.filter(there).order_by("pk")
    return [Found(row, signatures=counts[row.shard, row.number]) for row in entries]


def of_turns(rows: QuerySet[Entry], turns: Iterable[Turn]) -> list[Found]:
    """The entries of these turns, by key: the index of shard and time leads to each.

    Two processes may have had a turn in the same microsecond, so the shard counts too; a SAD of the time before it told
    its shard names one that does not exist, and is found by its time.
    """
    shards = sorted(Shard.objects.values_list("name", flat=True))
    wanted: dict[tuple[datetime, str], list[Turn]] = {}
    for turn in turns:
        wanted.setdefault((turn.at, turn.authority), []).append(turn)
    times = sorted({at for at, _authority in wanted})
    entries = rows.filter(shard__in=shards, at__in=times, kind=AUTHORISED).order_by("pk")
    found = []
    for row in entries:
        sads = sum(
            turn.sads
            for turn in wanted.get((row.at, row.authority), ())
            if turn.shard == row.shard or turn.shard not in shards
        )
        if sads:
            found.append(Found(row, sads=sads))
    return found


def _earlier(at: datetime | None) -> datetime | None:
    return at - SLACK if at else None


def _later(at: datetime | None) -> datetime | None:
    return at + SLACK if at else None


def _parts(moments: Iterable[M]) -> Iterator[list[M]]:
    rest = iter(moments)
    while part := list(islice(rest, _CHUNK)):
        yield part
