"""The link of kind `shown`: a QR code on a PC whose person has just been authenticated (seed 001 annex 2, BD-04).

Ten minutes, one use, no password: whoever stands before the screen is the person. It is opened by a button on the
phone, which holds it for that phone's browser; a GET never does (ST-20). The two-digit number that both screens show
comes from the browser that opened it, so a stranger's phone shows another number than the one in the person's hand.
"""

import uuid
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from django.db import transaction
from django.db.models import Q

from ledger import log
from signing.errors import Refused
from signing.flow import Credential as CredentialState
from signing.flow import Link
from signing.links import life
from signing.links.life import SHOWN, SYSTEM, Facts
from signing.models import Authenticator, Credential, EnrollmentLink
from signing.phones import life as phones
from vault import tokens

LIFETIME = timedelta(minutes=10)  # BD-04; NIST SP 800-63B on binding codes
FRESH = timedelta(minutes=10)  # how long the authentication serves for another QR code
NUMBERS = "jma_numbers"
BY_PHONE = "authenticator"
AT_ME = ("my_number_card", BY_PHONE)  # at the signer's own page (BD-15)
MEANS = ("hpki_card", *AT_ME, NUMBERS)
_LONGEST_KIND = 24
State = Literal["asking", "waiting", "opened", "bound", "expired", "void"]


class Shown(NamedTuple):
    """A fresh link behind a QR code. `url_path` ("/r/<token>/") exists in clear only here and, sealed, in the row."""

    public_id: uuid.UUID
    url_path: str
    expires_at: datetime


def show(
    credential: Credential | uuid.UUID,
    *,
    means: str,
    browser_token: str,
    at: datetime,
    actor: log.Actor = SYSTEM,
) -> Shown:
    """Make the link that this browser will show as a QR code; an older one of the credential dies at once.

    `means` says how the person was authenticated just now. The two numbers printed on JMA's card serve for a first
    phone only, and its holder is told (BD-08, N18).
    Raises Refused: means_unknown, credential_unknown, credential_not_active, phone_exists, phone_once.
    """
    if means not in MEANS or not browser_token:
        raise Refused("means_unknown")
    public_id = credential.public_id if isinstance(credential, Credential) else credential
    with transaction.atomic():
        row = Credential.objects.select_for_update(no_key=True).filter(public_id=public_id).first()
        if row is None:
            raise Refused("credential_unknown")
        return _show(row, means, tokens.digest(browser_token), at, at, actor, may_replace=False)


def renew(link: EnrollmentLink, *, at: datetime) -> Shown:
    """Another QR code in place of this one, as long as the authentication behind it is fresh.

    One that was ended by somebody, its holder's 取消 or another phone's binding, is not renewed: one starts again.
    Raises Refused("authentication_old"), and those of `show`.
    """
    with transaction.atomic():
        row = life.locked_credential(link.credential_id)
        mine = EnrollmentLink.objects.filter(pk=link.pk, kind=SHOWN, state__in=[Link.OPEN, Link.EXPIRED])
        found = mine.filter(authenticated_at__gt=at - FRESH, asker_digest__isnull=False).first()
        if found is None or found.authenticated_at is None or found.asker_digest is None:
            raise Refused("authentication_old")
        newer = EnrollmentLink.objects.filter(credential=row, kind=SHOWN, pk__gt=found.pk)
        if newer.exists():  # shown meanwhile by another browser: this one has nothing to renew
            raise Refused("authentication_old")
        asker, since = bytes(found.asker_digest), found.authenticated_at
        return _show(row, found.means, asker, since, at, SYSTEM, may_replace=found.may_replace)


def of_asker(browser_token: str) -> EnrollmentLink | None:
    """The newest link that this browser shows or has shown, in whatever state."""
    if not browser_token:
        return None
    rows = EnrollmentLink.objects.select_related("credential__signer")
    mine = rows.filter(asker_digest=tokens.digest(browser_token), kind=SHOWN)
    return mine.order_by("-pk").first()


def living_phone(link: EnrollmentLink) -> Authenticator | None:
    """The phone of this link's credential: what a binding would replace (BD-05), or has just bound."""
    return phones.current(link.credential)


def state(link: EnrollmentLink, at: datetime) -> State:
    """What the PC's page shows. `asking`: an old phone is named and nobody has said はい yet (BD-05)."""
    if link.state == Link.BOUND:
        return "bound"
    if link.state == Link.EXPIRED or (link.state == Link.OPEN and link.expires_at <= at):
        return "expired"
    if link.state != Link.OPEN or link.credential.state != CredentialState.ACTIVE:
        return "void"
    if not link.may_replace and living_phone(link) is not None:
        return "asking"
    return "opened" if is_held(link, at) else "waiting"


def is_held(link: EnrollmentLink, at: datetime) -> bool:
    """Whether some phone has opened it and may still finish."""
    return link.opened_digest is not None and link.opened_until is not None and link.opened_until > at


def number(link: EnrollmentLink) -> int | None:
    """Two digits to compare between PC and phone, from the digest of the opener's secret."""
    if link.opened_digest is None:
        return None
    return 10 + int.from_bytes(bytes(link.opened_digest)[:4], "big") % 90


def agree(link: EnrollmentLink) -> None:
    """はい at BD-05: the QR code may be shown; the old phone is untouched until the new one is done."""
    EnrollmentLink.objects.filter(pk=link.pk, kind=SHOWN, state=Link.OPEN).update(may_replace=True)


def give_up(link: EnrollmentLink) -> None:
    """いいえ at BD-05, or the person stops: the QR code is dead, the old phone untouched (BD-18)."""
    signer = log.Actor("signer", str(link.credential.signer.public_id))
    with transaction.atomic():
        mine = EnrollmentLink.objects.filter(pk=link.pk, kind=SHOWN, state=Link.OPEN)
        if mine.update(state=Link.VOID, **life.FORGOTTEN) == 1:
            life.note("signing.link_given_up", link, {}, signer)


def enter(token: str, browser_token: str, device_kind: str, at: datetime) -> EnrollmentLink:
    """The phone's button: hold the link for this browser, ten minutes at most, never longer than the QR code lives.

    One conditional update, so of two phones at once one holds it. The holder may press again.
    Raises Refused("link_elsewhere") while another phone holds it, and those of `find` and `require_usable`.
    """
    link = life.find(token)
    life.require_usable(link, at)
    if link.kind != SHOWN:
        raise Refused("link_unknown")  # a link of the inbox asks for its password
    digest = tokens.digest(browser_token)
    is_free = Q(opened_digest=None) | Q(opened_until__lte=at) | Q(opened_digest=digest)
    until = min(at + life.OPEN_FOR, link.expires_at)
    with transaction.atomic():
        free = EnrollmentLink.objects.filter(is_free, pk=link.pk, state=Link.OPEN, expires_at__gt=at)
        kind = device_kind[:_LONGEST_KIND]
        if free.update(opened_digest=digest, opened_until=until, opener=kind) == 1:
            life.note("signing.link_opened", link, {"device": kind})
            link.refresh_from_db()
            return link
    link = life.find(token)
    life.require_usable(link, at)
    raise Refused("link_elsewhere")


def release(link: EnrollmentLink) -> None:
    """The phone has failed: whoever reads the QR code next may try, this one too (BD-07)."""
    mine = EnrollmentLink.objects.filter(pk=link.pk, kind=SHOWN, state=Link.OPEN)
    mine.filter(opened_digest=link.opened_digest).update(opened_digest=None, opened_until=None, opener="")


def leave(link: EnrollmentLink) -> None:
    """The PC's completion page ends the visit itself (BD-09): this browser knows the link no more."""
    EnrollmentLink.objects.filter(pk=link.pk).update(asker_digest=None)


def _show(
    row: Credential,
    means: str,
    asker: bytes,
    since: datetime,
    at: datetime,
    actor: log.Actor,
    *,
    may_replace: bool,
) -> Shown:
    """`row` is locked: one QR code of a credential is open at a time, by a database constraint too."""
    if row.state != CredentialState.ACTIVE:
        raise Refused("credential_not_active")
    if means == NUMBERS and phones.current(row) is not None:
        raise Refused("phone_exists")
    if means in AT_ME:
        life.require_another(row, at)
    voided = life.void(EnrollmentLink.objects.filter(credential=row, kind=SHOWN, state=Link.OPEN))
    token = tokens.new_token()
    link = EnrollmentLink.objects.create(
        credential=row,
        kind=SHOWN,
        token_digest=tokens.digest(token),
        shown_token=token,
        means=means,
        authenticated_at=since,
        asker_digest=asker,
        may_replace=may_replace,
        created_at=at,
        expires_at=at + LIFETIME,
    )
    if means == NUMBERS:
        life.tell("signing.qr_shown", link)
    data: Facts = {"means": means, "voided": voided, "expires_at": link.expires_at.isoformat()}
    life.note("signing.link_shown", link, data, actor)
    return Shown(link.public_id, f"/r/{token}/", link.expires_at)
