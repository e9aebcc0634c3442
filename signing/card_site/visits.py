"""A visit of the card site: begun in one browser, identified at nginx's origin, opened by a ticket (decision 40).

    begin      the browser is sent to INKAN_CARD_ORIGIN with the visit's public id
    identify   the card was believed there; a ticket of sixty seconds, digest at rest, goes back to /card/
    enter      the browser that began, and no other, spends the ticket and gets a token of its own for ten minutes
    end        the completion page ends the visit itself (BD-09)

A ticket that another browser brings opens nothing there, so nobody can be led into a stranger's visit.

A visit that approves a set of hashes carries their challenge (`covers`), and so does the address at which the card is
shown: nginx hands both over in the one request whose TLS handshake the card has signed.
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction

from ledger import log
from signing import flow
from signing.card_site.principals import Principal
from signing.errors import Refused
from signing.flow import Visit
from signing.models import CardVisit, Credential
from vault import tokens

BEGIN_LIFETIME = timedelta(minutes=10)
TICKET_LIFETIME = timedelta(seconds=60)
MOST_OPEN = 5  # per browser: a few tabs; a reload for ever replaces the oldest
PURPOSES = frozenset(code for code, _name in CardVisit.PURPOSES)
_KEPT = timedelta(days=1)
_MOVES = {move.name: move for move in flow.VISIT_MOVES}


class Entered(NamedTuple):
    """A visit that has just opened; `token` exists in clear only here."""

    visit: CardVisit
    token: str


def begin(
    purpose: str, browser_token: str, at: datetime, *, next_path: str = "", covers: bytes = b""
) -> CardVisit:
    """`purpose` is one of PURPOSES; `covers` the challenge of what is approved, 32 bytes."""
    browser = tokens.digest(browser_token)
    begun = CardVisit.objects.filter(browser_digest=browser, state=Visit.BEGUN).order_by("-pk")
    oldest = list(begun.values_list("pk", flat=True)[MOST_OPEN - 1 :])
    CardVisit.objects.filter(pk__in=oldest, state=Visit.BEGUN).delete()
    return CardVisit.objects.create(
        purpose=purpose,
        next_path=next_path,
        covers=covers or None,
        browser_digest=browser,
        begun_at=at,
        expires_at=at + BEGIN_LIFETIME,
    )


def identify(public_id: UUID | str, principal: Principal, at: datetime, *, covers: str = "") -> str:
    """The ticket that leads back; `covers` is what the address says of it, in hexadecimal.

    Raises Refused("visit_unknown") for one that is over, spent, was never begun, or covers something else.
    """
    try:
        wanted = UUID(str(public_id))
    except ValueError:
        raise Refused("visit_unknown") from None
    ticket = tokens.new_token()
    with transaction.atomic():
        visit = CardVisit.objects.filter(public_id=wanted).first()
        if visit is None or bytes(visit.covers or b"").hex() != covers:
            raise Refused("visit_unknown")
        _move(
            "identify",
            visit,
            at,
            ticket_digest=tokens.digest(ticket),
            expires_at=at + TICKET_LIFETIME,
            issuer=principal.issuer,
            person_id=principal.person_id,
            qualification=principal.qualification,
            serial=principal.serial,
            fingerprint=principal.fingerprint,
            card_not_after=principal.not_after,
        )
        _log("identified", visit, log.SYSTEM)
    return ticket


def enter(ticket: str, browser_token: str, at: datetime) -> Entered:
    """Spend the ticket in the browser that began; Refused("ticket_unknown") for everything else."""
    token = tokens.new_token()
    with transaction.atomic():
        visit = CardVisit.objects.filter(
            ticket_digest=tokens.digest(ticket), browser_digest=tokens.digest(browser_token)
        ).first()
        if visit is None:
            raise Refused("ticket_unknown")
        changes = {"token_digest": tokens.digest(token), "expires_at": at + settings.CARD_VISIT}
        try:
            _move("open", visit, at, **changes)
        except Refused:
            raise Refused("ticket_unknown") from None
        _log("opened", visit, actor(visit))
    return Entered(visit, token)


def of_ticket(ticket: str, browser_token: str) -> CardVisit | None:
    """The visit that this browser has opened with this ticket: whoever reloads is told what became of it."""
    mine = CardVisit.objects.filter(
        ticket_digest=tokens.digest(ticket), browser_digest=tokens.digest(browser_token)
    )
    return mine.filter(token_digest__isnull=False).first()


def find(token: str, at: datetime) -> CardVisit:
    """The open visit of this token; Refused("no_visit")."""
    rows = CardVisit.objects.filter(token_digest=tokens.digest(token), state=Visit.OPEN, expires_at__gt=at)
    visit = rows.first()
    if visit is None:
        raise Refused("no_visit")
    return visit


def hold(token: str) -> None:
    """Until the transaction's end nobody else holds or moves this token's visit."""
    CardVisit.objects.select_for_update(no_key=True).filter(token_digest=tokens.digest(token)).first()


def end(visit: CardVisit, at: datetime) -> None:
    """The visit is over; call it inside the transaction of what the person came for. Refused("visit_unknown")."""
    with transaction.atomic():
        _move("end", visit, at)
        _log("ended", visit, actor(visit))


def just_ended(token: str, at: datetime) -> CardVisit:
    """The visit that this browser has just brought to its end: it alone may see the completion page."""
    rows = CardVisit.objects.filter(token_digest=tokens.digest(token), state=Visit.ENDED, expires_at__gt=at)
    visit = rows.first()
    if visit is None:
        raise Refused("no_visit")
    return visit


def credential_of(visit: CardVisit) -> Credential:
    """The second certificate of this card's holder: same 本人ID, same authority, same qualification.

    Raises Refused("no_credential"), or Refused("credential_not_active") when the only one is suspended or ended.
    """
    rows = Credential.objects.select_related("signer").filter(
        signer__person_id=visit.person_id, issuer=visit.issuer, qualification=visit.qualification
    )
    active = rows.filter(state=flow.Credential.ACTIVE).first()
    if active is not None:
        return active
    living = (flow.Credential.ORDERED, flow.Credential.SUSPENDED)
    raise Refused("credential_not_active" if rows.filter(state__in=living).exists() else "no_credential")


def actor(visit: CardVisit) -> log.Actor:
    """The person of an HPKI card may have no row of their own yet: the visit stands for them."""
    return log.Actor("signer", str(visit.public_id))


def forget_overdue(at: datetime) -> int:
    """For the clock: visits that nobody finished at once, the others a day after their end; how many."""
    begun = CardVisit.objects.filter(state=Visit.BEGUN, expires_at__lte=at).delete()[0]
    return begun + CardVisit.objects.filter(expires_at__lte=at - _KEPT).delete()[0]


def _move(name: str, visit: CardVisit, at: datetime, **changes: object) -> None:
    move = _MOVES[name]
    rows = CardVisit.objects.filter(pk=visit.pk, state__in=move.sources, expires_at__gt=at)
    if rows.update(state=move.target, **changes) != 1:
        raise Refused("visit_unknown")
    visit.refresh_from_db()


def _log(what: str, visit: CardVisit, who: log.Actor) -> None:
    covered = {} if visit.covers is None else {"covers": bytes(visit.covers).hex()}
    log.append(
        f"signing.card_visit_{what}",
        actor=who,
        subject=str(visit.public_id),
        authority=visit.issuer,
        data={"purpose": visit.purpose, "serial": visit.serial, **covered},
    )
