"""What a caller had asked for ends with what it was asked under: its token, its facility's certificate, the day.

Two halves, because the ledger's head is locked last: `withdraw` moves the rows where the token or the day ends,
`record` writes their entries at that transaction's end.
"""

from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import QuerySet

from ledger import log
from signing import flow
from signing.authorising import entries
from signing.models import Approval

TOKEN, SESSION, CERTIFICATE = "token_revoked", "session_ended", "certificate_ended"
_VOID = next(move for move in flow.APPROVAL_MOVES if move.name == "void")


class Withdrawn(NamedTuple):
    """One that was ended here; `was`: nobody had answered yet (waiting), or its SAD was not fetched (approved)."""

    approval: Approval
    was: str


def withdraw(asked: QuerySet[Approval]) -> list[Withdrawn]:
    """End those that nobody has answered or fetched; locked in one order, so that two ends never wait in a circle."""
    living = asked.filter(state__in=_VOID.sources).select_related("credential").order_by("pk")
    found = list(living.select_for_update(of=("self",), no_key=True))
    rows = Approval.objects.filter(pk__in=[each.pk for each in found], state__in=_VOID.sources)
    rows.update(state=_VOID.target)
    return [Withdrawn(each, each.state) for each in found]


def record(withdrawn: Iterable[Withdrawn], why: str, actor: log.Actor = log.SYSTEM) -> None:
    """One entry for each; `why` is TOKEN, SESSION or CERTIFICATE."""
    for approval, was in withdrawn:
        entries.write(approval, "signing.approval_withdrawn", actor, why=why, was=was)
