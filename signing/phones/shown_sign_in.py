"""A sign-in whose browser is another device: the phone that reads its QR code proves its owner, it goes on (BD-10).

prove     the phone's assertion, for this sign-in and no other
take      the browser that shows it, and no other, opens the day; once
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from ledger import log
from signing import authenticators, sessions
from signing.authenticators import Offer
from signing.errors import Refused
from signing.flow import SignIn
from signing.models import Authenticator, ShownSignIn
from signing.phones import shown_codes

PURPOSE = "shown_sign_in"


def begin(row: ShownSignIn, browser_token: str, at: datetime) -> Offer:
    """The phone's challenge, for this sign-in alone."""
    return authenticators.begin_assertion(browser_token, at, next_path=str(row.public_id), purpose=PURPOSE)


def prove(token: str, browser_token: str, ceremony: UUID | str, answer: str, at: datetime) -> None:
    """Raises Refused as `shown_codes.held` and `authenticators.complete_assertion` do."""
    row = shown_codes.held(token, browser_token, at, for_approval=False)
    phone, sign_in = authenticators.complete_assertion(
        ceremony, browser_token, answer, at=at, purpose=PURPOSE
    )
    if sign_in != str(row.public_id):
        raise Refused("ceremony_unknown")
    credential = phone.credential
    with transaction.atomic():
        if not shown_codes.move("prove", row, at, authenticator=phone, proved_at=at):
            raise Refused("qr_over")
        log.append(
            "signing.sign_in_proved",
            actor=log.Actor("signer", str(credential.signer.public_id)),
            subject=str(credential.public_id),
            authority=credential.authority,
            data={"sign_in": str(row.public_id), "authenticator": str(phone.public_id), "asker": row.asker},
        )


def take(browser_token: str, at: datetime, *, within: str = "") -> sessions.Opened:
    """The browser that shows the QR code goes on. Raises Refused("sign_in_waiting"), and as `sessions` does."""
    row = shown_codes.of_asker(browser_token, at)
    if row is None or row.state != SignIn.PROVED or row.authenticator_id is None:
        raise Refused("sign_in_waiting")
    phone = Authenticator.objects.select_related("credential__signer").get(pk=row.authenticator_id)
    with transaction.atomic():
        if not shown_codes.move("take", row, at):
            raise Refused("sign_in_waiting")
        return sessions.open_by_shown_phone(phone, row.next_path or "", at=at, within=within)
