"""The signer's own records: filtered, newest first, page by page at one price (screens.md "The signer's own page").

Every look-up begins at the signer, so another signer's record is never there. Of each of the signer's certificates
the newest rows are read by the index `signer_reads` and merged: a page costs the same after 100,000 signatures.
A search goes through the records alone, and what stands around them is read for one page only: the database cannot know
how often one signer's records are of one facility, and would join them all where it believes that there are none.
"""

import heapq
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from ledger import clock
from signing.models import (
    ClientCertificate,
    Credential,
    KnownCaller,
    KnownFacility,
    OAuthClient,
    SignatureRecord,
    Signer,
)

PAGE = 50
_CHUNK = 1000


class Wanted(NamedTuple):
    """What is looked for. Days are Japan's; `digest` is lower-case hexadecimal, its beginning.

    `client` is a system's public id, `facility` the insurance code of one of its facilities' certificates.
    """

    since: date | None = None
    until: date | None = None
    client: UUID | None = None
    facility: str = ""
    result: str = ""
    digest: str = ""

    @property
    def is_everything(self) -> bool:
        return self == Wanted()


class Facility(NamedTuple):
    """The name is that of its newest certificate; the code is its insurance code."""

    name: str
    code: str


class System(NamedTuple):
    """A system that has signed for a signer, and its facilities that have."""

    client: OAuthClient
    facilities: list[Facility]


class Page(NamedTuple):
    """`older`: the public id to go on from, None at the end."""

    rows: list[SignatureRecord]
    older: UUID | None
    is_first: bool


def page(signer: Signer, wanted: Wanted, before: UUID | None = None, size: int = PAGE) -> Page:
    """At most `size` records older than the one of this public id; an id that is not the signer's is the first page."""
    start = find(signer, before) if before else None
    lines = _lines(signer, wanted, start)
    keys = [key for line in lines for key in line.values_list("made_at", "pk")[: size + 1]]
    keys.sort(reverse=True)
    rows = list(_whole(SignatureRecord.objects.filter(pk__in=[pk for _at, pk in keys[:size]])))
    rows.sort(key=_age)
    return Page(rows, rows[-1].item.public_id if len(keys) > size else None, start is None)


def find(signer: Signer, public_id: UUID) -> SignatureRecord | None:
    """The signer's record of this public id (its item's); None for any other."""
    return _whole(
        SignatureRecord.objects.filter(credential__signer=signer, item__public_id=public_id)
    ).first()


def everything(signer: Signer, wanted: Wanted) -> Iterator[SignatureRecord]:
    """All records that are wanted, newest first, read in pieces; what a piece has in common is read once for it."""
    shared = ("client", "certificate", "session", "credential", "item__activation")
    lines = [
        line.select_related("item").prefetch_related(*shared).iterator(_CHUNK)
        for line in _lines(signer, wanted, None)
    ]
    return heapq.merge(*lines, key=_age)


def callers(signer: Signer) -> list[System]:
    """The systems and facilities that have signed for this signer: the filter's choices, by name."""
    known = KnownFacility.objects.filter(signer=signer).values_list("client_id", "facility")
    rows = ClientCertificate.objects.filter(client__in={client for client, _code in known})
    rows = rows.order_by("added_at", "pk")
    names = {(row.client_id, row.facility): row.facility_name for row in rows}  # the newest one's stays
    facilities: dict[int, list[Facility]] = {}
    for client, code in known:
        facilities.setdefault(client, []).append(Facility(names.get((client, code), code), code))
    systems = KnownCaller.objects.filter(signer=signer).select_related("client")
    return [
        System(row.client, sorted(facilities.get(row.client_id, [])))
        for row in systems.order_by("client__name", "client_id")
    ]


def _age(row: SignatureRecord) -> tuple[float, int]:
    return -row.made_at.timestamp(), -row.pk


def _lines(signer: Signer, wanted: Wanted, start: SignatureRecord | None) -> list[QuerySet[SignatureRecord]]:
    """One query for each certificate of the signer, each newest first."""
    credentials = Credential.objects.filter(signer=signer).order_by("pk").values_list("pk", flat=True)
    condition = _condition(wanted)
    if start is not None:
        same_moment = Q(made_at=start.made_at, pk__lt=start.pk)
        condition &= Q(made_at__lte=start.made_at) & (Q(made_at__lt=start.made_at) | same_moment)
    return [
        SignatureRecord.objects.filter(condition, credential=credential).order_by("-made_at", "-pk")
        for credential in credentials
    ]


def _whole(rows: QuerySet[SignatureRecord]) -> QuerySet[SignatureRecord]:
    return rows.select_related("client", "certificate", "session", "credential", "item__activation")


def _condition(wanted: Wanted) -> Q:
    found = Q()
    if wanted.since:
        found &= Q(made_at__gte=_midnight(wanted.since))
    if wanted.until:
        found &= Q(made_at__lt=clock.end_of_day(wanted.until))
    if wanted.client:
        found &= _of_caller(wanted.client, wanted.facility)
    if wanted.result:
        found &= Q(result=wanted.result)
    if wanted.digest:
        lowest, beyond = _bounds(wanted.digest)
        found &= Q(digest__gte=lowest)
        if beyond:
            found &= Q(digest__lt=beyond)
    return found


def _of_caller(client: UUID, facility: str) -> Q:
    """By few row ids, so that a record is judged without looking beside it; a facility's ended certificates too."""
    if not facility:
        return Q(client__in=list(OAuthClient.objects.filter(public_id=client).values_list("pk", flat=True)))
    rows = ClientCertificate.objects.filter(client__public_id=client, facility=facility)
    return Q(certificate__in=list(rows.values_list("pk", flat=True)))


def _midnight(day: date) -> datetime:
    return clock.end_of_day(day - timedelta(days=1))


def _bounds(prefix: str) -> tuple[bytes, bytes]:
    """The least digest that begins so, and the least beyond all of them (empty: there is none)."""
    lowest = bytes.fromhex(prefix + "0" * (len(prefix) % 2))
    last = int(prefix, 16) + 1
    if last == 16 ** len(prefix):
        return lowest, b""
    beyond = f"{last:0{len(prefix)}x}"
    return lowest, bytes.fromhex(beyond + "0" * (len(beyond) % 2))
