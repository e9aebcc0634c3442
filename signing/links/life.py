"""A link in whatever kind: found, held by one browser, spent by binding one phone, ended by the clock.

Sources: seed 001 steps 13 and 14, annex 2; form-rules ST-17 to ST-20, BD-04; security.md threats 3 and 4.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from ledger import log
from outbox import jobs
from signing.errors import Refused
from signing.flow import Credential as CredentialState
from signing.flow import Link
from signing.models import Credential, EnrollmentLink
from signing.phones import life as phones
from signing.phones import rules
from vault import tokens

INBOX, SHOWN = "inbox", "shown"
OPEN_FOR = timedelta(minutes=10)  # how long an opened link is held for the browser that opened it
SYSTEM = log.Actor("system", "signing")
ENDED = {
    Link.BOUND: "link_used",
    Link.LOCKED: "link_locked",
    Link.EXPIRED: "link_expired",
    Link.VOID: "link_void",
}
# What an ended link keeps of the browsers and of its own clear text: nothing.
FORGOTTEN: dict[str, None] = {"opened_digest": None, "opened_until": None, "shown_token": None}

Facts = dict[str, str | int | bool | None]  # what the ledger takes


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
        raise Refused(ENDED[Link(link.state)])
    if at >= link.expires_at:
        raise Refused("link_expired")
    if link.credential.state != CredentialState.ACTIVE:
        raise Refused("credential_not_active")


def opened_by(token: str, browser_token: str, at: datetime) -> EnrollmentLink:
    """The link that this browser has opened; Refused("link_not_opened") sends it to the first page.

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
    """Forget the phone's browser: the completion page ends the visit itself (BD-09)."""
    EnrollmentLink.objects.filter(pk=link.pk).update(opened_digest=None, opened_until=None)


def locked_credential(credential_id: int) -> Credential:
    """The row, held until the commit: binding, revoking and making a link of one credential stand in line here."""
    return Credential.objects.select_for_update(no_key=True).get(pk=credential_id)


def require_another(credential: Credential, at: datetime) -> None:
    """Raises Refused("phone_once") where the authority binds a phone once only and one has been bound (BD-15).

    For what a signer begins without the HPKI card; an officer may always send a link.
    """
    if rules.of(credential.authority, at).once and phones.was_ever_bound(credential):
        raise Refused("phone_once")


def void(links: QuerySet[EnrollmentLink]) -> int:
    """End links for a newer one, or because a phone is bound another way (ST-24); how many there were."""
    ending = links.filter(state__in=[Link.OPEN, Link.LOCKED, Link.EXPIRED])
    return ending.update(state=Link.VOID, **FORGOTTEN)


def bind(link: EnrollmentLink, *, at: datetime, data: Facts) -> None:
    """Spend the link: one phone now stands behind it. Call it last, inside the transaction of the binding.

    Every other way to a phone of this credential dies with it: an address that somebody has kept must not replace
    the phone that was bound meanwhile. `data` describes the phone for the ledger.
    Raises Refused("link_used") when another was faster.
    """
    signer, credential = link.credential.signer, link.credential
    moved = EnrollmentLink.objects.filter(pk=link.pk, state=Link.OPEN, expires_at__gt=at)
    if moved.update(state=Link.BOUND, shown_token=None) != 1:
        raise Refused("link_used")
    voided = void(EnrollmentLink.objects.filter(credential=credential, state=Link.OPEN))
    tell("signing.link_bound", link)
    log.append(
        "signing.phone_bound",
        actor=log.Actor("signer", str(signer.public_id)),
        subject=str(credential.public_id),
        authority=credential.authority,
        data={"link": str(link.public_id), "kind": link.kind, "voided": voided, **data},
    )


def expire_overdue(at: datetime) -> int:
    """Move links past their end to `expired`; how many. Called by the clock; a late call opens nothing.

    Only a link of the inbox is told of (N7): the end of a QR code stands on the page that shows it.
    """
    count = 0
    overdue = EnrollmentLink.objects.filter(state=Link.OPEN, expires_at__lte=at)
    for link in overdue.select_related("credential"):
        with transaction.atomic():
            mine = EnrollmentLink.objects.filter(pk=link.pk, state=Link.OPEN)
            if mine.update(state=Link.EXPIRED, **FORGOTTEN) == 1:
                if link.kind == INBOX:
                    tell("signing.link_expired", link)
                note("signing.link_expired", link, {})
                count += 1
    return count


def tell(kind: str, link: EnrollmentLink) -> None:
    """Other rooms know the credential's public id; each link tells once."""
    jobs.enqueue(kind, str(link.credential.public_id), dedupe=f"{kind}:{link.public_id}")


def note(kind: str, link: EnrollmentLink, data: Facts, actor: log.Actor = SYSTEM) -> None:
    credential = link.credential
    log.append(
        kind,
        actor=actor,
        subject=str(credential.public_id),
        authority=credential.authority,
        data={"link": str(link.public_id), "kind": link.kind, **data},
    )
