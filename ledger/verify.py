"""Check the whole log: every leaf, every link, every head, every day's signed root."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.db import connection, transaction

from ledger import chain, daily, merkle
from ledger.models import DailyRoot, Entry, Shard, entries_between

_BATCH = 2000


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
    broken: Broken | None = None

    @property
    def ok(self) -> bool:
        return self.broken is None

    def as_json(self) -> dict[str, Any]:
        return {"ok": self.ok, **asdict(self)}


class _Found(Exception):
    def __init__(self, broken: Broken) -> None:
        self.broken = broken


def verify(trusted_key_pem: str = "") -> Report:
    """Read everything once, in one snapshot.

    `trusted_key_pem`: the log's public key, kept elsewhere; without it each root is checked with the key stored beside
    it, which somebody who can rewrite the whole database could replace too.
    """
    entries, shards, roots = 0, {}, 0
    with _snapshot():
        heads = _heads()
        try:
            for name in sorted(heads):
                shards[name] = _verify_shard(name, *heads[name])
                entries += shards[name]
            roots = _verify_roots(trusted_key_pem)
        except _Found as found:
            return Report(entries, shards, roots, found.broken)
    return Report(entries, shards, roots)


@contextmanager
def _snapshot() -> Iterator[None]:
    """All reads see one moment; writers go on meanwhile (on SQLite they wait, its transactions are immediate)."""
    inside = connection.in_atomic_block
    with transaction.atomic():
        if connection.vendor == "postgresql" and not inside:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _heads() -> dict[str, tuple[int, bytes | None]]:
    """Every shard that a head row, an entry or a root knows of, with the count and head it should have."""
    heads: dict[str, tuple[int, bytes | None]] = {
        row.name: (row.count, bytes(row.head)) for row in Shard.objects.all()
    }
    known = {*Entry.objects.order_by().values_list("shard", flat=True).distinct()}
    newest = DailyRoot.objects.last()
    known |= set(newest.heads) if newest else set()
    return {**{name: (0, None) for name in known}, **heads}


def _verify_shard(name: str, count: int, expected: bytes | None) -> int:
    head, last = chain.genesis(name), 0
    for entry in _all_entries(name):
        problem = ""
        if entry.number != last + 1:
            raise _Found(Broken("removed", name, last + 1))
        if entry.number > count:
            problem = "inserted"  # the head has never heard of it
        elif entry.computed_leaf() != bytes(entry.leaf):
            problem = "changed"
        elif chain.link(head, bytes(entry.leaf)) != bytes(entry.link):
            problem = "unlinked"  # it does not follow its predecessor: inserted, reordered or rewritten
        if problem:
            raise _Found(Broken(problem, name, entry.number, entry.pk))
        head, last = bytes(entry.link), entry.number
    if last < count:
        raise _Found(Broken("cut_off", name, last + 1))
    if head != expected:
        raise _Found(Broken("head", name, last))
    return last


def _all_entries(name: str) -> Iterator[Entry]:
    entries = Entry.objects.filter(shard=name).order_by("number")
    return entries.iterator(chunk_size=_BATCH)


def _verify_roots(trusted_key_pem: str) -> int:
    tree, previous, checked = merkle.Tree(), "", 0
    covered: dict[str, int] = {}
    for row in DailyRoot.objects.order_by("day"):
        day = row.day.isoformat()
        if not _is_signed(row, trusted_key_pem or row.key_pem):
            raise _Found(Broken("root_signature", day=day))
        for name in sorted(row.heads):
            _grow(tree, name, covered.get(name, 0), row.heads[name], day)
            covered[name] = row.heads[name]
        statement = daily.statement(row.day, tree, row.heads, previous)
        if statement != row.statement or tree.root() != bytes(row.root) or tree.size != row.size:
            raise _Found(Broken("root", day=day))
        previous, checked = row.statement, checked + 1
    return checked


def _grow(tree: merkle.Tree, name: str, after: int, until: int, day: str) -> None:
    last = after
    rows = entries_between(name, after, until).values_list("number", "leaf")
    for last, leaf in rows.iterator(chunk_size=_BATCH):  # noqa: B007  (the last one read is asked for below)
        tree.add(bytes(leaf))
    if last != until:
        raise _Found(Broken("cut_off", name, last + 1, day=day))


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
