"""The step-up policy as rows that operators change: per system, per facility, both, or for all others.

The closest row counts, whole: system and facility, system, facility, neither; where there is none, the settings
STEP_UP_ABOVE and STEP_UP_FOR_NEW_CALLERS, and every declared narcotic. Each change is a ledger entry, and the hot
path's processes are told of it (migration 0022).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from ledger import log
from signing.errors import Refused
from signing.models import ClientCertificate, OAuthClient, StepUpPolicy

LARGEST = 9999  # beyond any batch: never by their number
_LONGEST_FACILITY = 16


class Policy(NamedTuple):
    """`above`: more hashes than so many in one authorisation, 0: never by their number.

    `for_new_callers`: a system, or a facility of it, with which this signer has never signed. `for_narcotics`: what
    the caller declares.
    """

    above: int
    for_new_callers: bool
    for_narcotics: bool


def default() -> Policy:
    """Where no row says anything."""
    return Policy(settings.STEP_UP_ABOVE, settings.STEP_UP_FOR_NEW_CALLERS, True)


def of(row: StepUpPolicy) -> Policy:
    return Policy(row.above, row.for_new_callers, row.for_narcotics)


def that_count(client: int, facility: str, at: datetime) -> list[Policy]:
    """The one of this caller. Where it has shown no certificate but may show one later (at a browser), the one of
    each of its facilities: what any of them wants is wanted.
    """
    shown = {facility} if facility else {"", *_facilities(client, at)}
    rows = list(StepUpPolicy.objects.filter(Q(client=client) | Q(client=None), facility__in={"", *shown}))
    return sorted({_closest(rows, each) for each in shown})


def listed() -> list[StepUpPolicy]:
    """All rows, that of all others first."""
    rows = StepUpPolicy.objects.select_related("client")
    return sorted(rows, key=lambda row: (row.client.client_id if row.client else "", row.facility))


def put(client_id: str, facility: str, wanted: Policy, *, at: datetime, actor: log.Actor) -> StepUpPolicy:
    """Set the row of this system and facility ("": any). What stands already is not written again.

    Raises Refused: client_unknown, facility_bad, above_bad.
    """
    if not 0 <= wanted.above <= LARGEST:
        raise Refused("above_bad")
    with transaction.atomic():
        client = _client(client_id)
        _check_facility(facility)
        values = {**wanted._asdict(), "changed_at": at}
        row, is_new = StepUpPolicy.objects.select_for_update().get_or_create(
            client=client, facility=facility, defaults=values
        )
        was = None if is_new else of(row)
        if was != wanted:
            StepUpPolicy.objects.filter(pk=row.pk).update(**values)
            _log("signing.step_up_policy_set", row, wanted, was, actor)
            row.refresh_from_db()
    return row


def remove(client_id: str, facility: str, *, actor: log.Actor) -> None:
    """The next closest row counts from now on. Raises Refused: client_unknown, policy_unknown."""
    with transaction.atomic():
        rows = StepUpPolicy.objects.select_for_update().filter(client=_client(client_id), facility=facility)
        row = rows.first()
        if row is None:
            raise Refused("policy_unknown")
        was = of(row)
        row.delete()
        _log("signing.step_up_policy_removed", row, None, was, actor)


def _closest(rows: Iterable[StepUpPolicy], facility: str) -> Policy:
    fitting = [row for row in rows if row.facility in ("", facility)]
    closest = max(fitting, key=lambda row: (row.client_id is not None, row.facility != ""), default=None)
    return default() if closest is None else of(closest)


def _facilities(client: int, at: datetime) -> Iterable[str]:
    return ClientCertificate.living(at).filter(client=client).values_list("facility", flat=True)


def _client(client_id: str) -> OAuthClient | None:
    """None: all systems."""
    if not client_id:
        return None
    client = OAuthClient.objects.filter(client_id=client_id).first()
    if client is None:
        raise Refused("client_unknown")
    return client


def _check_facility(facility: str) -> None:
    is_code = facility.isascii() and facility.isalnum() and len(facility) <= _LONGEST_FACILITY
    if facility and not is_code:
        raise Refused("facility_bad")


def _log(kind: str, row: StepUpPolicy, now: Policy | None, was: Policy | None, actor: log.Actor) -> None:
    client = "" if row.client is None else row.client.client_id
    data: dict[str, log.Value] = {"client": client, "facility": row.facility}
    data.update({} if now is None else now._asdict())
    data.update({} if was is None else {f"was_{name}": value for name, value in was._asdict().items()})
    log.append(kind, actor=actor, subject=client or row.facility or "everybody", data=data)
