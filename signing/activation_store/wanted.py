"""What is asked of a store and what it hands out. Plain."""

from typing import NamedTuple
from uuid import UUID


class Wanted(NamedTuple):
    """One call's wish: these hash occurrences of this SAD, for this credential, session and client (row ids).

    `certificate` is the row id of the facility's certificate, 0 where the caller is bound to none.
    """

    sad_digest: bytes
    credential: UUID
    session: int
    client: int
    digests: tuple[bytes, ...]
    certificate: int = 0


class Item(NamedTuple):
    """One reserved hash occurrence: its row id, its public id, its digest."""

    pk: int
    public_id: UUID
    digest: bytes


def by_wish(wanted: list[Wanted], rows: list[tuple[int, int, Item]]) -> list[list[Item] | None]:
    """Rows (wish, place, item) gathered per wish in the order of its digests; None where some are missing."""
    found: list[dict[int, Item]] = [{} for _ in wanted]
    for wish, place, item in rows:
        found[wish][place] = item
    return [
        [places[place] for place in sorted(places)] if len(places) == len(wish.digests) else None
        for wish, places in zip(wanted, found, strict=True)
    ]


def incomplete(wanted: list[Wanted], rows: list[tuple[int, int, Item]]) -> list[int]:
    """Row ids reserved for wishes that did not get all they asked for: to be given back before the commit."""
    counts = [0] * len(wanted)
    for wish, _place, _item in rows:
        counts[wish] += 1
    return [item.pk for wish, _place, item in rows if counts[wish] != len(wanted[wish].digests)]
