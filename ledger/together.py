"""Many entries of one transaction, for a writer that speaks to PostgreSQL itself: the chain computed here, one INSERT.

The writer has a shard of its own, locks its head (LOCK), chains, inserts and moves the head (APPEND), all in the
transaction of the effects (decision 23). Parameters are told beside each statement, in their order.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from ledger import chain, log, merkle
from ledger.canonical import canonical_json, timestamp

_SALT = 16
# $1 shard, $2 its genesis
CREATE = "INSERT INTO ledger_shard (name, count, head) VALUES ($1::text, 0, $2::bytea) ON CONFLICT DO NOTHING"
# $1 shard -> count, head
LOCK = "SELECT count, head FROM ledger_shard WHERE name = $1::text FOR UPDATE"
# $1 shard, $2 time; then one array per column, a place per entry; $13 the head's count, $14 the head
APPEND = """
WITH written AS (
    INSERT INTO ledger_entry (shard, number, at, kind, actor_kind, actor_id, subject, authority, data, salt, leaf, link)
    SELECT $1::text, entry.number, $2::timestamptz, entry.kind, entry.actor_kind, entry.actor_id, entry.subject,
        entry.authority, entry.data::jsonb, entry.salt, entry.leaf, entry.link
    FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bytea[],
        $11::bytea[], $12::bytea[])
        AS entry (number, kind, actor_kind, actor_id, subject, authority, data, salt, leaf, link)
)
UPDATE ledger_shard SET count = $13::bigint, head = $14::bytea WHERE name = $1::text
"""


class Draft(NamedTuple):
    """An entry before it has its place; the words are those of `log.append`."""

    kind: str
    actor: log.Actor
    subject: str
    authority: str
    data: Mapping[str, log.Value]


class Head(NamedTuple):
    """The number of the chain's last entry, and its link."""

    number: int
    link: bytes


class Chained(NamedTuple):
    """Columns of APPEND from the third on, and the head behind them."""

    number: list[int]
    kind: list[str]
    actor_kind: list[str]
    actor_id: list[str]
    subject: list[str]
    authority: list[str]
    data: list[str]
    salt: list[bytes]
    leaf: list[bytes]
    link: list[bytes]
    head: Head


def chained(shard: str, head: Head, drafts: Sequence[Draft], at: datetime) -> Chained:
    """The entries behind the head, in their order. Raises EntryRefused as `log.append` does."""
    made = Chained([], [], [], [], [], [], [], [], [], [], head)
    moment, salts = timestamp(at), secrets.token_bytes(_SALT * len(drafts))
    for place, draft in enumerate(drafts):
        kind, actor, subject, authority, data = draft
        log.check(kind, actor, subject, authority, data, shard)
        number, salt = head.number + 1, salts[place * _SALT : (place + 1) * _SALT]
        text = canonical_json(data).decode()
        record = chain.spelled(shard, number, moment, kind, actor.kind, actor.id, subject, authority, text)
        leaf = merkle.leaf_hash(salt + record)
        head = Head(number, chain.link(head.link, leaf))
        made.number.append(number)
        made.kind.append(kind)
        made.actor_kind.append(actor.kind)
        made.actor_id.append(actor.id)
        made.subject.append(subject)
        made.authority.append(authority)
        made.data.append(text)
        made.salt.append(salt)
        made.leaf.append(leaf)
        made.link.append(head.link)
    return made._replace(head=head)
