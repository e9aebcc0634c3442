"""A mail address and its confirmation code: an applicant's (DQ-19 to DQ-21, DQ-28, ST-31) or a card holder's (BD-08).

`wait`, `send`, `pending`, `check` and `spend` serve both; `send_code` and `confirm` are the applicant's.
"""

import hmac
import secrets
import unicodedata
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from enrollment import notices
from enrollment.applicants import accounts
from enrollment.errors import Refused
from enrollment.models import Applicant, CardHolder, EmailCode
from ledger import log
from outbox import mails
from outbox.models import Job, Mail
from vault import keyring

LIFETIME = timedelta(minutes=10)
TRIES = 5
RESEND_AFTER = timedelta(seconds=60)
MOST_AN_HOUR = 5
HOUR = timedelta(hours=1)
DIGITS = 6
Owner = Applicant | CardHolder


def is_confirmed(applicant: Applicant, address: str) -> bool:
    return applicant.email_verified_at is not None and applicant.email == address


class Wait(NamedTuple):
    """How long until another code may be sent, and the refusal's code; 0 seconds: now."""

    seconds: int
    code: str


def wait(owner: Owner, at: datetime) -> Wait:
    """60 seconds between two codes, five codes in any hour (DQ-20)."""
    lately = _codes(owner).filter(created_at__gt=at - HOUR).order_by("-created_at")
    times = list(lately.values_list("created_at", flat=True))
    if len(times) >= MOST_AN_HOUR:
        return Wait(_seconds(times[MOST_AN_HOUR - 1] + HOUR - at), "code_too_often")
    if times and times[0] + RESEND_AFTER > at:
        return Wait(_seconds(times[0] + RESEND_AFTER - at), "code_too_soon")
    return Wait(0, "")


def _seconds(left: timedelta) -> int:
    return int(left.total_seconds()) + 1


def send_code(applicant: Applicant, address: str, at: datetime) -> None:
    """Mail a new code; raises Refused("code_too_soon" or "code_too_often", seconds=…)."""
    text = _(
        "確認コード：%(code)s\n\n申請の画面に、この6桁の数字を入力してください。10分間有効です。\n"
        "心当たりがない場合は、このメールを破棄してください。\n%(origin)s/\n"
    )
    send(applicant, address, _("メールアドレスの確認コード"), text, at)


def send(owner: Owner, address: str, subject: str, text: str, at: datetime) -> None:
    """Mail a new code in a text of its own, with places for `code` and `origin`; raises as `send_code`."""
    code = f"{secrets.randbelow(1_000_000):06d}"
    with transaction.atomic():
        type(owner)._default_manager.select_for_update().get(pk=owner.pk)
        left = wait(owner, at)
        if left.seconds:
            raise Refused(left.code, seconds=left.seconds)
        _codes(owner).filter(spent_at=None).update(spent_at=at)
        row = EmailCode.objects.create(
            **_mine(owner),
            address=address,
            code_digest=_digest(owner, address, code),
            created_at=at,
            expires_at=at + LIFETIME,
        )
        mails.send(
            address,
            subject,
            text % {"code": code, "origin": settings.ORIGIN},
            kind="n2",
            about=str(owner.public_id),
            dedupe=f"n2:{row.pk}",
        )


def pending(owner: Owner, address: str, at: datetime) -> EmailCode | None:
    """The code that waits for its answer."""
    row = _codes(owner).filter(spent_at=None, expires_at__gt=at).order_by("-pk").first()
    return row if row is not None and row.address == address else None


def newest(applicant: Applicant) -> EmailCode | None:
    """The code that was sent last, whatever has become of it."""
    return EmailCode.objects.filter(applicant=applicant).order_by("-pk").first()


def is_stuck(row: EmailCode) -> bool:
    """Whether the mail with this code could not be handed to the mail server so far (DQ-20)."""
    mail = Mail.objects.filter(dedupe=f"n2:{row.pk}", sent_at=None).first()
    if mail is None:
        return False
    tried = Job.objects.filter(kind=mails.KIND, subject=str(mail.public_id), attempts__gt=0)
    return tried.exclude(last_error="").exists()


def digits_of(typed: str) -> str:
    """Full-width digits, spaces and hyphens are no mistakes."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", typed) if letter.isdigit())


def check(owner: Owner, address: str, typed: str, at: datetime) -> EmailCode:
    """The code that was typed rightly, still to be spent; the try is counted first, whatever comes of it.

    Raises Refused("code_gone" or "code_wrong", tries_left=…).
    """
    row = pending(owner, address, at)
    waiting = EmailCode.objects.filter(pk=row.pk if row else 0, spent_at=None, attempts__lt=TRIES)
    if row is None or waiting.update(attempts=F("attempts") + 1) != 1:
        raise Refused("code_gone")
    if not hmac.compare_digest(bytes(row.code_digest), _digest(owner, address, digits_of(typed))):
        left = TRIES - row.attempts - 1
        raise Refused("code_wrong" if left else "code_gone", tries_left=left)
    return row


def spend(code: EmailCode, at: datetime) -> None:
    """Once; call it inside the transaction of what the code was for. Raises Refused("code_gone")."""
    if EmailCode.objects.filter(pk=code.pk, spent_at=None).update(spent_at=at) != 1:
        raise Refused("code_gone")


def confirm(applicant: Applicant, address: str, typed: str, at: datetime) -> None:
    """Confirm the address; raises as `check` and `spend`."""
    code = check(applicant, address, typed, at)
    with transaction.atomic():
        spend(code, at)
        former = applicant.email if applicant.email_verified_at else ""
        applicant.email, applicant.email_verified_at = address, at
        applicant.save(update_fields=["email", "email_verified_at"])
        if former and former != address:
            notices.address_changed(applicant, former, at)
        log.append(
            "applicant.email_confirmed", actor=accounts.actor(applicant), subject=str(applicant.public_id)
        )


def _mine(owner: Owner) -> dict[str, Owner]:
    return {"applicant" if isinstance(owner, Applicant) else "holder": owner}


def _codes(owner: Owner) -> QuerySet[EmailCode]:
    return EmailCode.objects.filter(**_mine(owner))


def _digest(owner: Owner, address: str, code: str) -> bytes:
    return keyring.web().mac("enrollment.email_code", f"{owner.public_id}\n{address}\n{code}".encode())
