"""The moves of reserved items that every database knows: conditional updates, never read-check-save (law 2)."""

from collections.abc import Sequence

from signing.flow import Item
from signing.models import ActivationItem


class Moves:
    """`using` is the alias of the database connection."""

    def __init__(self, using: str = "default") -> None:
        self.using = using

    def give_back(self, items: Sequence[int]) -> int:
        return self._move(items, Item.AUTHORISED)

    def sign(self, items: Sequence[int]) -> int:
        return self._move(items, Item.SIGNED)

    def fail(self, items: Sequence[int]) -> int:
        return self._move(items, Item.FAILED)

    def _move(self, items: Sequence[int], target: Item) -> int:
        rows = ActivationItem.objects.using(self.using).filter(pk__in=items, state=Item.RESERVED)
        return rows.update(state=target)
