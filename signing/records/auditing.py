"""Which ledger entries are about a signer: what the desk's log asks for its auditors (LEDGER_SIGNERS).

An entry of a turn is about several signers and has no one subject. The records know which entry covers each signature.
A SAD's row knows the shard and the moment of the turn that wrote both (`activation_store.ids.in_shard`). Either are
read by an index, in the order of time, and only as far as the asker goes on asking.
"""

import heapq
from collections import deque
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from signing.activation_store import ids
from signing.models import Activation, Credential, SignatureRecord, SigningSession

_CHUNK = 500
_ORDER = ("made_at", "log_shard", "log_number")
_Row = tuple[datetime, str, int]


class Covering(NamedTuple):
    """An entry's place in the log, the time of its signatures, and how many of them are the signer's."""

    shard: str
    number: int
    at: datetime
    signatures: int


class Authorising(NamedTuple):
    """An entry's shard, its very time and its authority, and how many of its SADs are the signer's."""

    shard: str
    at: datetime
    authority: str
    sads: int


class Signed(NamedTuple):
    """`subjects`: under which entries name the signer. `credentials`: row ids and their authorities."""

    subjects: list[str]
    credentials: dict[int, str]

    def covering(
        self, since: datetime | None, until: datetime | None, *, newest_first: bool
    ) -> Iterator[Covering]:
        """Every entry that holds a signature of theirs, once, by the signatures' time; both ends are included."""
        lines = [_line(pk, since, until, newest_first) for pk in self.credentials]
        for row, group in groupby(heapq.merge(*lines, reverse=newest_first)):
            at, shard, number = row
            yield Covering(shard, number, at, sum(1 for _ in group))

    def authorising(
        self, since: datetime | None, until: datetime | None, *, newest_first: bool
    ) -> Iterator[Authorising]:
        """Every entry of a turn that may hold a SAD of theirs (it may hold theirs alone), once, by its time.

        A SAD under which nothing was asked of the signer is forgotten after a day (`retention`), and its entry is not
        found by it any more: nothing was signed there.
        """
        found = _sads(self.credentials, since, until, newest_first)
        for (at, shard, authority), group in groupby(found):
            yield Authorising(shard, at, authority, sum(1 for _ in group))


def find(wanted: str, authorities: Collection[str]) -> Signed:
    """By a credential's or signer's public id or a 本人ID, of these authorities' certificates alone; nobody: empty."""
    who = Q(signer__person_id=wanted)
    with suppress(ValueError):
        who |= Q(public_id=UUID(wanted)) | Q(signer__public_id=UUID(wanted))
    rows = Credential.objects.filter(who, authority__in=list(authorities)).order_by("pk")
    found = list(rows.values_list("pk", "public_id", "authority"))
    return Signed(
        [str(public_id) for _pk, public_id, _authority in found],
        {pk: authority for pk, _public_id, authority in found},
    )


def _line(
    credential: int, since: datetime | None, until: datetime | None, newest_first: bool
) -> Iterator[_Row]:
    rows = SignatureRecord.objects.filter(credential=credential)
    rows = rows.filter(made_at__gte=since) if since else rows
    rows = rows.filter(made_at__lte=until) if until else rows
    order = [f"-{name}" for name in _ORDER] if newest_first else list(_ORDER)
    return rows.order_by(*order).values_list(*_ORDER).iterator(_CHUNK)


def _sads(
    credentials: dict[int, str], since: datetime | None, until: datetime | None, newest_first: bool
) -> Iterator[tuple[datetime, str, str]]:
    """Time, shard and authority of each SAD that a turn made, by time.

    A SAD is made within its session, so a session's are read when the time of the others has come to it: at most those
    of the days that overlap.
    """
    rows = SigningSession.objects.filter(credential__in=credentials)
    rows = rows.filter(expires_at__gte=since) if since else rows
    rows = rows.filter(started_at__lte=until) if until else rows
    edge = "expires_at" if newest_first else "started_at"
    ordered = rows.order_by(f"-{edge}" if newest_first else edge)
    waiting = deque(ordered.values_list(edge, "pk", "credential"))
    sign = -1 if newest_first else 1
    heap: list[tuple[float, datetime, str, str]] = []
    while waiting or heap:
        while waiting and (not heap or sign * waiting[0][0].timestamp() <= heap[0][0]):
            _edge, session, credential = waiting.popleft()
            for at, shard in _of_session(session, since, until):
                heapq.heappush(heap, (sign * at.timestamp(), at, shard, credentials[credential]))
        if heap:
            _key, at, shard, authority = heapq.heappop(heap)
            yield at, shard, authority


def _of_session(
    session: int, since: datetime | None, until: datetime | None
) -> Iterator[tuple[datetime, str]]:
    for at, made in Activation.objects.filter(session=session).values_list("created_at", "public_id"):
        shard = ids.shard_of(made)
        if shard and not (since and at < since) and not (until and at > until):
            yield at, shard
