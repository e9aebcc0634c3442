"""JMA's way to a first phone: registration number and card ID, a code to the CA's mail address, a QR code.

Seed 001 annex 2 (3/6); form-rules BD-08, BD-13. Both numbers stand on the card's face, so they alone open nothing. A
pair is counted in the database before it is looked at, and a number that nobody holds costs the same work and gets the
same words. The holder is told of every QR code and can undo what came of it (N18).
"""

import hmac
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from enrollment.applicants import emails
from enrollment.errors import Refused
from enrollment.models import CardHolder, CardNumbersVisit, CardNumberTries
from ledger import log
from outbox import mails
from signing import credentials, links
from vault import keyring, tokens

AUTHORITY, QUALIFICATION = "jma", "doctor"
TRIES = 5
LOCKED_FOR = timedelta(hours=24)
VISIT = timedelta(minutes=30)  # time for a second code; each code itself lives for ten minutes
UNDO = timedelta(days=7)
_PURPOSE = "enrollment.card_numbers"


class Begun(NamedTuple):
    """A visit that has just begun; `token` exists in clear only here."""

    visit: CardNumbersVisit
    token: str


def begin(number: str, card_id: str, at: datetime) -> Begun:
    """Both numbers as the card shows them. The right pair sends a code to the mail address that the CA knows.

    Raises Refused: numbers_locked, numbers_wrong (whichever was wrong, or the card is not in force), numbers_no_mail.
    """
    is_counted = _count(number, at)
    holder = CardHolder.objects.filter(
        authority=AUTHORITY, qualification=QUALIFICATION, registration_number=number, status="valid"
    ).first()
    known = holder.card_id if holder is not None else ""
    is_right = hmac.compare_digest(_mac(f"card {known}"), _mac(f"card {card_id}")) and known != ""
    if not is_counted:
        raise Refused("numbers_locked")
    if holder is None or not is_right:
        raise Refused("numbers_wrong")
    if not holder.email:
        raise Refused("numbers_no_mail")
    token = tokens.new_token()
    with transaction.atomic():
        CardNumberTries.objects.filter(number_digest=_mac(number)).update(attempts=0)
        visit = CardNumbersVisit.objects.create(
            holder=holder, token_digest=tokens.digest(token), begun_at=at, expires_at=at + VISIT
        )
        log.append(
            "card_holder.numbers_given",
            actor=_actor(holder),
            subject=str(holder.public_id),
            authority=holder.authority,
        )
    return Begun(visit, token)


def find(token: str, at: datetime) -> CardNumbersVisit:
    """The visit that this browser began and has not finished; Refused("numbers_no_visit")."""
    rows = CardNumbersVisit.objects.select_related("holder").filter(
        token_digest=tokens.digest(token), expires_at__gt=at, confirmed_at=None
    )
    visit = rows.first()
    if visit is None:
        raise Refused("numbers_no_visit")
    return visit


def send_code(holder: CardHolder, at: datetime) -> None:
    """Raises Refused("code_too_soon" or "code_too_often", seconds=…) as at DQ-20."""
    text = _(
        "確認コード：%(code)s\n\n医師資格証の番号によるスマートフォンの登録の画面に、この6桁の数字を入力してください。"
        "10分間有効です。\n心当たりがない場合は、このメールを破棄してください。\n%(origin)s/\n"
    )
    emails.send(holder, holder.email, _("スマートフォンの登録の確認コード"), text, at)


def confirm(visit: CardNumbersVisit, typed: str, browser_token: str, at: datetime) -> None:
    """The code; then the QR code's link for this browser, and the notice to the holder, in one transaction.

    Raises Refused: code_gone, code_wrong (tries_left), numbers_no_visit; after a right code also no_certificate,
    phone_exists (the two numbers serve a first phone only, BD-08) and certificate_not_active.
    """
    holder = visit.holder
    code = emails.check(holder, holder.email, typed, at)
    with transaction.atomic():
        emails.spend(code, at)
        mine = CardNumbersVisit.objects.filter(pk=visit.pk, confirmed_at=None)
        if mine.update(confirmed_at=at) != 1:
            raise Refused("numbers_no_visit")
        log.append(
            "card_holder.code_confirmed",
            actor=_actor(holder),
            subject=str(holder.public_id),
            authority=holder.authority,
        )
    _show(visit, browser_token, at)


def _show(visit: CardNumbersVisit, browser_token: str, at: datetime) -> None:
    holder, undo = visit.holder, tokens.new_token()
    credential = credentials.active_of(holder.person_id, holder.authority, holder.qualification)
    if credential is None:
        raise Refused("no_certificate")
    with transaction.atomic():
        try:
            shown = links.show(
                credential, means="jma_numbers", browser_token=browser_token, at=at, actor=_actor(holder)
            )
        except credentials.Refused as refused:
            code = "phone_exists" if refused.code == "phone_exists" else "certificate_not_active"
            raise Refused(code) from None
        changes = {"link": shown.public_id, "undo_digest": tokens.digest(undo)}
        CardNumbersVisit.objects.filter(pk=visit.pk).update(**changes)
        _tell(holder, shown.public_id, undo)


def to_undo(token: str, at: datetime) -> CardNumbersVisit:
    """The visit behind the address in a notice; Refused("undo_unknown") for one that is none or too old."""
    rows = CardNumbersVisit.objects.select_related("holder").filter(
        undo_digest=tokens.digest(token), begun_at__gt=at - UNDO
    )
    visit = rows.first()
    if visit is None:
        raise Refused("undo_unknown")
    return visit


def undo(visit: CardNumbersVisit, at: datetime) -> None:
    """「登録した覚えがない」: the QR code is dead, a phone that it bound is removed and its day ends; once."""
    holder = visit.holder
    with transaction.atomic():
        mine = CardNumbersVisit.objects.filter(pk=visit.pk, undone_at=None, link__isnull=False)
        if mine.update(undone_at=at) != 1 or visit.link is None:
            return
        was_bound = links.undo_shown(visit.link, actor=_actor(holder), at=at)
        log.append(
            "card_holder.numbers_undone",
            actor=_actor(holder),
            subject=str(holder.public_id),
            authority=holder.authority,
            data={"link": str(visit.link), "was_bound": was_bound},
        )


def forget_overdue(at: datetime) -> int:
    """For the clock: what nobody needs any more; how many. The ledger keeps what happened."""
    tries = CardNumberTries.objects.filter(last_at__lte=at - LOCKED_FOR).delete()[0]
    return tries + CardNumbersVisit.objects.filter(begun_at__lte=at - UNDO).delete()[0]


def _count(number: str, at: datetime) -> bool:
    """Count a try before it is looked at: of many at once exactly five are. False while the number is locked."""
    row, _is_new = CardNumberTries.objects.get_or_create(number_digest=_mac(number), defaults={"last_at": at})
    rows = CardNumberTries.objects.filter(pk=row.pk)
    rows.filter(last_at__lte=at - LOCKED_FOR).update(attempts=0)
    return rows.filter(attempts__lt=TRIES).update(attempts=F("attempts") + 1, last_at=at) == 1


def _mac(text: str) -> bytes:
    return keyring.web().mac(_PURPOSE, text.encode())


def _actor(holder: CardHolder) -> log.Actor:
    return log.Actor("signer", str(holder.public_id))


def _tell(holder: CardHolder, link: UUID, undo_token: str) -> None:
    """N18 to the address that the CA knows (ST-37); who has an account here reads it in the inbox too."""
    text = _(
        "医師資格証の番号により、スマートフォン登録用のQRコードが表示されました。\n\n"
        "お心当たりがない場合は、7日以内に次のページで取り消してください。登録されたスマートフォンは使えなくなります。\n"
        "%(origin)s/card/jma/undo/%(token)s/\n\n"
        "登録した端末の確認と利用の停止は、次のページでもできます。\n%(origin)s/me/\n"
    ) % {"origin": settings.ORIGIN, "token": undo_token}
    mails.send(
        holder.email,
        _("スマートフォン登録用のQRコードが表示されました"),
        text,
        kind="n18",
        about=str(holder.public_id),
        dedupe=f"n18-holder:{link}",
    )
