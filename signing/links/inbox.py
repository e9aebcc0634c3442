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
from signing.links.life import (
    FORGOTTEN,
    INBOX,
    OPEN_FOR,
    SYSTEM,
    Facts,
    find,
    note,
    require_another,
    require_usable,
    tell,
    void,
)
from signing.models import Credential, EnrollmentLink
from vault import tokens

MONTHS = 3  # civil months, ST-17
TRIES = 5  # wrong passwords, ST-18
MOST_A_DAY = 3  # links that a signer has sent within 24 hours
_LONGEST_PASSWORD = 64


class NewLink(NamedTuple):
    """A fresh link. `url_path` ("/r/<token>/") and `password` exist in clear only here (decision 19)."""

    url_path: str
    password: str
    expires_at: datetime
    public_id: uuid.UUID


def expiry(at: datetime) -> datetime:
    """Three civil months, to 24:00 JST (ST-17), for a link that is sent at this moment."""
    return clock.end_of_day(clock.civil_months_later(clock.today(at), MONTHS))


def create(
    credential: Credential | uuid.UUID,
    *,
    at: datetime,
    actor: log.Actor = SYSTEM,
    reason: str = "issued",
    if_wanted: bool = False,
) -> NewLink:
    """Make the credential's link of kind `inbox`; a former one that is not bound dies at once (ST-24).

    `credential`: the row or its public id. With `if_wanted` only where the signer's wish is still open (BD-15), so
    that a repeated task makes no second one; any new link fulfils the wish.
    Raises Refused: credential_unknown, credential_not_active, link_not_wanted.
    """
    public_id = credential.public_id if isinstance(credential, Credential) else credential
    token, password = tokens.new_token(), tokens.new_password()
    expires_at = expiry(at)
    password_hash = make_password(password)  # slow: before any lock is held
    with transaction.atomic():
        row = Credential.objects.select_for_update(no_key=True).filter(public_id=public_id).first()
        if row is None:
            raise Refused("credential_unknown")
        if row.state != CredentialState.ACTIVE:
            raise Refused("credential_not_active")
        if if_wanted and row.link_wanted_at is None:
            raise Refused("link_not_wanted")
        Credential.objects.filter(pk=row.pk).update(link_wanted_at=None)
        voided = void(EnrollmentLink.objects.filter(credential=row))
        link = EnrollmentLink.objects.create(
            credential=row,
            kind=INBOX,
            token_digest=tokens.digest(token),
            password_hash=password_hash,
            created_at=at,
            expires_at=expires_at,
        )
        data: Facts = {"voided": voided, "expires_at": expires_at.isoformat(), "reason": reason}
        note("signing.link_created", link, data, actor)
    return NewLink(f"/r/{token}/", password, expires_at, link.public_id)


def want(credential: Credential, actor: log.Actor, at: datetime) -> None:
    """The signer, just authenticated by the My Number Card, asks for a link in the inbox (BD-15); enrollment sends it.

    Asked twice, it is one wish. Raises Refused: credential_not_active, phone_once (the authority binds a phone once
    only), too_many_links.
    """
    with transaction.atomic():
        row = Credential.objects.select_for_update(no_key=True).get(pk=credential.pk)
        if row.state != CredentialState.ACTIVE:
            raise Refused("credential_not_active")
        require_another(row, at)
        recent = EnrollmentLink.objects.filter(
            credential=row, kind=INBOX, created_at__gt=at - timedelta(days=1)
        )
        made = recent.count()
        if made >= MOST_A_DAY:
            raise Refused("too_many_links")
        if row.link_wanted_at is None:
            Credential.objects.filter(pk=row.pk).update(link_wanted_at=at)
            mark = f"signing.link_wanted:{row.public_id}:{at.timestamp():.6f}"
            jobs.enqueue("signing.link_wanted", str(row.public_id), dedupe=mark)
            log.append(
                "signing.link_wanted", actor=actor, subject=str(row.public_id), authority=row.authority
            )


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
        if link.kind != INBOX:
            raise Refused("link_unknown")  # a QR code has no password
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
        if rows.update(state=Link.LOCKED, **FORGOTTEN) == 1:
            tell("signing.link_locked", link)
            note("signing.link_locked", link, {"tries": TRIES})


def _open_for(link: EnrollmentLink, browser_token: str, at: datetime) -> EnrollmentLink:
    with transaction.atomic():
        rows = EnrollmentLink.objects.filter(pk=link.pk, state=Link.OPEN)
        opened = {"opened_digest": tokens.digest(browser_token), "opened_until": at + OPEN_FOR}
        if rows.update(attempts=0, **opened) != 1:
            raise Refused("link_locked")  # the sixth of many at once has locked it meanwhile
        note("signing.link_opened", link, {})
    link.refresh_from_db()
    return link
