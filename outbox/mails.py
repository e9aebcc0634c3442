"""Mails: a row and a job in the transaction of their cause; sent by the job, once as far as SMTP allows.

A crash between the server's answer and our record sends the mail again, with the same Message-ID.
"""

import uuid
from email import charset
from email.utils import formatdate
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.validators import validate_email
from django.db import transaction

from ledger import clock
from outbox import jobs
from outbox.models import Mail

KIND = "outbox.mail"
_TIMEOUT = 20  # seconds, for each answer of the mail server

_BASE64_UTF8 = charset.Charset("utf-8")
_BASE64_UTF8.body_encoding = charset.BASE64  # seven bits all the way: not every relay speaks 8BITMIME


class MailRefused(ValueError):
    """Not one plain address, or a header that would break into two (ASVS 1.3.11)."""


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
    mail = Mail.objects.filter(public_id=public_id).first()
    if mail is None or mail.sent_at is not None or mail.erased_at is not None:
        return
    if urlsplit(settings.EMAIL_URL).scheme != "mailbox":  # there the row itself is the delivery
        _hand_over(mail)
    Mail.objects.filter(pk=mail.pk, sent_at=None).update(sent_at=clock.now())


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


def _hand_over(mail: Mail) -> None:
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
        connection=get_connection("django.core.mail.backends.smtp.EmailBackend", timeout=_TIMEOUT),
    )
    message.encoding = _BASE64_UTF8
    message.send()
