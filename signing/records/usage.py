"""Unusual use, told to the signer (issue 5 point 6): a new system or facility, the night, far more than usual.

By the clock, not on the way of a signature: new records are counted once, a piece at a time, in one transaction with
the mark that says how far the counting has come. News goes up through the outbox; enrollment tells the person.

What is unusual (judgement):
- a system that has never signed for this signer before: once for each system;
- a facility, by the insurance code of its certificate, that has never signed over this known system for this signer
  (the step-up policy's "new" too): once for each; the one that came with a new system is told with the system;
- a signature between 0 and 5 o'clock in Japan, once a day, unless nights were usual lately (3 of the last 14 days);
- a day with more than three times the signer's mean day (of 30), and more than 100 signatures; once a day.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Max, Min, QuerySet
from django.db.models.functions import ExtractHour, TruncDate

from ledger import clock, log
from ledger.clock import JST
from outbox import jobs
from signing.errors import Refused
from signing.models import (
    Credential,
    DailyUse,
    KnownCaller,
    KnownFacility,
    OAuthClient,
    SignatureRecord,
    Signer,
    UnusualUse,
    UsageMark,
)

NEWS = "signing.unusual_use"
NIGHT_ENDS = 5  # o'clock in Japan
USUAL_NIGHTS, NIGHTS_OF = 3, 14
MANY, TIMES, DAYS_OF = 100, 3, 30
KEPT = 60  # days of counts
_MOST = 50_000  # records in one go
_SETTLED = timedelta(seconds=60)  # a record's transaction is over by then
_TOLD_OF = timedelta(days=2)  # what a stopped clock has missed longer ago is counted and not told
_RECENT = timedelta(days=7)
_UPSERT = """
INSERT INTO signing_dailyuse (signer_id, day, count, at_night) VALUES {rows}
ON CONFLICT (signer_id, day) DO UPDATE
SET count = signing_dailyuse.count + excluded.count, at_night = signing_dailyuse.at_night + excluded.at_night
"""
_ROWS = 200  # of one statement: SQLite takes few parameters


class Unusual(NamedTuple):
    """What the person is told; `caller` and `facility` are the names of the system and of the hospital or pharmacy
    where it was seen first; "" where the system has shown no facility's certificate.
    """

    public_id: UUID
    credential: UUID
    kind: str
    day: date
    first_at: datetime
    number: int
    usual: int
    caller: str
    facility: str


class _Use(NamedTuple):
    """New records of a credential with a system's facility ("": none) in one hour of one day."""

    signer: int
    credential: int
    client: int
    facility: str
    facility_name: str
    day: date
    at_night: bool
    number: int
    first_at: datetime


def watch(at: datetime) -> int:
    """For the clock, every minute: count what is new and raise news of what is unusual; how many records."""
    with transaction.atomic():
        UsageMark.objects.bulk_create([UsageMark(pk=1)], ignore_conflicts=True)
        mark = UsageMark.objects.select_for_update().get(pk=1)
        waiting = SignatureRecord.objects.filter(pk__gt=mark.last_record).order_by("pk")[:_MOST]
        settled = SignatureRecord.objects.filter(pk__in=waiting, made_at__lte=at - _SETTLED)
        last = settled.aggregate(last=Max("pk"))["last"]
        if last is None:
            return 0
        uses = _uses(mark.last_record, last)
        _count(uses)
        _tell([*_newcomers(uses, at), *_nights(uses, at), *_volumes(uses, at)])
        UsageMark.objects.filter(pk=1).update(last_record=last)
    return sum(use.number for use in uses)


def find(public_id: UUID) -> Unusual:
    """For enrollment. Raises Refused("unusual_unknown")."""
    row = UnusualUse.objects.select_related("credential", "client").filter(public_id=public_id).first()
    if row is None:
        raise Refused("unusual_unknown")
    return _told(row)


def recent(signer: Signer, at: datetime) -> list[Unusual]:
    """What the signer should look at: of the last seven days, newest first."""
    rows = UnusualUse.objects.filter(signer=signer, first_at__gt=at - _RECENT)
    return [
        _told(row) for row in rows.select_related("credential", "client").order_by("-first_at", "-pk")[:20]
    ]


def _told(row: UnusualUse) -> Unusual:
    return Unusual(
        row.public_id,
        row.credential.public_id,
        row.kind,
        row.day,
        row.first_at,
        row.count,
        row.usual,
        row.client.name,
        row.facility_name,
    )


def _uses(after: int, until: int) -> list[_Use]:
    rows = (
        SignatureRecord.objects.filter(pk__gt=after, pk__lte=until)
        .annotate(day=TruncDate("made_at", tzinfo=JST), hour=ExtractHour("made_at", tzinfo=JST))
        .values_list(
            *("credential__signer", "credential", "client"),
            *("certificate__facility", "certificate__facility_name", "day", "hour"),
        )
        .annotate(number=Count("pk"), first=Min("made_at"))
        .order_by("first")
    )
    return [
        _Use(signer, credential, client, facility or "", name or "", day, hour < NIGHT_ENDS, number, first)
        for signer, credential, client, facility, name, day, hour, number, first in rows
    ]


def _count(uses: Iterable[_Use]) -> None:
    found: dict[tuple[int, date], list[int]] = {}
    for use in uses:
        both = found.setdefault((use.signer, use.day), [0, 0])
        both[0] += use.number
        both[1] += use.number if use.at_night else 0
    values: list[tuple[int, date, int, int]] = [
        (signer, day, both[0], both[1]) for (signer, day), both in sorted(found.items())
    ]
    with connection.cursor() as cursor:
        for start in range(0, len(values), _ROWS):
            part = values[start : start + _ROWS]
            places = ", ".join(["(%s, %s, %s, %s)"] * len(part))
            cursor.execute(_UPSERT.format(rows=places), [value for row in part for value in row])


def _newcomers(uses: Sequence[_Use], at: datetime) -> list[UnusualUse]:
    """New systems, and new facilities of systems; learned whether they are told or not."""
    callers, facilities = _new_callers(uses), _new_facilities(uses)
    with_system = set(callers)  # its first facility
    found = [(UnusualUse.CALLER, use) for use in callers]
    found += [(UnusualUse.FACILITY, use) for use in facilities if use not in with_system]
    return [_row(kind, use, use.number) for kind, use in found if _is_told(use, at)]


def _new_callers(uses: Sequence[_Use]) -> list[_Use]:
    first: dict[tuple[int, int], _Use] = {}
    for use in uses:
        first.setdefault((use.signer, use.client), use)
    signers = {signer for signer, _client in first}
    known = {(row.signer_id, row.client_id) for row in KnownCaller.objects.filter(signer__in=signers)}
    new = [use for pair, use in first.items() if pair not in known]
    KnownCaller.objects.bulk_create(
        [KnownCaller(signer_id=use.signer, client_id=use.client, first_at=use.first_at) for use in new],
        ignore_conflicts=True,
    )
    return new


def _new_facilities(uses: Sequence[_Use]) -> list[_Use]:
    first: dict[tuple[int, int, str], _Use] = {}
    for use in uses:
        if use.facility:
            first.setdefault((use.signer, use.client, use.facility), use)
    rows = KnownFacility.objects.filter(signer__in={signer for signer, _client, _facility in first})
    known = {(row.signer_id, row.client_id, row.facility) for row in rows}
    new = [use for place, use in first.items() if place not in known]
    KnownFacility.objects.bulk_create(
        [
            KnownFacility(
                signer_id=use.signer, client_id=use.client, facility=use.facility, first_at=use.first_at
            )
            for use in new
        ],
        ignore_conflicts=True,
    )
    return new


def _nights(uses: Sequence[_Use], at: datetime) -> list[UnusualUse]:
    new = _first_of_each_day(use for use in uses if use.at_night and _is_told(use, at))
    days = _days([use.signer for use in new], NIGHTS_OF, at)
    return [
        _row(UnusualUse.NIGHT, use, use.number)
        for use in new
        if sum(1 for row in days.get(use.signer, ()) if _is_before(row, use, NIGHTS_OF) and row.at_night)
        < USUAL_NIGHTS
    ]


def _volumes(uses: Sequence[_Use], at: datetime) -> list[UnusualUse]:
    new = _first_of_each_day(use for use in uses if _is_told(use, at))
    large = DailyUse.objects.filter(
        signer__in={use.signer for use in new}, day__in={use.day for use in new}, count__gt=MANY
    )
    counts = {(row.signer_id, row.day): row.count for row in large}
    new = [use for use in new if (use.signer, use.day) in counts]
    days = _days([use.signer for use in new], DAYS_OF, at)
    found = []
    for use in new:
        before = [row.count for row in days.get(use.signer, []) if _is_before(row, use, DAYS_OF)]
        usual = round(sum(before) / len(before)) if before else 0
        count = counts[use.signer, use.day]
        if count > TIMES * usual:
            row = _row(UnusualUse.VOLUME, use, count)
            row.usual = usual
            found.append(row)
    return found


def _first_of_each_day(uses: Iterable[_Use]) -> list[_Use]:
    found: dict[tuple[int, date], _Use] = {}
    for use in uses:
        found.setdefault((use.signer, use.day), use)
    return list(found.values())


def _days(signers: Sequence[int], back: int, at: datetime) -> Mapping[int, list[DailyUse]]:
    earliest = clock.today(at - _TOLD_OF) - timedelta(days=back)
    found: dict[int, list[DailyUse]] = {}
    for row in DailyUse.objects.filter(signer__in=set(signers), day__gte=earliest):
        found.setdefault(row.signer_id, []).append(row)
    return found


def _is_before(row: DailyUse, use: _Use, days: int) -> bool:
    return use.day - timedelta(days=days) <= row.day < use.day


def _is_told(use: _Use, at: datetime) -> bool:
    return use.first_at > at - _TOLD_OF


def _row(kind: str, use: _Use, count: int) -> UnusualUse:
    return UnusualUse(
        signer_id=use.signer,
        credential_id=use.credential,
        client_id=use.client,
        facility=use.facility,
        facility_name=use.facility_name,
        kind=kind,
        day=use.day,
        first_at=use.first_at,
        count=count,
    )


def _tell(rows: Sequence[UnusualUse]) -> None:
    """Row, news and ledger entry commit together; what was told before stays as it is."""
    credentials = Credential.objects.in_bulk({row.credential_id for row in rows})
    clients = OAuthClient.objects.in_bulk({row.client_id for row in rows})
    new = []
    for row in rows:
        if not _told_before(row).exists():
            row.save(force_insert=True)
            jobs.enqueue(NEWS, str(row.public_id), dedupe=f"{NEWS}:{row.public_id}")
            new.append(row)
    for row in new:
        credential = credentials[row.credential_id]
        log.append(
            NEWS,
            actor=log.SYSTEM,
            subject=str(credential.public_id),
            authority=credential.authority,
            data={
                "kind": row.kind,
                "day": row.day.isoformat(),
                "caller": clients[row.client_id].client_id,
                "facility": row.facility,
                "count": row.count,
            },
        )


def _told_before(row: UnusualUse) -> QuerySet[UnusualUse]:
    """As the constraints of `UnusualUse` say."""
    told = UnusualUse.objects.filter(signer=row.signer_id, kind=row.kind)
    if row.kind == UnusualUse.CALLER:
        return told.filter(client=row.client_id)
    if row.kind == UnusualUse.FACILITY:
        return told.filter(client=row.client_id, facility=row.facility)
    return told.filter(day=row.day)
