"""The applicant's e-mail address and its confirmation code (DQ-19 to DQ-21, DQ-28, ST-31)."""

import hmac
import secrets
import unicodedata
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from enrollment.applicants import accounts
from enrollment.errors import Refused
from enrollment.models import Applicant, EmailCode
from ledger import log
from outbox import mails
from vault import keyring

LIFETIME = timedelta(minutes=10)
TRIES = 5
RESEND_AFTER = timedelta(seconds=60)
MOST_AN_HOUR = 5


def is_confirmed(applicant: Applicant, address: str) -> bool:
    return applicant.email_verified_at is not None and applicant.email == address


def send_code(applicant: Applicant, address: str, at: datetime) -> None:
    """Mail a new code; raises Refused("code_too_soon", seconds=…) or Refused("code_too_often")."""
    code = f"{secrets.randbelow(1_000_000):06d}"
    with transaction.atomic():
        Applicant.objects.select_for_update().get(pk=applicant.pk)
        lately = EmailCode.objects.filter(applicant=applicant, created_at__gt=at - timedelta(hours=1))
        newest = lately.order_by("-created_at").first()
        if newest is not None and newest.created_at + RESEND_AFTER > at:
            wait = newest.created_at + RESEND_AFTER - at
            raise Refused("code_too_soon", seconds=int(wait.total_seconds()) + 1)
        if lately.count() >= MOST_AN_HOUR:
            raise Refused("code_too_often")
        EmailCode.objects.filter(applicant=applicant, spent_at=None).update(spent_at=at)
        row = EmailCode.objects.create(
            applicant=applicant,
            address=address,
            code_digest=_digest(applicant, address, code),
            created_at=at,
            expires_at=at + LIFETIME,
        )
        mails.send(
            address,
            _("メールアドレスの確認コード"),
            _(
                "確認コード：%(code)s\n\n申請の画面に、この6桁の数字を入力してください。10分間有効です。\n"
                "心当たりがない場合は、このメールを破棄してください。\n%(origin)s/\n"
            )
            % {"code": code, "origin": settings.ORIGIN},
            kind="n2",
            about=str(applicant.public_id),
            dedupe=f"n2:{row.pk}",
        )


def pending(applicant: Applicant, address: str, at: datetime) -> EmailCode | None:
    """The code that waits for its answer."""
    row = (
        EmailCode.objects.filter(applicant=applicant, spent_at=None, expires_at__gt=at)
        .order_by("-pk")
        .first()
    )
    return row if row is not None and row.address == address else None


def confirm(applicant: Applicant, address: str, typed: str, at: datetime) -> None:
    """Confirm the address, counting the try first; raises Refused("code_gone" or "code_wrong", tries_left=…)."""
    row = pending(applicant, address, at)
    waiting = EmailCode.objects.filter(pk=row.pk if row else 0, spent_at=None, attempts__lt=TRIES)
    if row is None or waiting.update(attempts=F("attempts") + 1) != 1:
        raise Refused("code_gone")
    code = "".join(letter for letter in unicodedata.normalize("NFKC", typed) if letter.isdigit())
    if not hmac.compare_digest(bytes(row.code_digest), _digest(applicant, address, code)):
        left = TRIES - row.attempts - 1
        raise Refused("code_wrong" if left else "code_gone", tries_left=left)
    with transaction.atomic():
        if EmailCode.objects.filter(pk=row.pk, spent_at=None).update(spent_at=at) != 1:
            raise Refused("code_gone")
        applicant.email, applicant.email_verified_at = address, at
        applicant.save(update_fields=["email", "email_verified_at"])
        log.append(
            "applicant.email_confirmed", actor=accounts.actor(applicant), subject=str(applicant.public_id)
        )


def _digest(applicant: Applicant, address: str, code: str) -> bytes:
    return keyring.web().mac("enrollment.email_code", f"{applicant.public_id}\n{address}\n{code}".encode())
