"""What has ended: refused, withdrawn and lapsed applications after three months, issued ones after ten years.

Sources: decision 31, DQ-23; 電子署名法施行規則 12条2項 (books of ten years after the certificate's end).
What stays is the shell: receipt number, authority, state, the moments of the timeline, who decided. What the person
wrote, showed and signed goes, and with it the register number and the key by which the same person is found again.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from enrollment import uploads
from enrollment.flow import Card, State
from enrollment.models import (
    Application,
    Attachment,
    CardOrder,
    CertificateOrder,
    ChecklistSheet,
    CheckRun,
    Decision,
    Finding,
    JoinRequest,
    OrderEntry,
    ReturnItem,
    SealedPin,
    Statement,
    StepAnswers,
    TimelineEntry,
)
from ledger.clock import civil_months_later, end_of_day, today
from ledger.erasure import Erased
from signing import credentials

ENDED = (State.REJECTED, State.WITHDRAWN)
ENDED_MONTHS = 3
ISSUED_MONTHS = 120
ASKED = 1000  # issued cases that signing is asked about at once


def _with_content(cases: QuerySet[Application]) -> QuerySet[Application]:
    """Cases of which something is left to erase, and that nobody has put on hold."""
    mine = {"application": OuterRef("pk")}
    left = (
        Exists(StepAnswers.objects.filter(**mine))
        | Exists(Attachment.objects.filter(**mine))
        | Exists(Statement.objects.filter(**mine))
        | Exists(Finding.objects.filter(**mine))
    )
    return cases.filter(left, legal_hold=False)


def _ended_before(at: datetime, months: int) -> datetime:
    """What ended before this moment has been kept its civil months in full (Civil Code arts. 140, 143)."""
    day = today(at)
    ended = civil_months_later(day, -months) + timedelta(days=3)  # a little too late: months differ in length
    while civil_months_later(ended, months) >= day:
        ended -= timedelta(days=1)
    return end_of_day(ended)


def _ended(at: datetime) -> QuerySet[Application]:
    # The end is the last change: nothing moves an application out of these states, and nobody may change it there.
    cases = Application.objects.filter(state__in=ENDED, changed_at__lt=_ended_before(at, ENDED_MONTHS))
    return _with_content(cases)


def ended_cases(at: datetime, most: int) -> list[int]:
    return list(_ended(at).order_by("pk").values_list("pk", flat=True)[:most])


def issued_cases(at: datetime, most: int) -> list[int]:
    """Issued cases whose certificate ended ten years ago; signing knows that, and is asked by public ids."""
    found: list[int] = []
    end = _ended_before(at, ISSUED_MONTHS)
    cases = _with_content(Application.objects.filter(state=State.ISSUED, decided_at__lt=end)).order_by("pk")
    last = 0
    while len(found) < most:
        asked = cases.filter(pk__gt=last).values_list("credential", "pk")[:ASKED]
        rows = {credential: pk for credential, pk in asked if credential is not None}
        if not rows:
            break
        last = max(rows.values())
        found += sorted(rows[one] for one in credentials.ended_before(end, rows))
    return found[:most]


def erase_case(keys: Sequence[int], at: datetime) -> Erased | None:
    """Everything but the shell of one case; the applicant reads of it in the timeline."""
    (key,) = keys
    locked = Application.objects.select_for_update().filter(pk=key)
    application = _with_content(Application.objects.filter(pk=key)).first() if locked.first() else None
    if application is None:
        return None
    data = {"files": application.attachments.count(), "statements": application.statements.count()}
    uploads.erase_all(application)
    for model in (StepAnswers, Statement, Finding, JoinRequest, CheckRun, SealedPin, ChecklistSheet):
        model.objects.filter(application=application).delete()
    orders = CertificateOrder.objects.filter(application=application)
    orders.update(subject={}, content=None, cms=None, signature_certificate=None, reason="")
    OrderEntry.objects.filter(order__in=orders).update(note="")
    ReturnItem.objects.filter(application=application).update(note="")
    Decision.objects.filter(application=application).update(note="", line_notes={})
    Application.objects.filter(pk=key).update(person_key=None)
    # An issued case's number goes on keeping a second one away (decision 7).
    Application.objects.filter(pk=key, state__in=ENDED).update(registration_number="")
    TimelineEntry.objects.create(application=application, kind="erased", happened_at=at)
    return Erased(str(application.public_id), data, application.authority)


# --- the HPKI card's PIN (DQ-23) ----------------------------------------------------------------------------------


def _unused_pins() -> QuerySet[SealedPin]:
    return SealedPin.objects.filter(application__state__in=(*ENDED, State.ISSUED))


def _used_orders() -> QuerySet[CardOrder]:
    ended = Q(application__state__in=ENDED)
    return CardOrder.objects.filter(sealed_pin__isnull=False).filter(ended | ~Q(state=Card.MAKING))


def pins_of_no_use(at: datetime, most: int) -> list[uuid.UUID]:
    """Applications that have ended, or whose card is made, and of which a sealed PIN is left."""
    found = [*_unused_pins().values_list("application__public_id", flat=True)[:most]]
    return [*found, *_used_orders().values_list("application__public_id", flat=True)[: most - len(found)]]


def erase_pins(keys: Sequence[uuid.UUID], at: datetime) -> Erased | None:
    count = _unused_pins().filter(application__public_id__in=keys).delete()[0]
    orders = _used_orders().filter(application__public_id__in=keys).values_list("pk", flat=True)
    count += CardOrder.objects.filter(pk__in=list(orders)).update(sealed_pin=None)
    return Erased("sealed_pin", {"count": count}) if count else None
