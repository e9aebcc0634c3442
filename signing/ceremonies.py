"""A challenge on its way to a phone or a card: bound to one browser, good for ten minutes, redeemed once.

A button of the reader pressed twice sends the same answer twice, and the first reply may be lost with its cookie. For
such answers the row stays (`take`): the very same answer, from the very same browser, finds what the first one has
led to, and nothing is done anew. All else that comes after the first answer is unknown, as if the row were gone.
"""

import secrets
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from cards import exchange
from signing.errors import Refused
from signing.models import Ceremony
from vault import keyring, tokens

LIFETIME = timedelta(minutes=10)
ECHO = timedelta(seconds=30)  # after an answer: so long its second coming is a press of the same button
CHALLENGE_SIZE = 32
MOST_OPEN = 5  # per browser and purpose: a few tabs; a reload for ever replaces the oldest


def begin(
    purpose: str, browser_token: str, at: datetime, *, challenge: bytes = b"", **about: Any
) -> Ceremony:
    """A fresh challenge, or one that covers what is to be approved. `about`: link, signer or next_path."""
    browser = tokens.digest(browser_token)
    open_ones = Ceremony.objects.filter(purpose=purpose, browser_digest=browser).order_by("-pk")
    oldest = list(open_ones.values_list("pk", flat=True)[MOST_OPEN - 1 :])
    Ceremony.objects.filter(pk__in=oldest).delete()
    return Ceremony.objects.create(
        purpose=purpose,
        challenge=challenge or secrets.token_bytes(CHALLENGE_SIZE),
        browser_digest=browser,
        created_at=at,
        expires_at=at + LIFETIME,
        **about,
    )


def card_request(ceremony: Ceremony, return_to: str) -> str:
    """The JSON request for the card reader (decision 22): the card signs the challenge and the answer is posted to the
    path `return_to`.
    """
    request = exchange.CardRequest(
        operation="authenticate",
        challenge=bytes(ceremony.challenge),
        return_to=return_to,
        state=str(ceremony.public_id),
    )
    return exchange.to_json(request)


class Taken(NamedTuple):
    """A challenge that this answer has spent.

    `led_to`: what the same answer has opened before. `token`: the secret of what this answer opens, however often it
    comes; made of the browser's secret, so that no other can be given it, and kept nowhere. `is_echo`: it is the first,
    or came within half a minute of it, so that the first reply may not have arrived.
    """

    ceremony: Ceremony
    led_to: UUID | None
    token: str
    is_echo: bool


def take(purpose: str, public_id: UUID | str, browser_token: str, answer: str, at: datetime) -> Taken:
    """Spend the challenge with this answer; inside the transaction of what follows, which must commit a refusal too.

    The row is locked before anything else: whoever presses again waits here until the first one's work is done, and
    is given what it led to. An answer that led to nothing may be judged again for half a minute: it says the same.
    Raises Refused("ceremony_unknown").
    """
    row = _mine(purpose, public_id, browser_token).select_for_update(no_key=True).first()
    if row is None:
        raise Refused("ceremony_unknown")
    given = tokens.digest(answer)
    rows = Ceremony.objects.filter(pk=row.pk)
    if rows.filter(spent_at=None, expires_at__gt=at).update(spent_at=at, answer_digest=given) == 1:
        is_echo = True
    elif row.spent_at is None or bytes(row.answer_digest or b"") != given:
        raise Refused("ceremony_unknown")
    else:
        is_echo = abs(at - row.spent_at) <= ECHO
    if row.led_to is None and not is_echo:
        raise Refused("ceremony_unknown")
    secret = keyring.web().mac("card-answer", f"{row.public_id}:{browser_token}".encode())
    return Taken(row, row.led_to, urlsafe_b64encode(secret).rstrip(b"=").decode(), is_echo)


def lead(ceremony: Ceremony, led_to: UUID) -> None:
    """Say what the answer has opened, in the same transaction."""
    Ceremony.objects.filter(pk=ceremony.pk).update(led_to=led_to)


def redeem(purpose: str, public_id: UUID | str, browser_token: str, at: datetime) -> Ceremony:
    """Take the challenge out of the table: whoever deletes the row has it, and nobody else ever again.

    It is gone even when what follows fails. Raises Refused("ceremony_unknown").
    """
    mine = _mine(purpose, public_id, browser_token).select_related("link", "signer")
    row = mine.filter(spent_at=None, expires_at__gt=at).first()
    if row is None or Ceremony.objects.filter(pk=row.pk).delete()[0] != 1:
        raise Refused("ceremony_unknown")
    return row


def _mine(purpose: str, public_id: UUID | str, browser_token: str) -> QuerySet[Ceremony]:
    try:
        wanted = UUID(str(public_id))
    except ValueError:
        raise Refused("ceremony_unknown") from None
    browser = tokens.digest(browser_token)
    return Ceremony.objects.filter(public_id=wanted, purpose=purpose, browser_digest=browser)


def forget_overdue(at: datetime) -> int:
    """For the clock: delete what nobody finished; how many."""
    return Ceremony.objects.filter(expires_at__lte=at).delete()[0]
