"""Where hash occurrences are spent: one small protocol, an implementation per database (decision 10).

Everything here is about rows; who may spend what is said by the rows themselves, in the one statement of `reserve`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from django.db import connections

from signing.activation_store.postgresql import PostgresqlStore
from signing.activation_store.sqlite import SqliteStore
from signing.activation_store.wanted import Item, Wanted

__all__ = ["Item", "Store", "Wanted", "store"]


class Store(Protocol):
    """Each method is a transaction of its own, or a part of the one that is open."""

    def reserve(self, wanted: Sequence[Wanted], at: datetime) -> list[list[Item] | None]:
        """Per wish its items in the order of its digests, now reserved, or None: all of a wish or nothing of it."""
        ...

    def give_back(self, items: Sequence[int]) -> int:
        """Reserved to authorised: the module said for certain that it did not sign (decision 12)."""
        ...

    def sign(self, items: Sequence[int]) -> int:
        """Reserved to signed; how many."""
        ...

    def fail(self, items: Sequence[int]) -> int:
        """Reserved to failed for ever: nobody knows whether it was signed (decision 12)."""
        ...


_STORES: dict[str, type[PostgresqlStore] | type[SqliteStore]] = {
    "postgresql": PostgresqlStore,
    "sqlite": SqliteStore,
}


def store(using: str = "default") -> Store:
    """The store of this database connection."""
    return _STORES[connections[using].vendor](using)
