"""A PC asks, a phone reads the card: one QR code for one reading, for ten minutes, once (ST-26).

Against a QR code that somebody else made and sent on: the phone says which browser asked and when, and its person must
pick the number that the asking PC shows; one wrong pick ends it. The answer opens nothing on the phone: it waits,
encrypted, for the browser that asked. What remains: whoever is talked into telling or picking a stranger's number.
"""

import logging
import secrets
from datetime import datetime
from typing import Literal
from urllib.parse import urlencode
from uuid import UUID

from django.db import IntegrityError, transaction

from cards.exchange import ContractError, response_from_json
from enrollment.applicants import readings
from enrollment.errors import Refused
from enrollment.models import CardReading, PhoneReading
from ledger import log
from vault import tokens

logger = logging.getLogger("inkan.applicants")
LARGEST_ASKER = 60
State = Literal["waiting", "picked", "answered", "refused", "expired", "done"]


def begin(
    reading_id: str, browser: str, asked_by: str, at: datetime, query: dict[str, str] | None = None
) -> PhoneReading:
    """Let a phone answer this browser's open reading; asked twice, it is the same QR code.

    `query` belongs to the address that takes the answer. Raises Refused("reading_unknown" or "reading_spent").
    """
    reading = readings.asked(reading_id, browser)
    known = PhoneReading.objects.filter(reading=reading)
    found = known.select_related("reading").first()
    if found is not None and state(found, at) not in ("refused", "expired", "done"):
        return found
    open_ = CardReading.objects.filter(pk=reading.pk, spent_at=None, expires_at__gt=at)
    if found is not None or open_.update(expires_at=at + readings.LIFETIME) != 1:
        raise Refused("reading_spent", purpose=reading.purpose)
    token, numbers = tokens.new_token(), _three_numbers()
    try:
        with transaction.atomic():
            return PhoneReading.objects.create(
                reading=CardReading.objects.get(pk=reading.pk),
                token=token,
                token_digest=tokens.digest(token),
                number=secrets.choice(numbers),
                numbers=numbers,
                asked_by=asked_by[:LARGEST_ASKER],
                asked_at=at,
                query=urlencode(query or {})[:100],
            )
    except IntegrityError:  # the same button pressed twice at the same moment
        return known.select_related("reading").get()


def _three_numbers() -> list[int]:
    numbers: list[int] = []
    while len(numbers) < 3:
        number = 10 + secrets.randbelow(90)
        if number not in numbers:
            numbers.append(number)
    return numbers


def state(row: PhoneReading, at: datetime) -> State:
    """What both pages show; `row` with its reading."""
    if row.refused_at is not None:
        return "refused"
    if row.reading.spent_at is not None:
        return "done"
    if row.reading.expires_at <= at:
        return "expired"
    if row.answered_at is not None:
        return "answered"
    return "waiting" if row.picked_at is None else "picked"


def of_browser(public_id: UUID, browser: str) -> PhoneReading | None:
    """The asking browser's own row, whatever its state."""
    rows = PhoneReading.objects.select_related("reading__session__applicant")
    digest = tokens.digest(browser)
    return rows.filter(public_id=public_id, reading__browser_digest=digest).first() if browser else None


def of_token(token: str) -> PhoneReading | None:
    """The row whose QR code a phone opened; opening it changes nothing."""
    if len(token) > 100 or not token.isascii():
        return None
    rows = PhoneReading.objects.select_related("reading__session")
    return rows.filter(token_digest=tokens.digest(token)).first()


def is_mine(row: PhoneReading, browser: str) -> bool:
    """Whether this phone is the one on which the right number was picked."""
    return (
        bool(browser) and row.phone_digest is not None and bytes(row.phone_digest) == tokens.digest(browser)
    )


def pick(row: PhoneReading, number: str, browser: str, at: datetime) -> None:
    """The phone's person says which number the PC shows.

    Raises Refused("qr_wrong_number"), which ends the QR code, or Refused("qr_gone").
    """
    if number != str(row.number):
        _end(row, "wrong_number", at)
        raise Refused("qr_wrong_number")
    if _change(row, at, picked_at=at, phone_digest=tokens.digest(browser)) != 1:
        raise Refused("qr_gone")


def disown(row: PhoneReading, at: datetime) -> None:
    """「覚えがない」: it ends at once; raises Refused("qr_gone")."""
    _end(row, "not_mine", at)


def keep_answer(text: str, browser: str, at: datetime) -> PhoneReading:
    """What the phone's reader says, kept for the browser that asked.

    What went wrong at the reader is told to the phone and leaves the QR code open: raises Refused as
    `readings.require_answer` or "other_card" (ST-23), then with the `token` that leads back;
    "reading_unreadable", "reading_unknown" or "qr_gone".
    """
    try:
        response = response_from_json(text)
    except ContractError:
        raise Refused("reading_unreadable") from None
    rows = PhoneReading.objects.select_related("reading__session__certificate")
    row = rows.filter(reading=readings.find(response.state)).first()
    if row is None or not is_mine(row, browser):
        raise Refused("reading_unknown")
    if readings.OPERATIONS[row.reading.purpose] != response.operation:
        raise Refused("reading_unknown")
    try:
        readings.require_answer(response)
        if row.reading.session is not None:
            readings.require_same_card(response, row.reading.session)
    except Refused as refused:
        raise Refused(refused.code, **refused.detail, token=row.token) from None
    if state(row, at) != "picked" or _change(row, at, is_picked=True, answered_at=at, answer=text) != 1:
        raise Refused("qr_gone")
    return row


def fetch(row: PhoneReading, at: datetime) -> str:
    """The answer, given to the asking browser once and erased; raises Refused("qr_not_yet" or "reading_spent").

    Inside the transaction of what is done with it, so that of two who fetch at once the second finds it done.
    """
    CardReading.objects.select_for_update(no_key=True).get(pk=row.reading_id)
    row.refresh_from_db(fields=["answer", "answered_at"])
    row.reading.refresh_from_db(fields=["spent_at"])
    found = state(row, at)
    if found in ("waiting", "picked"):
        raise Refused("qr_not_yet")
    text = row.answer
    if found != "answered" or text is None:
        raise Refused("reading_spent", purpose=row.reading.purpose)
    PhoneReading.objects.filter(pk=row.pk).update(answer=None)
    return text


def _change(row: PhoneReading, at: datetime, *, is_picked: bool = False, **changes: object) -> int:
    """The one conditional update of an open row; what depends on the reading does not change back."""
    if state(row, at) not in ("waiting", "picked"):
        return 0
    open_ = PhoneReading.objects.filter(pk=row.pk, refused_at=None, answered_at=None)
    return open_.filter(picked_at__isnull=not is_picked).update(**changes)


def _end(row: PhoneReading, reason: str, at: datetime) -> None:
    with transaction.atomic():
        is_picked = row.picked_at is not None
        if _change(row, at, is_picked=is_picked, refused_at=at, refusal=reason) != 1:
            raise Refused("qr_gone")
        CardReading.objects.filter(pk=row.reading_id, spent_at=None).update(spent_at=at)
        if row.reading.session is None:  # a stranger's: anybody can make any number of them
            logger.warning("a QR code of a sign-in was refused: %s", reason)
            return
        log.append(
            "applicant.qr_refused", actor=log.SYSTEM, subject=str(row.public_id), data={"reason": reason}
        )
