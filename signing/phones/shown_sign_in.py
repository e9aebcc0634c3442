"""A sign-in whose browser is another device: it shows a QR code, a bound phone reads it and proves its owner (BD-10).

    show      this browser shows an address of ten minutes; a former one of its own is void
    enter     the phone's button holds it for that phone; a GET never does (ST-20)
    prove     the phone's assertion, for this sign-in and no other
    take      the browser that shows it, and no other, opens the day; once

Whoever sends somebody a picture of a QR code wants them to open a stranger's browser. So the phone names the system
and the device that ask, and both screens show two digits which come from the phone that opened it: the digits are on
the screen in front of the person, or the request is not theirs. This is a comparison by a person, not a proof.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from ledger import log
from signing import authenticators, flow, sessions
from signing.authenticators import Offer
from signing.errors import Refused
from signing.flow import SignIn
from signing.models import Authenticator, ShownSignIn
from vault import tokens

LIFETIME = timedelta(minutes=10)
PURPOSE = "shown_sign_in"
_LONGEST_KIND = 24
_KEPT = timedelta(days=1)
_MOVES = {move.name: move for move in flow.SIGN_IN_MOVES}
_FORGOTTEN: dict[str, None] = {"shown_token": None}


def show(browser_token: str, device_kind: str, next_path: str, at: datetime) -> ShownSignIn:
    """What this browser shows from now on; `shown_token` stands behind "/me/sign-in/qr/read/<token>/"."""
    give_up(browser_token, at)
    token = tokens.new_token()
    return ShownSignIn.objects.create(
        token_digest=tokens.digest(token),
        shown_token=token,
        asker_digest=tokens.digest(browser_token),
        asker=device_kind[:_LONGEST_KIND],
        next_path=next_path,
        shown_at=at,
        expires_at=at + LIFETIME,
    )


def of_asker(browser_token: str, at: datetime) -> ShownSignIn | None:
    """The newest one of this browser that has not ended."""
    if not browser_token:
        return None
    mine = ShownSignIn.objects.filter(asker_digest=tokens.digest(browser_token), expires_at__gt=at)
    return mine.filter(state__in=_MOVES["void"].sources).order_by("-pk").first()


def find(token: str, at: datetime) -> ShownSignIn:
    """For the phone. Raises Refused: sign_in_unknown, sign_in_over (too late, used, or a newer one is shown)."""
    row = ShownSignIn.objects.filter(token_digest=tokens.digest(token)).first()
    if row is None:
        raise Refused("sign_in_unknown")
    if row.state not in (SignIn.SHOWN, SignIn.OPENED) or row.expires_at <= at:
        raise Refused("sign_in_over")
    return row


def enter(token: str, browser_token: str, device_kind: str, at: datetime) -> ShownSignIn:
    """Hold it for this phone's browser; the holder may press again.

    Raises Refused("sign_in_elsewhere"), and those of `find`.
    """
    row = find(token, at)
    if row.state == SignIn.OPENED:
        return _require_holder(row, browser_token)
    kind = device_kind[:_LONGEST_KIND]
    if not _move("open", row, at, opened_digest=tokens.digest(browser_token), opener=kind, **_FORGOTTEN):
        return _require_holder(find(token, at), browser_token)
    return row


def held(token: str, browser_token: str, at: datetime) -> ShownSignIn:
    """What this phone has opened. Raises Refused: sign_in_not_opened, sign_in_elsewhere, and those of `find`."""
    row = find(token, at)
    if row.state != SignIn.OPENED:
        raise Refused("sign_in_not_opened")
    return _require_holder(row, browser_token)


def number(row: ShownSignIn) -> int | None:
    """Two digits to compare, from the digest of the opener's secret."""
    if row.opened_digest is None:
        return None
    return 10 + int.from_bytes(bytes(row.opened_digest)[:4], "big") % 90


def begin(row: ShownSignIn, browser_token: str, at: datetime) -> Offer:
    """The phone's challenge, for this sign-in alone."""
    return authenticators.begin_assertion(browser_token, at, next_path=str(row.public_id), purpose=PURPOSE)


def prove(token: str, browser_token: str, ceremony: UUID | str, answer: str, at: datetime) -> ShownSignIn:
    """Raises Refused as `held` and `authenticators.complete_assertion` do."""
    row = held(token, browser_token, at)
    phone, sign_in = authenticators.complete_assertion(
        ceremony, browser_token, answer, at=at, purpose=PURPOSE
    )
    if sign_in != str(row.public_id):
        raise Refused("ceremony_unknown")
    credential = phone.credential
    with transaction.atomic():
        if not _move("prove", row, at, authenticator=phone, proved_at=at):
            raise Refused("sign_in_over")
        log.append(
            "signing.sign_in_proved",
            actor=log.Actor("signer", str(credential.signer.public_id)),
            subject=str(credential.public_id),
            authority=credential.authority,
            data={"sign_in": str(row.public_id), "authenticator": str(phone.public_id), "asker": row.asker},
        )
    return row


def take(browser_token: str, at: datetime, *, within: str = "") -> sessions.Opened:
    """The browser that shows the QR code goes on. Raises Refused("sign_in_waiting"), and as `sessions` does."""
    row = of_asker(browser_token, at)
    if row is None or row.state != SignIn.PROVED or row.authenticator_id is None:
        raise Refused("sign_in_waiting")
    phone = Authenticator.objects.select_related("credential__signer").get(pk=row.authenticator_id)
    with transaction.atomic():
        if not _move("take", row, at):
            raise Refused("sign_in_waiting")
        return sessions.open_by_shown_phone(phone, row.next_path or "", at=at, within=within)


def give_up(browser_token: str, at: datetime) -> None:
    """Whatever this browser shows is void: it stops, or it shows another."""
    row = of_asker(browser_token, at)
    while row is not None and _move("void", row, at, **_FORGOTTEN):
        row = of_asker(browser_token, at)


def forget_overdue(at: datetime) -> int:
    """For the clock; how many."""
    return ShownSignIn.objects.filter(expires_at__lte=at - _KEPT).delete()[0]


def _require_holder(row: ShownSignIn, browser_token: str) -> ShownSignIn:
    if row.opened_digest is None or bytes(row.opened_digest) != tokens.digest(browser_token):
        raise Refused("sign_in_elsewhere")
    return row


def _move(name: str, row: ShownSignIn, at: datetime, **changes: object) -> bool:
    """Conditional on the state: of two at once one moves it (law 2)."""
    move = _MOVES[name]
    rows = ShownSignIn.objects.filter(pk=row.pk, state__in=move.sources, expires_at__gt=at)
    if rows.update(state=move.target, **changes) != 1:
        return False
    row.refresh_from_db()
    return True
