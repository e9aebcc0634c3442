"""A suspended signer's way back: the bound My Number Card proves them for one act, and opens no session (issue 4, 7).

Suspension ends every session and refuses new ones, so the day's sign-in cannot be used. A proof here is a ceremony
of its own: this browser's, ten minutes, spent by the act.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from cards import exchange
from ledger import log
from signing import ceremonies, credentials, flow, sessions
from signing.errors import Refused
from signing.models import Credential

READING, ACT = "card_stopped", "stopped_act"
# What a signer may give as the reason; the authority's own reasons are its officers'.
REASONS = ("key_compromise", "affiliation_changed", "cessation_of_operation", "unspecified")


class Proof(NamedTuple):
    """A person who has just proven themselves; `ceremony` is spent by the act."""

    ceremony: UUID
    credential: Credential


def begin(browser_token: str, return_to: str, at: datetime) -> str:
    """The JSON request for the card reader (decision 22)."""
    ceremony = ceremonies.begin(READING, browser_token, at)
    request = exchange.CardRequest(
        operation="authenticate",
        challenge=bytes(ceremony.challenge),
        return_to=return_to,
        state=str(ceremony.public_id),
    )
    return exchange.to_json(request)


def prove(text: str, browser_token: str, at: datetime) -> Proof:
    """The reader's answer. Raises as `sessions.open_by_card`, and Refused("not_suspended") for any other state."""
    try:
        answer = exchange.response_from_json(text)
    except exchange.ContractError:
        raise Refused("card_refused") from None
    begun = ceremonies.redeem(READING, answer.state, browser_token, at)
    credential = sessions.holder(answer, bytes(begun.challenge), at)
    if credential.state != flow.Credential.SUSPENDED:
        raise Refused("not_suspended")
    proof = ceremonies.begin(ACT, browser_token, at, signer=credential.signer)
    return Proof(proof.public_id, credential)


def resume(proof: str, browser_token: str, at: datetime) -> Credential:
    """Let it sign again. Raises Refused: ceremony_unknown, not_suspended, suspension_held, credential_state."""
    credential, actor = _spend(proof, browser_token, at)
    credentials.resume(credential, actor, "signer_request", at)
    return credential


def revoke(proof: str, browser_token: str, reason: str, at: datetime) -> Credential:
    """End it for ever. Raises Refused: reason_unknown, and as `resume`."""
    if reason not in REASONS:
        raise Refused("reason_unknown")
    credential, actor = _spend(proof, browser_token, at)
    credentials.revoke(credential, actor, reason, at)
    return credential


def _spend(proof: str, browser_token: str, at: datetime) -> tuple[Credential, log.Actor]:
    spent = ceremonies.redeem(ACT, proof, browser_token, at)
    if spent.signer is None:
        raise Refused("ceremony_unknown")
    row = Credential.objects.select_related("signer").filter(
        signer=spent.signer, state=flow.Credential.SUSPENDED
    )
    credential = row.first()
    if credential is None:
        raise Refused("not_suspended")
    return credential, log.Actor("signer", str(spent.signer.public_id))
