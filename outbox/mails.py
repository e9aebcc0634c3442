"""Mails: a row and a job in the transaction of their cause; sent by the job, once as far as SMTP allows.

A crash between the server's answer and our record sends the mail again, with the same Message-ID. Each hand-over of
which we never learnt the end is counted in the row (`unanswered`), before the server is spoken to: a mail has at most
so many copies too many, and never one where every end is known.
"""

import smtplib
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import charset
from email.utils import formatdate
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.validators import validate_email
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Sum

from ledger import clock
from outbox import jobs
from outbox.models import Mail

KIND = "outbox.mail"
_TIMEOUT = 20  # seconds, for each answer of the mail server

_BASE64_UTF8 = charset.Charset("utf-8")
_BASE64_UTF8.body_encoding = charset.BASE64  # seven bits all the way: not every relay speaks 8BITMIME


class MailRefused(ValueError):
    """Not one plain address, or a header that would break into two (ASVS 1.3.11)."""


class HandedOverElsewhere(RuntimeError):
    """Another process speaks to the server about this mail just now; what became of it shows at the next try."""


# The server has answered, and the answer was no.
_REFUSALS = (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused, smtplib.SMTPNotSupportedError)


def send(to: str, subject: str, body: str, *, kind: str, about: str, dedupe: str) -> Mail:
    """Write the mail and its job; call inside the transaction of its cause. A known `dedupe` returns the first mail.

    `to` is one address, `about` the public id it is about; neither subject nor body holds other personal data.
    Raises MailRefused, or jobs.OutsideTransaction.
    """
    _check(to, subject)
    public_id = uuid.uuid4()
    fields = {
        "public_id": public_id,
        "kind": kind,
        "about": about,
        "recipient": to,
        "subject": subject,
        "body": body,
        "created_at": clock.now(),
    }
    mail, is_new = Mail.objects.get_or_create(dedupe=dedupe or str(public_id), defaults=fields)
    if is_new:
        jobs.enqueue(KIND, str(mail.public_id), dedupe=f"{KIND}:{mail.public_id}")
    return mail


def deliver(public_id: str) -> None:
    """The handler of `outbox.mail`: hand an unsent mail to the server and note the moment."""
    with _alone(public_id):
        mail = Mail.objects.filter(public_id=public_id).first()
        if mail is None or mail.sent_at is not None or mail.erased_at is not None:
            return
        if urlsplit(settings.EMAIL_URL).scheme == "mailbox":  # there the row itself is the delivery
            Mail.objects.filter(pk=mail.pk, sent_at=None).update(sent_at=clock.now())
        else:
            _hand_over(mail)


def perhaps_doubled() -> int:
    """How many hand-overs have an end that nobody knows: there are at most so many copies too many."""
    return Mail.objects.filter(unanswered__gt=0).aggregate(all=Sum("unanswered"))["all"] or 0


def all_sent() -> list[Mail]:
    """The delivered mails that are still whole, newest first, for the demo's mailbox page."""
    return list(Mail.objects.filter(sent_at__isnull=False, erased_at=None).order_by("-sent_at", "-pk")[:500])


def erase(about: str) -> int:
    """Delete the mails about a public id (retention, decision 31); unsent ones are not sent any more."""
    with transaction.atomic():
        return Mail.objects.filter(about=about).delete()[0]


def _check(to: str, subject: str) -> None:
    if not subject.isprintable() or not to.isprintable() or len(subject) > 200:
        raise MailRefused("a header is one line")
    try:
        validate_email(to)
    except ValidationError:
        raise MailRefused("not one mail address") from None


@contextmanager
def _alone(public_id: str) -> Iterator[None]:
    """Nobody else hands this mail over meanwhile; the lock ends with the connection, however the process does.

    The job's lease says the same; this holds for whoever calls the handler. SQLite has the embedded worker alone.
    """
    if connection.vendor != "postgresql":
        yield
        return
    key = [zlib.crc32(KIND.encode()) - 2**31, zlib.crc32(public_id.encode()) - 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        if not cursor.fetchone()[0]:
            raise HandedOverElsewhere(public_id)
    try:
        yield
    finally:
        with suppress(OperationalError, InterfaceError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


def _hand_over(mail: Mail) -> None:
    line = get_connection("django.core.mail.backends.smtp.EmailBackend", timeout=_TIMEOUT)
    message = _message(mail)
    rows = Mail.objects.filter(pk=mail.pk)
    try:
        line.open()
        rows.update(unanswered=F("unanswered") + 1)
        try:
            line.send_messages([message])
        except _REFUSALS:
            rows.update(unanswered=F("unanswered") - 1)
            raise
        rows.update(
            sent_at=clock.now(), unanswered=F("unanswered") - 1
        )  # at once: QUIT can wait, and may fail
    finally:
        with suppress(smtplib.SMTPException, OSError):
            line.close()


def _message(mail: Mail) -> EmailMessage:
    host = urlsplit(settings.ORIGIN).hostname or "localhost"
    message = EmailMessage(
        subject=mail.subject,
        body=mail.body,
        to=[mail.recipient],
        headers={
            "Message-ID": f"<{mail.public_id}@{host}>",
            "Date": formatdate(mail.created_at.timestamp()),
            "Auto-Submitted": "auto-generated",  # RFC 3834: no out-of-office answers, please
        },
    )
    message.encoding = _BASE64_UTF8
    return message
