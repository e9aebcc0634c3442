"""Which ledger entries are about a signer: what the desk's log asks for its auditors (LEDGER_SIGNERS).

An entry of a turn is about several signers and has no one subject; the records know which entry covers each signature.
Their rows are read by the index `signer_reads`, in the order of time, and only as far as the asker goes on asking.
"""

import heapq
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from signing.models import Credential, SignatureRecord

_CHUNK = 500
_ORDER = ("made_at", "log_shard", "log_number")
_Row = tuple[datetime, str, int]


class Covering(NamedTuple):
    """An entry's place in the log, the time of its signatures, and how many of them are the signer's."""

    shard: str
    number: int
    at: datetime
    signatures: int


class Signed(NamedTuple):
    """`subjects`: under which entries name the signer. `credentials`: row ids."""

    subjects: list[str]
    credentials: list[int]

    def covering(
        self, since: datetime | None, until: datetime | None, *, newest_first: bool
    ) -> Iterator[Covering]:
        """Every entry that holds a signature of theirs, once, by the signatures' time; both ends are included."""
        lines = [_line(pk, since, until, newest_first) for pk in self.credentials]
        for row, group in groupby(heapq.merge(*lines, reverse=newest_first)):
            at, shard, number = row
            yield Covering(shard, number, at, sum(1 for _ in group))


def find(wanted: str, authorities: Collection[str]) -> Signed:
    """By a credential's or signer's public id or a 本人ID, of these authorities' certificates alone; nobody: empty."""
    who = Q(signer__person_id=wanted)
    with suppress(ValueError):
        who |= Q(public_id=UUID(wanted)) | Q(signer__public_id=UUID(wanted))
    rows = Credential.objects.filter(who, authority__in=list(authorities)).order_by("pk")
    found = list(rows.values_list("pk", "public_id"))
    return Signed([str(public_id) for _pk, public_id in found], [pk for pk, _public_id in found])


def _line(
    credential: int, since: datetime | None, until: datetime | None, newest_first: bool
) -> Iterator[_Row]:
    rows = SignatureRecord.objects.filter(credential=credential)
    rows = rows.filter(made_at__gte=since) if since else rows
    rows = rows.filter(made_at__lte=until) if until else rows
    order = [f"-{name}" for name in _ORDER] if newest_first else list(_ORDER)
    return rows.order_by(*order).values_list(*_ORDER).iterator(_CHUNK)
