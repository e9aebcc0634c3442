"""The enrolment link: made for the person's inbox, opened with its password, spent by binding one phone.

Sources: seed 001 steps 13 and 14; form-rules ST-15 to ST-20; decision 19; security.md threats 3 and 4.
At rest there is a digest of the token and a slow hash of the password; the clear text is returned once.
"""

import unicodedata
import uuid
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import F

from ledger import clock, log
from outbox import jobs
from signing.errors import Refused
from signing.flow import Credential as CredentialState
from signing.flow import Link
from signing.models import Credential, EnrollmentLink
from vault import tokens

MONTHS = 3  # civil months, ST-17
TRIES = 5  # wrong passwords, ST-18
OPEN_FOR = timedelta(minutes=10)  # how long the password holds for the browser that gave it
SYSTEM = log.Actor("system", "signing")
_LONGEST_PASSWORD = 64
_ENDED = {
    Link.BOUND: "link_used",
    Link.LOCKED: "link_locked",
    Link.EXPIRED: "link_expired",
    Link.VOID: "link_void",
}


Facts = dict[str, str | int | bool | None]  # what the ledger takes


class NewLink(NamedTuple):
    """A fresh link. `url_path` ("/r/<token>/") and `password` exist in clear only here (decision 19)."""

    url_path: str
    password: str
    expires_at: datetime


def create(credential: Credential | uuid.UUID, *, at: datetime, actor: log.Actor = SYSTEM) -> NewLink:
    """Make the credential's link of kind `inbox`; a former one that is not bound dies at once (ST-24).

    `credential`: the row or its public id. The link lives three civil months and ends at 24:00 JST (ST-17).
    Raises Refused("credential_unknown"), Refused("credential_not_active").
    """
    public_id = credential.public_id if isinstance(credential, Credential) else credential
    token, password = tokens.new_token(), tokens.new_password()
    expires_at = clock.end_of_day(clock.civil_months_later(clock.today(at), MONTHS))
    password_hash = make_password(password)  # slow: before any lock is held
    with transaction.atomic():
        row = Credential.objects.select_for_update().filter(public_id=public_id).first()
        if row is None:
            raise Refused("credential_unknown")
        if row.state != CredentialState.ACTIVE:
            raise Refused("credential_not_active")
        former = EnrollmentLink.objects.filter(
            credential=row, kind="inbox", state__in=[Link.OPEN, Link.LOCKED, Link.EXPIRED]
        )
        voided = former.update(state=Link.VOID, opened_digest=None, opened_until=None)
        link = EnrollmentLink.objects.create(
            credential=row,
            kind="inbox",
            token_digest=tokens.digest(token),
            password_hash=password_hash,
            created_at=at,
            expires_at=expires_at,
        )
        data: Facts = {"link": str(link.public_id), "voided": voided, "expires_at": expires_at.isoformat()}
        log.append(
            "signing.link_created",
            actor=actor,
            subject=str(row.public_id),
            authority=row.authority,
            data=data,
        )
    return NewLink(f"/r/{token}/", password, expires_at)


def find(token: str) -> EnrollmentLink:
    """The link behind an address, in whatever state; nothing is counted or changed (ST-20: a GET never does).

    Raises Refused("link_unknown").
    """
    links = EnrollmentLink.objects.select_related("credential__signer")
    link = links.filter(token_digest=tokens.digest(token)).first()
    if link is None:
        raise Refused("link_unknown")
    return link


def require_usable(link: EnrollmentLink, at: datetime) -> None:
    """Raises Refused with link_used, link_locked, link_expired, link_void or credential_not_active."""
    if link.state != Link.OPEN:
        raise Refused(_ENDED[Link(link.state)])
    if at >= link.expires_at:
        raise Refused("link_expired")
    if link.credential.state != CredentialState.ACTIVE:
        raise Refused("credential_not_active")


def tries_left(link: EnrollmentLink) -> int:
    return max(TRIES - link.attempts, 0)


def open(token: str, password: str, browser_token: str, at: datetime) -> EnrollmentLink:
    """Try the password and, if it is right, open the link for this browser for ten minutes.

    A try is counted before it is evaluated, by a conditional update, so that exactly five are evaluated even
    when many come at once. The work is the same for an unknown token (one slow hash).
    Raises Refused("wrong_password", tries_left=n), Refused("password_missing") and those of `find`
    and `require_usable`.
    """
    typed = _normal(password)
    try:
        link = find(token)
        require_usable(link, at)
    except Refused:
        check_password(typed, _decoy_hash())
        raise
    if not typed:
        raise Refused("password_missing")
    if not _count_try(link):
        check_password(typed, _decoy_hash())
        _lock(link)
        raise Refused("link_locked")
    if check_password(typed, link.password_hash):
        return _open_for(link, browser_token, at)
    link.refresh_from_db(fields=["attempts"])
    if tries_left(link) == 0:
        _lock(link)
        raise Refused("link_locked")
    raise Refused("wrong_password", tries_left=tries_left(link))


def opened_by(token: str, browser_token: str, at: datetime) -> EnrollmentLink:
    """The link that this browser has opened; Refused("link_not_opened") sends it to the password page.

    Raises as `find` and `require_usable` too; a browser that is not the opener gets Refused("wrong_browser").
    """
    link = find(token)
    require_usable(link, at)
    if link.opened_digest is None or link.opened_until is None or link.opened_until <= at:
        raise Refused("link_not_opened")
    if bytes(link.opened_digest) != tokens.digest(browser_token):
        raise Refused("wrong_browser")
    return link


def is_bound_by(link: EnrollmentLink, browser_token: str, at: datetime) -> bool:
    """Whether this browser has just spent the link: it alone may see the completion page."""
    opened = link.opened_digest is not None and bytes(link.opened_digest) == tokens.digest(browser_token)
    recent = link.opened_until is not None and link.opened_until > at
    return link.state == Link.BOUND and opened and recent


def close(link: EnrollmentLink) -> None:
    """Forget the browser: the completion page ends the visit itself (BD-09)."""
    EnrollmentLink.objects.filter(pk=link.pk).update(opened_digest=None, opened_until=None)


def bind(link: EnrollmentLink, *, at: datetime, data: Facts) -> None:
    """Spend the link: one phone now stands behind it. Call it last, inside the transaction of the binding.

    `data` describes the phone for the ledger. Raises Refused("link_used") when another was faster.
    """
    signer, credential = link.credential.signer, link.credential
    moved = EnrollmentLink.objects.filter(pk=link.pk, state=Link.OPEN, expires_at__gt=at)
    if moved.update(state=Link.BOUND) != 1:
        raise Refused("link_used")
    _tell("signing.link_bound", link)
    log.append(
        "signing.phone_bound",
        actor=log.Actor("signer", str(signer.public_id)),
        subject=str(credential.public_id),
        authority=credential.authority,
        data={"link": str(link.public_id), **data},
    )


def expire_overdue(at: datetime) -> int:
    """Move links past their end to `expired`; how many. Called by the clock; a late call opens nothing."""
    count = 0
    for link in EnrollmentLink.objects.filter(state=Link.OPEN, expires_at__lte=at).select_related(
        "credential"
    ):
        with transaction.atomic():
            if EnrollmentLink.objects.filter(pk=link.pk, state=Link.OPEN).update(state=Link.EXPIRED) == 1:
                _tell("signing.link_expired", link)
                _log("signing.link_expired", link, {})
                count += 1
    return count


def _normal(password: str) -> str:
    """Full-width, upper-case and spaced typing are the same password: it holds lower-case ASCII only."""
    if len(password) > _LONGEST_PASSWORD:
        return "-"  # never right, and still a try
    return "".join(unicodedata.normalize("NFKC", password).casefold().split())


@lru_cache(maxsize=1)
def _decoy_hash() -> str:
    return make_password(tokens.new_password())


def _count_try(link: EnrollmentLink) -> bool:
    rows = EnrollmentLink.objects.filter(pk=link.pk, state=Link.OPEN, attempts__lt=TRIES)
    return rows.update(attempts=F("attempts") + 1) == 1


def _lock(link: EnrollmentLink) -> None:
    with transaction.atomic():
        rows = EnrollmentLink.objects.filter(pk=link.pk, state=Link.OPEN, attempts__gte=TRIES)
        if rows.update(state=Link.LOCKED, opened_digest=None, opened_until=None) == 1:
            _tell("signing.link_locked", link)
            _log("signing.link_locked", link, {"tries": TRIES})


def _open_for(link: EnrollmentLink, browser_token: str, at: datetime) -> EnrollmentLink:
    with transaction.atomic():
        rows = EnrollmentLink.objects.filter(pk=link.pk, state=Link.OPEN)
        opened = {"opened_digest": tokens.digest(browser_token), "opened_until": at + OPEN_FOR}
        if rows.update(attempts=0, **opened) != 1:
            raise Refused("link_locked")  # the sixth of many at once has locked it meanwhile
        _log("signing.link_opened", link, {})
    link.refresh_from_db()
    return link


def _tell(kind: str, link: EnrollmentLink) -> None:
    """Other rooms know the credential's public id; each link tells once."""
    jobs.enqueue(kind, str(link.credential.public_id), dedupe=f"{kind}:{link.public_id}")


def _log(kind: str, link: EnrollmentLink, data: Facts) -> None:
    credential = link.credential
    log.append(
        kind,
        actor=SYSTEM,
        subject=str(credential.public_id),
        authority=credential.authority,
        data={"link": str(link.public_id), **data},
    )
