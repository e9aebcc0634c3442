"""How an officer reaches a case: through the authorities of their roles, and with a note in the ledger (RV-4)."""

import uuid

from django.db import transaction
from django.http import Http404, HttpRequest

from enrollment.models import Application
from ledger import log
from staff.models import Officer

READING_ROLES = ("EXAMINER", "APPROVER", "AUDITOR")


def officer_of(request: HttpRequest) -> Officer:
    """The signed-in officer; the admin site lets nobody else through, second factor included."""
    if not isinstance(request.user, Officer):
        raise Http404
    return request.user


def reach(officer: Officer) -> set[str]:
    """The authorities whose cases this officer may read; an operator reaches none (decision 6)."""
    return set().union(*(officer.authorities(role) for role in READING_ROLES))


def case_of(officer: Officer, public_id: uuid.UUID) -> Application:
    """The case, if it is one of the officer's authorities; else 404, and an entry when the case exists."""
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
    return found


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
