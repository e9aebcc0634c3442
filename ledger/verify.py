"""Check the whole log: every leaf, every link, every head, every day's signed root, and the roots kept apart."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.db import connection, transaction

from ledger import apart, chain, clock, daily, merkle
from ledger.models import DailyRoot, Entry, Shard, entries_between

_BATCH = 2000
_CLOCKS_DIFFER = timedelta(minutes=5)  # hosts that write into one shard


@dataclass(frozen=True)
class Broken:
    """The first entry or root that does not hold."""

    problem: str
    shard: str = ""
    number: int = 0
    entry_id: int | None = None
    day: str = ""


@dataclass(frozen=True)
class Report:
    """What was checked, and the first thing that is wrong, if any."""

    entries: int = 0
    shards: Mapping[str, int] = field(default_factory=dict)
    roots: int = 0
    kept_roots: int = 0
    since: str = ""
    broken: Broken | None = None

    @property
    def ok(self) -> bool:
        return self.broken is None

    def as_json(self) -> dict[str, Any]:
        return {"ok": self.ok, **asdict(self)}


class NoSuchRoot(LookupError):
    """The day to begin at has no root."""


class _Found(Exception):
    def __init__(self, broken: Broken) -> None:
        self.broken = broken


class _Begin(NamedTuple):
    """Where the reading begins: nothing, or what a root had covered."""

    day: date | None = None
    heads: Mapping[str, int] = {}
    tree: merkle.Tree = merkle.Tree()
    statement: str = ""


def verify(
    trusted_key_pem: str = "", *, kept: Sequence[apart.KeptRoot] = (), since: date | None = None
) -> Report:
    """Read everything once, in one snapshot, entry by entry: the memory it takes does not grow with the log.

    `trusted_key_pem`: the log's public key, kept elsewhere; without it each root is checked with the key stored beside
    it, which somebody who can rewrite the whole database could replace too. `kept`: the roots of `ledger.apart`.
    `since`: go on from that day's root, believed because an earlier run has checked it; what lies before is not read,
    except that the kept roots are all compared. Raises NoSuchRoot.
    """
    shards: dict[str, int] = {}
    read, roots = 0, 0
    told = since.isoformat() if since else ""
    with _snapshot():
        try:
            begin = _begin(since, trusted_key_pem)
            heads = _heads()
            for name in sorted(heads):
                shards[name] = _verify_shard(name, *heads[name], begin.heads.get(name, 0))
                read += shards[name] - begin.heads.get(name, 0)
            roots = _verify_roots(trusted_key_pem, begin)
            _compare(kept)
        except _Found as found:
            return Report(read, shards, roots, 0, told, found.broken)
    return Report(read, shards, roots, len(kept), told)


@contextmanager
def _snapshot() -> Iterator[None]:
    """All reads see one moment; writers go on meanwhile (on SQLite they wait, its transactions are immediate)."""
    inside = connection.in_atomic_block
    with transaction.atomic():
        if connection.vendor == "postgresql" and not inside:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _begin(since: date | None, trusted_key_pem: str) -> _Begin:
    if since is None:
        return _Begin()
    row = DailyRoot.objects.filter(day=since).first()
    if row is None:
        raise NoSuchRoot(since.isoformat())
    if not _is_signed(row, trusted_key_pem or row.key_pem):
        raise _Found(Broken("root_signature", day=since.isoformat()))
    former = DailyRoot.objects.filter(day__lt=since).last()
    try:
        tree = row.tree()
    except ValueError:
        raise _Found(Broken("root", day=since.isoformat())) from None
    _require_root(row, tree, former.statement if former else "")
    return _Begin(since, row.heads, tree, row.statement)


def _heads() -> dict[str, tuple[int, bytes | None]]:
    """Every shard that a head row, an entry or a root knows of, with the count and head it should have."""
    heads: dict[str, tuple[int, bytes | None]] = {
        row.name: (row.count, bytes(row.head)) for row in Shard.objects.all()
    }
    known = {*Entry.objects.order_by().values_list("shard", flat=True).distinct()}
    newest = DailyRoot.objects.last()
    known |= set(newest.heads) if newest else set()
    return {**{name: (0, None) for name in known}, **heads}


def _verify_shard(name: str, count: int, expected: bytes | None, after: int) -> int:
    """`after`: the number up to which it is believed."""
    head, last = _link_at(name, after), after
    closed = _Closed(name)
    for entry in _entries_after(name, after):
        problem = ""
        if entry.number != last + 1:
            raise _Found(Broken("removed", name, last + 1))
        if entry.number > count:
            problem = "inserted"  # the head has never heard of it
        elif entry.computed_leaf() != bytes(entry.leaf):
            problem = "changed"
        elif chain.link(head, bytes(entry.leaf)) != bytes(entry.link):
            problem = "unlinked"  # it does not follow its predecessor: inserted, reordered or rewritten
        elif closed.knew_nothing_of(entry):
            problem = "backdated"  # of a day that was closed without it
        if problem:
            raise _Found(Broken(problem, name, entry.number, entry.pk))
        head, last = bytes(entry.link), entry.number
    if last < count:
        raise _Found(Broken("cut_off", name, last + 1))
    if head != expected:
        raise _Found(Broken("head", name, last))
    return last


def _link_at(name: str, number: int) -> bytes:
    if number == 0:
        return chain.genesis(name)
    entry = Entry.objects.filter(shard=name, number=number).first()
    if entry is None:
        raise _Found(Broken("cut_off", name, number))
    if entry.computed_leaf() != bytes(entry.leaf):
        raise _Found(Broken("changed", name, number, entry.pk))
    return bytes(entry.link)


def _entries_after(name: str, after: int) -> Iterator[Entry]:
    entries = Entry.objects.filter(shard=name, number__gt=after).order_by("number")
    return entries.iterator(chunk_size=_BATCH)


class _Closed:
    """What each day's root covered of one shard, in order: a later number cannot be of an earlier time."""

    def __init__(self, name: str) -> None:
        rows = DailyRoot.objects.order_by("day").values_list("day", "heads")
        self._days = [(heads.get(name, 0), clock.end_of_day(day)) for day, heads in rows.iterator()]
        self._next = 0
        self._end: datetime | None = None

    def knew_nothing_of(self, entry: Entry) -> bool:
        while self._next < len(self._days) and entry.number > self._days[self._next][0]:
            self._end = self._days[self._next][1]
            self._next += 1
        return self._end is not None and entry.at < self._end - _CLOCKS_DIFFER


def _verify_roots(trusted_key_pem: str, begin: _Begin) -> int:
    tree, previous, checked = begin.tree.copy(), begin.statement, 0
    covered = dict(begin.heads)
    rows = DailyRoot.objects.order_by("day")
    for row in rows.filter(day__gt=begin.day) if begin.day else rows:
        day = row.day.isoformat()
        if not _is_signed(row, trusted_key_pem or row.key_pem):
            raise _Found(Broken("root_signature", day=day))
        for name in sorted(row.heads):
            _grow(tree, name, covered.get(name, 0), row.heads[name], day)
            covered[name] = row.heads[name]
        _require_root(row, tree, previous)
        previous, checked = row.statement, checked + 1
    return checked


def _require_root(row: DailyRoot, tree: merkle.Tree, previous: str) -> None:
    """The row says of this tree what was signed; its peaks, from which the next day's tree grows, are the tree's."""
    said = daily.statement(row.day, tree, row.heads, previous) == row.statement
    stored = (tree.root(), tree.size, b"".join(tree.peaks)) == (bytes(row.root), row.size, bytes(row.peaks))
    if not said or not stored:
        raise _Found(Broken("root", day=row.day.isoformat()))


def _grow(tree: merkle.Tree, name: str, after: int, until: int, day: str) -> None:
    last = after
    rows = entries_between(name, after, until).values_list("number", "leaf")
    for last, leaf in rows.iterator(chunk_size=_BATCH):  # noqa: B007  (the last one read is asked for below)
        tree.add(bytes(leaf))
    if last != until:
        raise _Found(Broken("cut_off", name, last + 1, day=day))


def _compare(kept: Sequence[apart.KeptRoot]) -> None:
    odd = apart.first_difference(kept, list(DailyRoot.objects.order_by("day"))) if kept else None
    if odd is not None:
        raise _Found(Broken("kept_root", day=odd.isoformat()))


def _is_signed(row: DailyRoot, key_pem: str) -> bool:
    try:
        key = load_pem_public_key(key_pem.encode())
        signature, message = bytes(row.signature), row.statement.encode()
        if isinstance(key, RSAPublicKey):
            key.verify(signature, message, PKCS1v15(), SHA256())
        elif isinstance(key, EllipticCurvePublicKey):
            key.verify(signature, message, ECDSA(SHA256()))
        elif isinstance(key, Ed25519PublicKey):
            key.verify(signature, message)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True
