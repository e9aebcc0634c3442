"""The one way to write the audit log."""

import re
import secrets
from collections.abc import Mapping
from typing import NamedTuple

from django.db import connection

from ledger import chain, clock
from ledger.models import Entry, Shard

ACTOR_KINDS = ("applicant", "officer", "operator", "signer", "caller", "system")
Value = str | int | bool | None

_WORD = re.compile(r"[a-z][a-z0-9_.]*")
_LONGEST = 500
_LARGEST = 2**53 - 1  # what every JSON reader keeps exact


class Actor(NamedTuple):
    """Who did it: a kind of ACTOR_KINDS and a public id."""

    kind: str
    id: str


SYSTEM = Actor("system", "inkan")


class OutsideTransaction(RuntimeError):
    """An entry belongs into the transaction of its effect; alone it could tell of something that never happened."""


class EntryRefused(ValueError):
    """The entry's words or data are not of the kind that the log keeps."""


def append(
    kind: str,
    *,
    actor: Actor,
    subject: str,
    authority: str = "",
    data: Mapping[str, Value] | None = None,
    shard: str = "web",
) -> Entry:
    """Write one entry at the end of the shard's chain (decision 23).

    Call it inside the transaction of its effect, as its last write: it holds the shard's head locked until the commit.
    `data` is flat and holds no names, PINs or tokens. Raises OutsideTransaction or EntryRefused.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(kind)
    check(kind, actor, subject, authority, data or {}, shard)
    head = _locked_head(shard)
    entry = Entry(
        shard=shard,
        number=head.count + 1,
        at=clock.now(),
        kind=kind,
        actor_kind=actor.kind,
        actor_id=actor.id,
        subject=subject,
        authority=authority,
        data=dict(data or {}),
        salt=secrets.token_bytes(16),
    )
    entry.leaf = entry.computed_leaf()
    entry.link = chain.link(bytes(head.head), entry.leaf)
    entry.save(force_insert=True)
    Shard.objects.filter(pk=head.pk).update(count=entry.number, head=entry.link)
    return entry


def _locked_head(name: str) -> Shard:
    # SQLite has no row locks; there the whole transaction is IMMEDIATE, so writers already stand in line.
    locked = Shard.objects.select_for_update().filter(name=name)
    found = locked.first()
    if found is None:
        Shard.objects.bulk_create([Shard(name=name, head=chain.genesis(name))], ignore_conflicts=True)
        found = locked.get()
    return found


def check(
    kind: str, actor: Actor, subject: str, authority: str, data: Mapping[str, Value], shard: str
) -> None:
    """Raises EntryRefused."""
    if actor.kind not in ACTOR_KINDS:
        raise EntryRefused(f"unknown kind of actor: {actor.kind!r}")
    lengths = ((kind, 64), (actor.id, 64), (subject, 200), (authority, 16), (shard, 32))
    if any(len(word) > longest or not word.isprintable() for word, longest in lengths) or not _WORD.fullmatch(
        kind
    ):
        raise EntryRefused(f"not a word of the log: {kind!r}")
    for name, value in data.items():
        if not _WORD.fullmatch(name) or not _is_plain(value):
            raise EntryRefused(f"data of {kind}: {name!r} is no plain, short value")


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST and value.isprintable()  # one line of well-formed text
    if isinstance(value, int):
        return abs(value) <= _LARGEST
    return value is None
