"""A QR code that a browser shows because it is another device than the phone; the phone proves its owner there.

    show      this browser shows an address of ten minutes; a former one of its own for the same purpose is void
    enter     the phone's button holds it for that phone; a GET never does (ST-20)
    prove     the phone's assertion, for this code and no other

What it is for: the day of that browser (`shown_sign_in`), or one approval (`authorising.shown`; then `approval` and the
signer's `session` stand in the row, and it lives no longer than either).

Whoever sends somebody a picture of a QR code wants them to open a stranger's browser. So the phone names the system
and the device that ask, and both screens show two digits which come from the phone that opened it: the digits are on
the screen in front of the person, or the request is not theirs. This is a comparison by a person, not a proof.
"""

from datetime import datetime, timedelta

from signing import flow
from signing.authorising import approvals
from signing.errors import Refused
from signing.flow import Approval as ApprovalState
from signing.flow import SignIn
from signing.models import Approval, ShownSignIn, SigningSession
from vault import tokens

LIFETIME = timedelta(minutes=10)
_LONGEST_KIND = 24
_KEPT = timedelta(days=1)
_MOVES = {move.name: move for move in flow.SIGN_IN_MOVES}
_FORGOTTEN: dict[str, None] = {"shown_token": None}
_ABOUT = (
    "session",
    "approval__client",
    "approval__certificate",
    "approval__credential__signer",
)


def show(
    browser_token: str,
    device_kind: str,
    at: datetime,
    *,
    next_path: str = "",
    approval: Approval | None = None,
    session: SigningSession | None = None,
) -> ShownSignIn:
    """What this browser shows from now on; the row's `shown_token` stands in the address behind the QR code."""
    give_up(browser_token, at, approval)
    token = tokens.new_token()
    ends = [at + LIFETIME, *(each.expires_at for each in (approval, session) if each is not None)]
    return ShownSignIn.objects.create(
        token_digest=tokens.digest(token),
        shown_token=token,
        asker_digest=tokens.digest(browser_token),
        asker=device_kind[:_LONGEST_KIND],
        next_path=next_path,
        approval=approval,
        session=session,
        shown_at=at,
        expires_at=min(ends),
    )


def of_asker(browser_token: str, at: datetime, approval: Approval | None = None) -> ShownSignIn | None:
    """The newest one of this browser that has not ended: for its sign-in, or for this approval."""
    if not browser_token:
        return None
    mine = ShownSignIn.objects.select_related(*_ABOUT).filter(
        asker_digest=tokens.digest(browser_token), approval=approval, expires_at__gt=at
    )
    row = mine.filter(state__in=_MOVES["void"].sources).order_by("-pk").first()
    return row if row is not None and _is_wanted(row, at) else None


def find(token: str, at: datetime, *, for_approval: bool) -> ShownSignIn:
    """For the phone. Raises Refused: qr_unknown, qr_over (too late, used, not wanted any more, or a newer is shown)."""
    row = _of_token(token, for_approval=for_approval)
    if row is None:
        raise Refused("qr_unknown")
    if row.state not in (SignIn.SHOWN, SignIn.OPENED) or row.expires_at <= at or not _is_wanted(row, at):
        raise Refused("qr_over")
    return row


def enter(
    token: str, browser_token: str, device_kind: str, at: datetime, *, for_approval: bool
) -> ShownSignIn:
    """Hold it for this phone's browser; the holder may press again.

    Raises Refused("qr_elsewhere"), and those of `find`.
    """
    row = find(token, at, for_approval=for_approval)
    if row.state == SignIn.OPENED:
        return _require_holder(row, browser_token)
    kind = device_kind[:_LONGEST_KIND]
    if not move("open", row, at, opened_digest=tokens.digest(browser_token), opener=kind, **_FORGOTTEN):
        return _require_holder(find(token, at, for_approval=for_approval), browser_token)
    return row


def held(token: str, browser_token: str, at: datetime, *, for_approval: bool) -> ShownSignIn:
    """What this phone has opened. Raises Refused: qr_not_opened, qr_elsewhere, and those of `find`."""
    row = find(token, at, for_approval=for_approval)
    if row.state != SignIn.OPENED:
        raise Refused("qr_not_opened")
    return _require_holder(row, browser_token)


def proved(token: str, browser_token: str, at: datetime, *, for_approval: bool) -> ShownSignIn | None:
    """What this phone has proved already: an answer that comes twice shows what the first one did."""
    row = _of_token(token, for_approval=for_approval)
    if row is None or row.state not in (SignIn.PROVED, SignIn.TAKEN) or row.expires_at <= at:
        return None
    return row if bytes(row.opened_digest or b"") == tokens.digest(browser_token) else None


def number(row: ShownSignIn) -> int | None:
    """Two digits to compare, from the digest of the opener's secret."""
    if row.opened_digest is None:
        return None
    return 10 + int.from_bytes(bytes(row.opened_digest)[:4], "big") % 90


def give_up(browser_token: str, at: datetime, approval: Approval | None = None) -> None:
    """Whatever this browser shows for this is void: it stops, or it shows another."""
    if not browser_token:
        return
    mine = ShownSignIn.objects.filter(asker_digest=tokens.digest(browser_token), approval=approval)
    mine.filter(state__in=_MOVES["void"].sources, expires_at__gt=at).update(state=SignIn.VOID, **_FORGOTTEN)


def move(name: str, row: ShownSignIn, at: datetime, **changes: object) -> bool:
    """Conditional on the state: of two at once one moves it (law 2)."""
    wanted = _MOVES[name]
    rows = ShownSignIn.objects.filter(pk=row.pk, state__in=wanted.sources, expires_at__gt=at)
    if rows.update(state=wanted.target, **changes) != 1:
        return False
    row.refresh_from_db()
    return True


def forget_overdue(at: datetime) -> int:
    """For the clock; how many."""
    return ShownSignIn.objects.filter(expires_at__lte=at - _KEPT).delete()[0]


def _of_token(token: str, *, for_approval: bool) -> ShownSignIn | None:
    rows = ShownSignIn.objects.select_related(*_ABOUT).filter(approval__isnull=not for_approval)
    return rows.filter(token_digest=tokens.digest(token)).first()


def _is_wanted(row: ShownSignIn, at: datetime) -> bool:
    """A sign-in is, as long as it lives; an approval's code while the day that shows it and the approval do."""
    if row.session is not None and (row.session.ended_at is not None or row.session.expires_at <= at):
        return False
    return row.approval is None or approvals.standing(row.approval, at) == ApprovalState.WAITING


def _require_holder(row: ShownSignIn, browser_token: str) -> ShownSignIn:
    if row.opened_digest is None or bytes(row.opened_digest) != tokens.digest(browser_token):
        raise Refused("qr_elsewhere")
    return row
