"""Inclusion proofs: that an entry stands under a day's signed root (RFC 6962 section 2.1.1, RFC 9162 section 2.1.3).

Of the days before, only the peaks of their tree are read; of the entry's own day, the leaves of its block (4096) and
one stored hash for each other block. So a proof costs the same in the first year and in the tenth.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from ledger import clock, merkle
from ledger.models import BLOCK, DIGEST, DailyRoot, Entry, TreeBlock, entries_between


class NotProven(LookupError):
    """No root covers the entry yet, or the stored leaves do not lead to the root (`audit verify` tells where)."""


class Inclusion(NamedTuple):
    """Where an entry stands in the tree of a root, and the way there for `merkle.is_included`."""

    root: DailyRoot
    place: int
    path: list[bytes]


class _Segment(NamedTuple):
    """Leaves start .. start+length-1 of the tree are the entries first .. of a shard."""

    start: int
    shard: str
    first: int
    length: int


def covering(shard: str, number: int, at: datetime) -> DailyRoot | None:
    """The first root that covers the entry; `at` is the entry's time. None until then."""
    earliest = clock.today(at) - timedelta(days=1)  # hosts' clocks differ a little around midnight
    rows = DailyRoot.objects.filter(day__gte=earliest).order_by("day")
    return next((row for row in rows.iterator() if row.heads.get(shard, 0) >= number), None)


def prove(entry: Entry, root: DailyRoot | None = None) -> Inclusion:
    """The proof under this root, or under the first one that covers the entry. Raises NotProven."""
    row = root or covering(entry.shard, entry.number, entry.at)
    if row is None or row.heads.get(entry.shard, 0) < entry.number:
        raise NotProven(f"{entry} is not covered by {row}")
    for with_blocks in (True, False):  # a block that was tampered with proves nothing and hides nothing
        tree = _Tree(entry, row, with_blocks)
        found = Inclusion(row, tree.index, tree.path(tree.index, 0, row.size))
        if merkle.is_included(bytes(entry.leaf), found.place, row.size, found.path, bytes(row.root)):
            return found
    raise NotProven(f"{entry} does not lead to the root of {row}")


class _Tree:
    """The tree of `root`, read from the last root that did not know the entry."""

    def __init__(self, entry: Entry, root: DailyRoot, with_blocks: bool) -> None:
        before, later = None, [root]
        for row in DailyRoot.objects.filter(day__lt=root.day).order_by("-day").iterator():
            if row.heads.get(entry.shard, 0) < entry.number:
                before = row
                break
            later.append(row)
        self._begin = before.size if before else 0
        self._end = root.size
        self._known = _ranges(before)
        self._segments = _segments(before, later[::-1])
        self._leaves: dict[int, dict[int, bytes]] = {}
        self._blocks = self._stored() if with_blocks else {}
        self.index = next(
            each.start + entry.number - each.first
            for each in self._segments
            if each.shard == entry.shard and each.first <= entry.number < each.first + each.length
        )

    def path(self, index: int, low: int, high: int) -> list[bytes]:
        """RFC 6962 section 2.1.1 over leaves low .. high-1; nearest sibling first."""
        if high - low == 1:
            return []
        middle = low + merkle.split(high - low)
        if index < middle:
            return [*self.path(index, low, middle), self._node(middle, high)]
        return [*self.path(index, middle, high), self._node(low, middle)]

    def _node(self, low: int, high: int) -> bytes:
        if (low, high) in self._known:
            return self._known[low, high]
        if (
            high - low == BLOCK and low // BLOCK in self._blocks
        ):  # a range of this length begins at a multiple of it
            return self._blocks[low // BLOCK]
        if high - low == 1:
            return self._leaf(low)
        middle = low + merkle.split(high - low)
        return merkle.node_hash(self._node(low, middle), self._node(middle, high))

    def _leaf(self, index: int) -> bytes:
        block = index // BLOCK
        if block not in self._leaves:
            low = max(block * BLOCK, self._begin)
            self._leaves[block] = self._read(low, min((block + 1) * BLOCK, self._end))
        if index not in self._leaves[block]:
            raise NotProven(f"leaf {index} is missing")
        return self._leaves[block][index]

    def _read(self, low: int, high: int) -> dict[int, bytes]:
        found: dict[int, bytes] = {}
        for each in self._segments:
            start, stop = max(low, each.start), min(high, each.start + each.length)
            if start < stop:
                after = each.first + start - each.start - 1
                rows = entries_between(each.shard, after, after + stop - start)
                for number, leaf in rows.values_list("number", "leaf"):
                    found[each.start + number - each.first] = bytes(leaf)
        return found

    def _stored(self) -> dict[int, bytes]:
        rows = TreeBlock.objects.filter(number__gte=self._begin // BLOCK, number__lt=self._end // BLOCK)
        return {number: bytes(node) for number, node in rows.values_list("number", "node")}


def _ranges(before: DailyRoot | None) -> dict[tuple[int, int], bytes]:
    """The complete subtrees of the former tree by the leaves that they cover, largest first from the left."""
    if before is None:
        return {}
    found: dict[tuple[int, int], bytes] = {}
    low, peaks = 0, bytes(before.peaks)
    for place, bit in enumerate(
        bit for bit in range(before.size.bit_length(), -1, -1) if before.size >> bit & 1
    ):
        high = low + (1 << bit)
        found[low, high] = peaks[place * DIGEST : (place + 1) * DIGEST]
        low = high
    return found


def _segments(before: DailyRoot | None, later: list[DailyRoot]) -> list[_Segment]:
    """Leaves stand in the order in which days were closed and, within a day, by shard name and number."""
    start, heads = (before.size, dict(before.heads)) if before else (0, {})
    found: list[_Segment] = []
    for row in later:
        for name in sorted(row.heads):
            first = heads.get(name, 0) + 1
            length = row.heads[name] - first + 1
            found.append(_Segment(start, name, first, length))
            start += length
        heads = row.heads
    return found
