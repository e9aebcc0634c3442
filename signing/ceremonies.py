"""A challenge on its way to a phone or a card: bound to one browser, good for ten minutes, redeemed once."""

import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cards import exchange
from signing.errors import Refused
from signing.models import Ceremony
from vault import tokens

LIFETIME = timedelta(minutes=10)
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


def redeem(purpose: str, public_id: UUID | str, browser_token: str, at: datetime) -> Ceremony:
    """Take the challenge out of the table: whoever deletes the row has it, and nobody else ever again.

    It is gone even when what follows fails. Raises Refused("ceremony_unknown").
    """
    try:
        wanted = UUID(str(public_id))
    except ValueError:
        raise Refused("ceremony_unknown") from None
    row = (
        Ceremony.objects.select_related("link", "signer")
        .filter(
            public_id=wanted,
            purpose=purpose,
            browser_digest=tokens.digest(browser_token),
            expires_at__gt=at,
        )
        .first()
    )
    if row is None or Ceremony.objects.filter(pk=row.pk).delete()[0] != 1:
        raise Refused("ceremony_unknown")
    return row


def forget_overdue(at: datetime) -> int:
    """For the clock: delete what nobody finished; how many."""
    return Ceremony.objects.filter(expires_at__lte=at).delete()[0]
