"""Each day's root over the whole log, signed and published (decision 23)."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction

from ledger import clock, merkle
from ledger.canonical import canonical_json
from ledger.models import (
    BLOCK,
    DailyRoot,
    Entry,
    Shard,
    TreeBlock,
    entries_between,
    last_number_before,
)

_TIME_TO_CLOSE = timedelta(hours=2)  # after midnight; the clock tries every hour


class DayRefused(ValueError):
    """The day is not over yet, or a later day is closed already."""


def close_day(day: date, sign: Callable[[bytes], bytes], key_pem: str) -> DailyRoot:
    """Sign and store the root over all leaves up to the day's end (24:00 JST); a day closed already is returned.

    `sign(message) -> signature` with the log key, whose public half is `key_pem` (RSA: PKCS#1 v1.5 with SHA-256;
    EC: ECDSA with SHA-256; Ed25519). Call it outside a transaction: the signer is asked while no row is locked.
    Days on which nobody closed are covered by the next one that is. Raises DayRefused.
    """
    found = DailyRoot.objects.filter(day=day).first()
    if found is not None:
        return found
    now = clock.now()
    if now < clock.end_of_day(day):
        raise DayRefused(f"{day} is not over")
    last = DailyRoot.objects.last()
    if last is not None and last.day > day:
        raise DayRefused(f"{last.day} is closed already")
    heads = _heads(day, last)
    tree, blocks = _grow(heads, last)
    text = statement(day, tree, heads, last.statement if last else "")
    row = DailyRoot(
        day=day,
        size=tree.size,
        root=tree.root(),
        heads=heads,
        peaks=b"".join(tree.peaks),
        statement=text,
        signature=sign(text.encode()),
        key_pem=key_pem,
        closed_at=now,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            TreeBlock.objects.bulk_create(blocks, ignore_conflicts=True)
    except IntegrityError:
        return DailyRoot.objects.get(day=day)  # another worker closed it meanwhile
    return row


def days_behind(at: datetime) -> int:
    """How many days should have a root of their own or of a later day by now and have none; an alarm from 1 on."""
    due = clock.today(at - _TIME_TO_CLOSE) - timedelta(days=1)
    last = DailyRoot.objects.last()
    if last is not None:
        return max((due - last.day).days, 0)
    first = Entry.objects.order_by("pk").first()
    return max((due - clock.today(first.at)).days + 1, 0) if first else 0


def statement(day: date, tree: merkle.Tree, heads: Mapping[str, int], previous: str) -> str:
    """What is signed: canonical JSON; `previous` is the last root's statement, of which the SHA-256 goes in."""
    content = {
        "version": 1,
        "log": "inkan",
        "day": day.isoformat(),
        "size": tree.size,
        "root": tree.root().hex(),
        "heads": dict(heads),
        "previous": hashlib.sha256(previous.encode()).hexdigest() if previous else "",
    }
    return canonical_json(content).decode()


def _heads(day: date, last: DailyRoot | None) -> dict[str, int]:
    """How many entries of each shard belong to the day or before; never fewer than the last root covered."""
    before = last.heads if last else {}
    with transaction.atomic():
        # The locks wait for entries whose time is read but whose transaction is not committed yet.
        names = [shard.name for shard in Shard.objects.select_for_update().order_by("name")]
        end = clock.end_of_day(day)
        return {name: max(before.get(name, 0), last_number_before(name, end)) for name in names}


def _grow(heads: Mapping[str, int], last: DailyRoot | None) -> tuple[merkle.Tree, list[TreeBlock]]:
    """The tree with the new leaves, and the hashes of the blocks that are complete now."""
    tree = last.tree() if last else merkle.Tree()
    before = last.heads if last else {}
    block, blocks = _open_block(tree), list[TreeBlock]()
    for name in sorted(heads):
        for _number, leaf in _new_leaves(name, before.get(name, 0), heads[name]):
            tree.add(leaf)
            block.add(leaf)
            if block.size == BLOCK:
                blocks.append(TreeBlock(number=tree.size // BLOCK - 1, node=block.root()))
                block = merkle.Tree()
    return tree, blocks


def _open_block(tree: merkle.Tree) -> merkle.Tree:
    """The last, incomplete block: the tree's smallest peaks."""
    size = tree.size % BLOCK
    return merkle.Tree(size, tree.peaks[len(tree.peaks) - size.bit_count() :])


def _new_leaves(name: str, after: int, until: int) -> Iterator[tuple[int, bytes]]:
    rows = entries_between(name, after, until).values_list("number", "leaf")
    return ((number, bytes(leaf)) for number, leaf in rows.iterator(chunk_size=2000))
