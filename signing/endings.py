"""The end of a day's session, and what dies with it in the same transaction (decision 11)."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from signing import flow
from signing.flow import Item
from signing.models import Activation, ActivationItem, Approval, SigningSession

_VOID = next(move for move in flow.APPROVAL_MOVES if move.name == "void")


def end_sessions(sessions: QuerySet[SigningSession], at: datetime) -> int:
    """End those that still live and kill their unused hash occurrences; how many sessions ended.

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
        waiting = Approval.objects.filter(session__in=ended, state__in=_VOID.sources)
        waiting.update(state=_VOID.target)
    return count
