"""A credential takes the place of another: everything that was the former's moves in the activation's transaction.

Phones, My Number Cards and what ends with the former are moved under the lock of its row, which every binding,
suspension and revocation takes too, so each phone stands behind exactly one credential whichever is faster
(issue 4 item 9). Sources: form-rules CA-11, BD-12, BD-16; RFC 5280 section 5.3.1; decision 11.
"""

from datetime import datetime
from typing import NamedTuple

from ledger.log import SYSTEM, append
from outbox import jobs
from signing import flow, issuing
from signing.endings import Ended, end_sessions
from signing.models import (
    Activation,
    ActivationItem,
    Authenticator,
    CardBinding,
    Credential,
    EnrollmentLink,
    IssuanceIntent,
    SigningSession,
)
from signing.ordering import STANDING

C = flow.Credential
_CLOSABLE = (flow.Link.OPEN, flow.Link.LOCKED, flow.Link.EXPIRED)


class Taken(NamedTuple):
    """What moved, for the ledger's entry; `begins` is the state in which the new credential starts."""

    begins: flow.Credential
    former: Credential
    ended: Ended
    phones: int = 0
    cards: int = 0


def take_over(credential: Credential, former: int, former_ends: str, at: datetime) -> Taken:
    """Move what was the former's (its key in the database) to `credential` and end the former.

    Call it inside the activation's transaction, before the new one is activated: a person has one standing
    credential. A suspended former hands its suspension on: a lost phone does not come back by a renewal. One that
    was revoked meanwhile hands nothing on, and its successor begins revoked.
    """
    row = Credential.objects.select_for_update(no_key=True).get(pk=former)
    if row.state == C.REVOKED:
        return Taken(C.REVOKED, row, Ended(0, []))
    begins = C.SUSPENDED if row.state == C.SUSPENDED else C.ACTIVE
    # Links first: a phone that is being bound at this moment holds its link, and is moved below once it is done.
    void_links(row)
    ended = end_everything(row, at)
    bound = (flow.Authenticator.ACTIVE, flow.Authenticator.STOPPED)
    moved = Authenticator.objects.filter(credential=row, state__in=bound).update(credential=credential)
    cards = CardBinding.objects.filter(credential=row, is_living=True).update(credential=credential)
    if row.state in STANDING:
        _supersede(row, former_ends, at)
    return Taken(begins, row, ended, moved, cards)


def record(taken: Taken, credential: Credential, former_ends: str) -> None:
    """The ledger's entry of a succession; last in the transaction, for it locks the chain's head."""
    append(
        "signing.credential_succeeded",
        actor=SYSTEM,
        subject=str(taken.former.public_id),
        authority=taken.former.authority,
        data={
            "successor": str(credential.public_id),
            "phones": taken.phones,
            "cards": taken.cards,
            "reason": former_ends,
        },
    )
    taken.ended.record()


def _supersede(former: Credential, reason: str, at: datetime) -> None:
    Credential.objects.filter(pk=former.pk, state__in=STANDING).update(
        state=C.REVOKED, changed_at=at, revoked_at=at, revocation_reason=reason
    )
    issuing.announce(former)
    tell("signing.credential_revoked", former)


def stop_successor(former: Credential, at: datetime) -> str:
    """The former is revoked: what was ordered to succeed it must not live either. Inside the revocation's transaction.

    Where the authority may have signed already (the order is intended), the certificate is recorded and listed as
    revoked when the order is carried out (`issuance`). The public id of what was stopped, "" for nothing.
    """
    waiting = Credential.objects.filter(succeeds=former, state=C.ORDERED).first()
    if waiting is None:
        return ""
    # The order first, then its credential: a worker that stores the key at this moment locks them so (`issuance`).
    IssuanceIntent.objects.filter(
        credential=waiting, state__in=(flow.Issuance.ORDERED, flow.Issuance.KEYED)
    ).update(subject={})
    stopped = Credential.objects.filter(pk=waiting.pk, state=C.ORDERED)
    if stopped.update(state=C.REVOKED, changed_at=at, revoked_at=at, revocation_reason="superseded") != 1:
        return ""
    tell("signing.credential_stopped", waiting)
    return str(waiting.public_id)


def end_everything(credential: Credential, at: datetime) -> Ended:
    """Sessions end and open items die; a `reserve` at the same moment meets us on the item rows (decision 11).

    A QR code on some screen ends too: the authentication behind it is over, as that of a session is. The caller records
    what was withdrawn.
    """
    void_links(credential, kind="shown")
    ended = end_sessions(SigningSession.objects.filter(credential=credential), at)
    left = ActivationItem.objects.filter(
        activation__session__credential=credential, state=flow.Item.AUTHORISED
    )
    sads = Activation.objects.filter(pk__in=left.values("activation")).order_by("pk")
    locked = [sad.pk for sad in sads.select_for_update()]  # in the order of everybody who takes several
    ActivationItem.objects.filter(activation__in=locked, state=flow.Item.AUTHORISED).update(
        state=flow.Item.DEAD
    )
    return ended


def void_links(credential: Credential, **only: str) -> None:
    """No way to a phone stays open, and nothing of its clear text."""
    links = EnrollmentLink.objects.filter(credential=credential, state__in=_CLOSABLE, **only)
    links.update(state=flow.Link.VOID, opened_digest=None, opened_until=None, shown_token=None)


def tell(kind: str, credential: Credential) -> None:
    """News for the rooms above: each ending happens once and is told once."""
    jobs.enqueue(kind, str(credential.public_id), dedupe=f"{kind}:{credential.public_id}")
