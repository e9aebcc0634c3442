"""An officer's own reminder to somebody who has been asked for corrections: once a day for each case (RV-3)."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from enrollment import notices
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import Application, TimelineEntry
from enrollment.review.officers import actor, require
from ledger import log
from ledger.clock import today
from staff.models import Officer


def remind(application: Application, officer: Officer, at: datetime) -> None:
    """Tell the applicant again what is waited for and until when; raises Refused("not_now", "reminded_today")."""
    require(officer, application, "EXAMINER")
    day = today(at)
    waiting = Application.objects.filter(pk=application.pk, state=State.RETURNED)
    with transaction.atomic():
        if waiting.filter(Q(reminded_on=None) | Q(reminded_on__lt=day)).update(reminded_on=day) != 1:
            raise Refused("reminded_today" if waiting.exists() else "not_now")
        TimelineEntry.objects.create(application=application, kind="reminded", happened_at=at)
        notices.return_reminder(application, day.isoformat())
        log.append(
            "application.reminded",
            actor=actor(officer),
            subject=str(application.public_id),
            authority=application.authority,
        )
