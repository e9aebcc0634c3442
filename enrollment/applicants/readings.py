"""One exchange with a card reader: asked once, answered at most once, bound to the browser that asked.

The page posts a CardRequest to the reader, the reader posts its CardResponse back (cards/exchange.py).
What comes back is a stranger's until the row of its `state` is found for this browser and spent. A button that is
pressed twice sends the same answer twice: within half a minute the second is taken for the first's echo.
Sources: ST-03, ST-05, ST-06, ST-23, ST-27; decision 27.
"""

import uuid
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from cards import jpki
from cards.exchange import CardRequest, CardResponse, ContractError, Operation, response_from_json, to_json
from enrollment.errors import Refused
from enrollment.models import ApplicantSession, CardReading
from vault import tokens

LIFETIME = timedelta(minutes=10)
ECHO = timedelta(seconds=30)
SIGN_IN, ATTRIBUTES, SIGN, JOIN = "sign_in", "attributes", "sign", "join"
NEW_NAME, SIGN_NEW_NAME = "new_name", "sign_new_name"
OPERATIONS: dict[str, Operation] = {
    SIGN_IN: "authenticate",
    ATTRIBUTES: "read_attributes",
    SIGN: "sign",
    JOIN: "sign",
    NEW_NAME: "read_attributes",
    SIGN_NEW_NAME: "sign",
}


def ask(
    purpose: str,
    browser: str,
    at: datetime,
    *,
    session: ApplicantSession | None = None,
    digest: bytes = b"",
) -> CardReading:
    """A question to the card; the same question of the same browser keeps its row a while."""
    wanted = {
        "purpose": purpose,
        "browser_digest": tokens.digest(browser),
        "session": session,
        "digest": digest or None,
    }
    living = CardReading.objects.filter(spent_at=None, expires_at__gt=at + LIFETIME / 2)
    reading = living.filter(**{key: value for key, value in wanted.items() if value is not None}).first()
    if reading is None:
        challenge = tokens.digest(tokens.new_token())
        reading = CardReading.objects.create(challenge=challenge, expires_at=at + LIFETIME, **wanted)
    return reading


def request_of(reading: CardReading, return_to: str) -> str:
    """What is posted to the reader, as JSON; `return_to` is the path that takes the answer."""
    request = CardRequest(
        operation=OPERATIONS[reading.purpose],
        challenge=bytes(reading.challenge) if reading.purpose == SIGN_IN else b"",
        digest=bytes(reading.digest or b""),
        return_to=return_to,
        state=str(reading.public_id),
    )
    return to_json(request)


def find(text: str) -> CardReading | None:
    """The reading of this public id; None for an unknown one and for a text that is none."""
    try:
        wanted = uuid.UUID(text)
    except ValueError:
        return None
    rows = CardReading.objects.select_related("session__applicant", "session__certificate")
    return rows.filter(public_id=wanted).first()


def asked(text: str, browser: str) -> CardReading:
    """The reading of this id that this browser asked for, whatever its state; raises Refused("reading_unknown")."""
    found = find(text)
    if found is None or not browser or bytes(found.browser_digest) != tokens.digest(browser):
        raise Refused("reading_unknown")
    return found


class Taken(NamedTuple):
    """An answer whose row is spent: by it, or (`is_again`) by the same answer a moment ago."""

    reading: CardReading
    response: CardResponse
    is_again: bool


def take(text: str, browser: str, at: datetime) -> Taken:
    """Read the reader's answer and spend its row; raises Refused("reading_unreadable", "…_unknown" or "…_spent").

    Inside the transaction of what follows: a second answer then waits here until the first one's work is done.
    """
    try:
        response = response_from_json(text)
    except ContractError:
        raise Refused("reading_unreadable") from None
    reading = asked(response.state, browser)
    if OPERATIONS[reading.purpose] != response.operation:
        raise Refused("reading_unknown")
    rows = CardReading.objects.filter(pk=reading.pk)
    rows.select_for_update(
        no_key=True
    ).first()  # before anything else: whoever presses again comes one by one
    if rows.filter(spent_at=None, expires_at__gt=at).update(spent_at=at) == 1:
        return Taken(reading, response, is_again=False)
    echoes = rows.filter(spent_at__gt=at - ECHO, spent_at__lte=at + ECHO, phone__refused_at=None)
    if not echoes.exists():
        raise Refused("reading_spent", purpose=reading.purpose)
    written = find(response.state)  # by the first answer
    return Taken(written or reading, response, is_again=True)


def find_of(text: str) -> CardReading | None:
    """The reading that this answer is for, whoever sends it."""
    try:
        return find(response_from_json(text).state)
    except ContractError:
        return None


def require_answer(response: CardResponse) -> None:
    """Turn what went wrong at the reader into a refusal, and a phone-held certificate into the one of ST-03.

    The refusal names the operation, and with it which of the card's three PINs was meant (ST-06).
    """
    if response.medium == "phone" and response.outcome in ("ok", "error"):
        raise Refused("phone_certificate")
    if response.outcome != "ok":
        outcome = "error" if response.outcome == "other_card" else response.outcome
        raise Refused(f"reader_{outcome}", tries_left=response.tries_left, operation=response.operation)


def prove_sign_in(reading: CardReading, response: CardResponse, at: datetime) -> jpki.JpkiResult:
    """The checked authentication certificate; raises Refused with the reason why this card opens no account."""
    require_answer(response)
    result = jpki.check_authentication(response, settings.ORIGIN, bytes(reading.challenge), at, trust())
    require_valid(result, "authentication")
    return result


def require_same_card(response: CardResponse, session: ApplicantSession) -> None:
    """ST-23: ④ and ⑪ with the card of the sign-in; raises Refused("other_card")."""
    if sha256(response.authentication_certificate).digest() != bytes(session.certificate.fingerprint):
        raise Refused("other_card")


def require_valid(result: jpki.JpkiResult, which: str) -> None:
    """A certificate that is valid now; "not checked" passes in the demo only (decision 27)."""
    if result.outcome == jpki.Outcome.VALID:
        return
    if result.outcome == jpki.Outcome.NOT_CHECKED and settings.IS_DEMO:
        return
    raise Refused(f"{which}_{result.outcome.value}", problem=result.problem)


def trust() -> jpki.TrustStore:
    """The anchors and revocation lists of settings.JPKI_TRUST; read again when the folder changes."""
    folder: Path = settings.JPKI_TRUST
    newest = max((item.stat().st_mtime_ns for item in folder.glob("*")), default=0) if folder.is_dir() else 0
    return _loaded(folder, newest)


@lru_cache(maxsize=4)
def _loaded(folder: Path, newest: int) -> jpki.TrustStore:
    return jpki.TrustStore.load(folder)
