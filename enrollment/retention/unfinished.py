"""What nobody finished: drafts of thirty days, returned applications past their deadline, and the words before it.

Sources: ST-13, ST-21, ST-32 (N4), DQ-23. Days are civil days in Japan: a draft that was changed last on the 1st is
kept until 24:00 of the 31st (the day of the change is not counted, Civil Code art. 140).
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from enrollment import moves, notices, uploads
from enrollment.flow import Actor, State
from enrollment.models import Application, Attachment, SealedPin, StepAnswers, TimelineEntry
from enrollment.retention import words
from ledger.clock import end_of_day, last_day, today
from ledger.erasure import CLOCK, Erased

DRAFT_DAYS = 30
REMIND_DAYS = 7
DRAFT_REMINDER, RETURN_REMINDER = "draft_reminder", "return_reminder"  # entries of the timeline, as marks


def _unchanged_for(days: int, at: datetime) -> QuerySet[Application]:
    """Drafts whose last change of any kind lies more than so many civil days before this one."""
    first_kept = end_of_day(today(at) - timedelta(days=days + 1))
    mine = {"application": OuterRef("pk")}
    return Application.objects.filter(
        ~Exists(StepAnswers.objects.filter(**mine, saved_at__gte=first_kept)),
        ~Exists(Attachment.objects.filter(**mine, uploaded_at__gte=first_kept)),
        ~Exists(SealedPin.objects.filter(**mine, sealed_at__gte=first_kept)),
        state=State.DRAFT,
        changed_at__lt=first_kept,
    )


def _first(cases: QuerySet[Application], most: int) -> list[int]:
    return list(cases.order_by("pk").values_list("pk", flat=True)[:most])


def _locked(keys: Sequence[int], due: QuerySet[Application]) -> Application | None:
    """The one case of this batch, locked, if it is still due: a save may have come between."""
    (key,) = keys
    locked = Application.objects.select_for_update().filter(pk=key).first()
    if locked is None or not due.filter(pk=key).exists():
        return None
    return locked


def _last_change(application: Application) -> datetime:
    times = [application.changed_at]
    times += application.answers.values_list("saved_at", flat=True)
    times += application.attachments.values_list("uploaded_at", flat=True)
    times += SealedPin.objects.filter(application=application).values_list("sealed_at", flat=True)
    return max(times)


def kept_until(application: Application) -> date:
    """The last day on which this draft is kept."""
    return today(_last_change(application)) + timedelta(days=DRAFT_DAYS)


# --- drafts -------------------------------------------------------------------------------------------------------


def _overdue(at: datetime) -> QuerySet[Application]:
    return _unchanged_for(DRAFT_DAYS, at).filter(legal_hold=False)


def overdue_drafts(at: datetime, most: int) -> list[int]:
    return _first(_overdue(at), most)


def erase_draft(keys: Sequence[int], at: datetime) -> Erased | None:
    """The whole draft is gone, PIN and files with it; the applicant finds a notice instead."""
    application = _locked(keys, _overdue(at))
    if application is None:
        return None
    told = Erased(str(application.public_id), {"files": application.attachments.count()})
    words.draft_erased(application)
    uploads.erase_all(application)
    application.delete()
    return told


def _quiet(at: datetime) -> QuerySet[Application]:
    """Drafts that are erased in seven days, whose applicant has not been told since the last change."""
    told = TimelineEntry.objects.filter(
        application=OuterRef("pk"),
        kind=DRAFT_REMINDER,
        happened_at__gte=end_of_day(today(at) - timedelta(days=REMIND_DAYS + 1)),
    )
    quiet = _unchanged_for(DRAFT_DAYS - REMIND_DAYS, at).filter(~Exists(told), legal_hold=False)
    return quiet.exclude(pk__in=_overdue(at).values("pk"))


def to_be_reminded(at: datetime, most: int) -> list[int]:
    return _first(_quiet(at), most)


def remind(keys: Sequence[int], at: datetime) -> Erased | None:
    application = _locked(keys, _quiet(at))
    if application is None:
        return None
    until = kept_until(application)
    words.draft_reminder(application, until)
    TimelineEntry.objects.create(application=application, kind=DRAFT_REMINDER, happened_at=at)
    return Erased(str(application.public_id), {"kept_until": until.isoformat()})


# --- returned applications ----------------------------------------------------------------------------------------


def _lapsed(at: datetime) -> QuerySet[Application]:
    return Application.objects.filter(state=State.RETURNED, return_until__lte=at)


def lapsed(at: datetime, most: int) -> list[int]:
    return _first(_lapsed(at), most)


def lapse(keys: Sequence[int], at: datetime) -> None:
    """再提出依頼→取下げ(期限切れ): the move writes the entry; PIN and files go as with a withdrawal (DQ-23)."""
    application = _locked(keys, _lapsed(at))
    if application is None:
        return
    SealedPin.objects.filter(application=application).delete()
    files = 0
    if not application.legal_hold:
        files = application.attachments.count()
        uploads.erase_all(application)
    words.lapsed(application)
    moves.perform("lapse", application, by=Actor.SYSTEM, actor=CLOCK, at=at, data={"files": files})


def _to_be_reminded_of_return(at: datetime) -> QuerySet[Application]:
    told = TimelineEntry.objects.filter(
        application=OuterRef("pk"),
        kind=RETURN_REMINDER,
        happened_at__gte=OuterRef("return_until") - timedelta(days=REMIND_DAYS),
    )
    return Application.objects.filter(
        ~Exists(told),
        state=State.RETURNED,
        return_until__gt=at,
        return_until__lte=at + timedelta(days=REMIND_DAYS),
    )


def returns_to_be_reminded(at: datetime, most: int) -> list[int]:
    return _first(_to_be_reminded_of_return(at), most)


def remind_of_return(keys: Sequence[int], at: datetime) -> Erased | None:
    """N4, seven days before the deadline (ST-32)."""
    application = _locked(keys, _to_be_reminded_of_return(at))
    if application is None or application.return_until is None:
        return None
    notices.return_reminder(application)
    TimelineEntry.objects.create(application=application, kind=RETURN_REMINDER, happened_at=at)
    until = last_day(application.return_until)
    return Erased(str(application.public_id), {"return_until": until.isoformat()}, application.authority)
