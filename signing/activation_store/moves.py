"""The moves of reserved items that every database knows: conditional updates, never read-check-save (law 2).

Each holds its activations first, in the order of their ids, as reserving and ending do. Whoever has waited to reserve
looks through an old snapshot, and holds items in the order of its wishes while it finds that they are no longer free:
without the activation's lock the two could wait for each other.
"""

from collections.abc import Sequence

from django.db import transaction

from signing.flow import Item
from signing.models import Activation, ActivationItem


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
        if not items:
            return 0
        rows = ActivationItem.objects.using(self.using).filter(pk__in=items)
        own = Activation.objects.using(self.using).filter(
            pk__in=set(rows.values_list("activation", flat=True))
        )
        with transaction.atomic(using=self.using):
            list(own.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
            return rows.filter(state=Item.RESERVED).update(state=target)
