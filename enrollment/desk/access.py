"""How an officer reaches a case: through the authorities of their roles, with a purpose, and with entries (RV-4)."""

import uuid
from datetime import datetime
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest
from django.urls import reverse

from enrollment.desk import purposes
from enrollment.models import Application, Attachment
from ledger import clock, log
from staff.detours import Detour
from staff.models import Officer

DECIDING_ROLES = ("EXAMINER", "APPROVER")
READING_ROLES = (*DECIDING_ROLES, "AUDITOR")


def officer_of(request: HttpRequest) -> Officer:
    """The signed-in officer; the admin site lets nobody else through, second factor included."""
    if not isinstance(request.user, Officer):
        raise Http404
    return request.user


def reach(officer: Officer) -> set[str]:
    """The authorities whose cases this officer may read; an operator reaches none (decision 6)."""
    return set().union(*(officer.authorities(role) for role in READING_ROLES))


def case_of(
    officer: Officer, public_id: uuid.UUID, *, at: datetime | None = None, asks: bool = True
) -> Application:
    """The case, if it is one of the officer's authorities; else 404, and an entry when the case exists.

    Where no purpose of the look is known the officer is led to the page that asks for it, and sees nothing yet.
    `asks=False` is for acts that show nothing of the case by themselves.
    """
    found = (
        Application.objects.for_authorities(reach(officer))
        .filter(public_id=public_id)
        .select_related("applicant", "claimed_by", "recommended_by", "approved_by")
        .prefetch_related("statements", "erased_files__officer")
        .first()
    )
    if found is None:
        if Application.objects.filter(public_id=public_id).exists():
            note(officer, "case.refused", str(public_id))
        raise Http404
    if asks:
        purpose_of(officer, found, at or clock.now())
    return found


def purpose_of(officer: Officer, case: Application, at: datetime, back: str = "") -> str:
    """Why this officer may look at this case now; raises Detour to the page that asks when nothing says so."""
    purpose = purposes.in_force(case, officer, at)
    if not purpose:
        query = f"?{urlencode({'next': back})}" if back else ""
        raise Detour(reverse("admin:enrollment_case_purpose", args=[case.public_id]) + query)
    return purpose


def require_deciding(officer: Officer, case: Application, act: str) -> None:
    """An auditor reads everything and changes nothing: 403 and an entry, whatever the state of the case."""
    if not any(officer.holds(role, case.authority) for role in DECIDING_ROLES):
        note(officer, "case.move_refused", str(case.public_id), case.authority, move=act, code="not_yours")
        raise PermissionDenied


def viewed(officer: Officer, case: Application, at: datetime) -> None:
    """One look at the case screen: who, which, when, why; and one more on the officer's day."""
    purpose = purpose_of(officer, case, at)
    with transaction.atomic():
        purposes.count(case, officer, purpose, at)
        note(officer, "case.viewed", str(case.public_id), case.authority, purpose=purpose)


def file_viewed(
    officer: Officer, case: Application, row: Attachment, at: datetime, *, original: bool
) -> None:
    """One look at one document."""
    note(
        officer,
        "file.viewed",
        str(row.public_id),
        case.authority,
        purpose=purpose_of(officer, case, at),
        case=str(case.public_id),
        slot=row.slot,
        original=original,
    )


def note(
    officer: Officer, kind: str, subject: str, authority: str = "", **data: str | int | bool | None
) -> None:
    """A ledger entry of its own: who looked at what (reads of personal data are logged)."""
    with transaction.atomic():
        log.append(
            kind,
            actor=log.Actor("officer", str(officer.public_id)),
            subject=subject,
            authority=authority,
            data=data or None,
        )
