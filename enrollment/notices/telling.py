"""How a person is told: one inbox notice and one bare mail (ST-16, DQ-28); dates as people read them."""

from datetime import date, datetime

from django.conf import settings

from enrollment.models import Application
from ledger import clock
from ledger.clock import JST
from outbox import mails, notices

PORTAL = "申請状況と全文は、ポータルの「お知らせ」でご確認ください。"


def moment(at: datetime) -> str:
    local = at.astimezone(JST)
    return f"{local.year}年{local.month}月{local.day}日 {local.hour}時{local.minute:02d}分"


def day(given: date) -> str:
    return f"{given.year}年{given.month}月{given.day}日"


def until(end: datetime) -> str:
    """24:00 of a day is that day to a reader, not the next one's midnight (ST-17)."""
    return f"{day(clock.last_day(end))} 24時まで"


def tell(
    application: Application,
    kind: str,
    title: str,
    body: str,
    mail: str,
    *,
    secret: str = "",
    about: str = "",
    mark: str = "",
    is_reminder: bool = False,
) -> None:
    """One inbox notice and, where the address is confirmed, one mail; a repeated call tells nothing twice.

    `mark` tells one telling from the next where the same thing may happen again.
    A reminder is mailed only to those who want to be reminded (DQ-28).
    """
    applicant = application.applicant
    mark = mark or f"{kind}:{about or application.public_id}:{application.round}"
    notices.post(
        applicant.public_id,
        kind,
        title,
        body,
        secret=secret,
        about=about or str(application.public_id),
        dedupe=mark,
    )
    is_wanted = applicant.wants_reminders or not is_reminder
    if is_wanted and applicant.email and applicant.email_verified_at is not None:
        text = f"{mail}\n\n{PORTAL}\n{settings.ORIGIN}/status/\n"
        mails.send(applicant.email, title, text, kind=kind, about=str(application.public_id), dedupe=mark)
