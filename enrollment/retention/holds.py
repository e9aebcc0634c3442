"""Legal hold: nothing that is evidence is erased of this application until the hold is lifted (decision 31)."""

from django.db import transaction

from enrollment.errors import Refused
from enrollment.models import Application
from ledger import log
from staff.models import Officer
from staff.roles import AUDITOR, OPERATOR

MAY_HOLD = (AUDITOR, OPERATOR)
LONGEST_REASON = 200


def place(application: Application, officer: Officer, reason: str) -> None:
    """Keep this application. Raises Refused: not_yours, reason_missing, not_now (it is kept already)."""
    _change(application, officer, reason, is_held=True)


def lift(application: Application, officer: Officer, reason: str) -> None:
    """Let the timetable go on. Raises Refused: not_yours, reason_missing, not_now (it is not kept)."""
    _change(application, officer, reason, is_held=False)


def _change(application: Application, officer: Officer, reason: str, *, is_held: bool) -> None:
    """`reason` stands in the ledger for ever: a file number, never a name."""
    authorities = {application.authority, ""}  # an operator may stand above the authorities
    if not officer.is_active or not any(
        officer.holds(role, authority) for role in MAY_HOLD for authority in authorities
    ):
        raise Refused("not_yours")
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise Refused("reason_missing")
    with transaction.atomic():
        rows = Application.objects.filter(pk=application.pk, legal_hold=not is_held)
        if rows.update(legal_hold=is_held) != 1:
            raise Refused("not_now")
        log.append(
            "application.held" if is_held else "application.hold_lifted",
            actor=log.Actor("officer", str(officer.public_id)),
            subject=str(application.public_id),
            authority=application.authority,
            data={"reason": reason},
        )
    application.refresh_from_db()
