"""The end of a day's session, and what dies with it in the same transaction (decision 11)."""

from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from signing.authorising import withdrawing
from signing.authorising.withdrawing import Withdrawn
from signing.flow import Item
from signing.models import Activation, ActivationItem, Approval, SigningSession


class Ended(NamedTuple):
    """How many ended, and what had been laid before the signer under them: `record` this last."""

    sessions: int
    withdrawn: list[Withdrawn]

    def record(self) -> None:
        """The entries of what was withdrawn; at the end of the transaction, for they lock the ledger's head."""
        withdrawing.record(self.withdrawn, withdrawing.SESSION)


def end_sessions(sessions: QuerySet[SigningSession], at: datetime) -> Ended:
    """End those that still live and kill their unused hash occurrences; the caller records what was withdrawn.

    Access tokens need no row of their own: they are joined to the session wherever they are read. The item
    rows are where this meets a `reserve` that runs at the same moment: one of the two wins. Both lock the
    activations first, in one order, so that they never wait for each other.
    """
    with transaction.atomic():
        ended = list(
            sessions.filter(ended_at=None, expires_at__gt=at).order_by("pk").values_list("pk", flat=True)
        )
        count = SigningSession.objects.filter(pk__in=ended, ended_at=None).update(ended_at=at)
        open_ones = Activation.objects.filter(session__in=ended, expires_at__gt=at).order_by("pk")
        locked = [activation.pk for activation in open_ones.select_for_update()]
        ActivationItem.objects.filter(activation__in=locked, state=Item.AUTHORISED).update(state=Item.DEAD)
        withdrawn = withdrawing.withdraw(Approval.objects.filter(session__in=ended))
    return Ended(count, withdrawn)
