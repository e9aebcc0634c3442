"""The signer's answer to a step-up: by phone, My Number Card or HPKI card, or no. One way for all: `_approve`.

What is proven covers the set of hashes. The phone's key and the My Number Card's sign the challenge itself. An HPKI
card signs a TLS handshake, so its challenge is in the address that it is shown at (`card_site.visits`): README.
"""

import json
from datetime import datetime
from uuid import UUID

from django.db import transaction

from ledger import log
from signing import phone_answers
from signing.authorising import approvals, entries
from signing.authorising.approvals import challenge
from signing.card_site import visits
from signing.errors import Refused
from signing.flow import Credential as CredentialState
from signing.models import Approval, Authenticator, CardVisit, Credential


def by_phone(approval: Approval, phone: Authenticator, answer: str, at: datetime, **more: str) -> None:
    """After the ceremony: the answer was checked, and it must be the answer to this challenge and no other.

    `more`: what the ledger's entry says beside it.

    Raises Refused: phone_unknown (another person's), phone_answer_bad, approval_unknown.
    """
    if phone.credential.signer_id != approval.credential.signer_id:
        raise Refused("phone_unknown")
    if phone_answers.challenge(phone_answers.read(answer)) != challenge(approval):
        raise Refused("phone_answer_bad")
    _approve(approval, "authenticator", answer, at, phone=phone, **more)


def by_card(approval: Approval, holder: Credential, answer: str, at: datetime) -> None:
    """After `sessions.holder` has checked the card against this challenge.

    Raises Refused: card_unknown (another person's), approval_unknown.
    """
    if holder.signer_id != approval.credential.signer_id:
        raise Refused("card_unknown")
    _approve(approval, "my_number_card", answer, at)


def by_hpki_card(visit: CardVisit, at: datetime) -> None:
    """A visit that was begun for this approval alone, and in which the card was believed; it ends with the answer.

    Raises Refused: hpki_other (another person's, or no second certificate's), credential_not_active, visit_unknown,
    approval_unknown.
    """
    rows = Approval.objects.select_related("client", "certificate", "credential__signer")
    approval = rows.filter(public_id=UUID(visit.next_path)).first()
    if approval is None or bytes(visit.covers or b"") != challenge(approval):
        raise Refused("approval_unknown")
    try:
        holder = visits.credential_of(visit)
    except Refused as refused:
        raise Refused("hpki_other" if refused.code == "no_credential" else refused.code) from None
    if holder.pk != approval.credential_id:
        raise Refused("hpki_other")
    card = {
        "visit": str(visit.public_id),
        "issuer": visit.issuer,
        "serial": visit.serial,
        "fingerprint": bytes(visit.fingerprint or b"").hex(),
        "covers": bytes(visit.covers or b"").hex(),
    }
    with transaction.atomic():
        _approve(approval, "hpki_card", json.dumps(card), at, visit=str(visit.public_id))
        visits.end(visit, at)


def refuse(approval: Approval, at: datetime) -> None:
    """The signer says no; the caller is told so. Raises Refused("approval_unknown")."""
    with transaction.atomic():
        approvals.move("refuse", approval, at, answered_at=at)
        entries.write(approval, "signing.approval_refused", _signer(approval))


def _approve(
    approval: Approval,
    means: str,
    proof: str,
    at: datetime,
    *,
    phone: Authenticator | None = None,
    **more: str,
) -> None:
    with transaction.atomic():
        row = Credential.objects.select_for_update(no_key=True).get(pk=approval.credential_id)
        if row.state != CredentialState.ACTIVE:  # a suspension stands in the same line
            raise Refused("approval_unknown")
        approvals.move("approve", approval, at, answered_at=at, means=means, authenticator=phone, proof=proof)
        covered = challenge(approval).hex()
        entries.write(approval, "signing.approved", _signer(approval), means=means, challenge=covered, **more)


def _signer(approval: Approval) -> log.Actor:
    return log.Actor("signer", str(approval.credential.signer.public_id))
