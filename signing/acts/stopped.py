"""A suspended signer's way back: bound card or phone proves them for one act, and opens no session (issue 4, 7; 5, 6).

Suspension ends every session and refuses new ones, so the day's sign-in cannot be used. A proof here is a ceremony
of its own: this browser's, ten minutes, of this suspension alone, spent by the act. The My Number Card may resume and
revoke. The phone may always revoke; it may resume only where its holder had suspended with this very phone: a
certificate that was stopped because the phone is lost must not be set going by whoever has found it.

While a proof lives, its holder also reads the signatures' records (`pages.reading`), and nothing else of /me/: what a
caller called the documents only with a proof that may resume, for these labels can name patients.
"""

from contextlib import suppress
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from cards import exchange
from ledger import log
from signing import authenticators, ceremonies, credentials, flow, sessions
from signing.errors import Refused
from signing.models import Ceremony, Credential
from vault import tokens

READING, ACT, END = "card_stopped", "stopped_act", "stopped_end"  # END: a proof for revoking only
# What a signer may give as the reason; the authority's own reasons are its officers'.
REASONS = ("key_compromise", "affiliation_changed", "cessation_of_operation", "unspecified")


class Proof(NamedTuple):
    """A person who has proven themselves; `ceremony` is spent by the act, `expires_at` is when it dies without one."""

    ceremony: UUID
    credential: Credential
    may_resume: bool
    expires_at: datetime


class Given(NamedTuple):
    """A proof that was just made. `token` is its browser's, made for it alone; it exists in clear only here."""

    proof: Proof
    token: str


def begin(browser_token: str, return_to: str, at: datetime) -> str:
    """The JSON request for the card reader (decision 22)."""
    ceremony = ceremonies.begin(READING, browser_token, at)
    return ceremonies.card_request(ceremony, return_to)


def prove(text: str, browser_token: str, at: datetime, within: str = "") -> Given:
    """The reader's answer; the same one again leads to the proof that it has given (`within`: the browser's token).

    Raises as `sessions.open_by_card`, and Refused("not_suspended") for any other state.
    """
    try:
        answer = exchange.response_from_json(text)
    except exchange.ContractError:
        raise Refused("card_refused") from None
    with transaction.atomic():  # a challenge that was answered stays spent, whatever comes of it
        taken = ceremonies.take(READING, answer.state, browser_token, text, at)
        given = _led_on(taken, within, at) if taken.led_to else _by_card(taken, answer, at)
    if isinstance(given, Refused):
        raise given
    return given


def _by_card(taken: ceremonies.Taken, answer: exchange.CardResponse, at: datetime) -> Given | Refused:
    try:
        credential = sessions.holder(answer, bytes(taken.ceremony.challenge), at)
    except Refused as refused:
        return refused
    if credential.state != flow.Credential.SUSPENDED:
        return Refused("not_suspended")
    given = _given(credential, "my_number_card", at, may_resume=True, token=taken.token)
    ceremonies.lead(taken.ceremony, given.proof.ceremony)
    return given


def _led_on(taken: ceremonies.Taken, within: str, at: datetime) -> Given:
    """The proof that the first answer has given, for the browser that holds it or may have lost its reply."""
    if not taken.is_echo and within != taken.token:
        raise Refused("ceremony_unknown")
    return Given(proven(taken.token, at), taken.token)


def begin_phone(browser_token: str, at: datetime, person_id: str = "") -> authenticators.Offer:
    return authenticators.begin_assertion(
        browser_token, at, person_id=person_id, purpose=authenticators.STOPPED
    )


def prove_by_phone(ceremony: str, browser_token: str, answer: str, at: datetime) -> Given:
    """The bound phone's answer. Raises what `authenticators.complete_assertion` raises."""
    phone, _next = authenticators.complete_assertion(
        ceremony, browser_token, answer, at=at, purpose=authenticators.STOPPED
    )
    credential = phone.credential
    return _given(credential, "authenticator", at, may_resume=credential.suspended_by_id == phone.pk)


def _given(credential: Credential, means: str, at: datetime, *, may_resume: bool, token: str = "") -> Given:
    token = token or tokens.new_token()
    with transaction.atomic():
        proof = ceremonies.begin(ACT if may_resume else END, token, at, signer=credential.signer)
        log.append(
            "signing.stopped_proved",
            actor=_actor(credential),
            subject=str(credential.public_id),
            authority=credential.authority,
            data={"means": means, "may_resume": may_resume},
        )
    return Given(Proof(proof.public_id, credential, may_resume, proof.expires_at), token)


def proven(token: str, at: datetime) -> Proof:
    """The living proof of this browser. Raises Refused: ceremony_unknown, not_suspended (that suspension is over)."""
    mine = Ceremony.objects.filter(purpose__in=(ACT, END), browser_digest=tokens.digest(token))
    row = mine.filter(expires_at__gt=at).first()
    if row is None:
        raise Refused("ceremony_unknown")
    return Proof(row.public_id, _suspended(row), row.purpose == ACT, row.expires_at)


def leave(token: str) -> None:
    """The holder has done with it. Raises Refused("ceremony_unknown")."""
    mine = Ceremony.objects.filter(purpose__in=(ACT, END), browser_digest=tokens.digest(token))
    if mine.delete()[0] == 0:
        raise Refused("ceremony_unknown")


def resume(proof: str, token: str, at: datetime) -> Credential:
    """Let it sign again. Raises Refused: ceremony_unknown, not_suspended, suspension_held, credential_state."""
    credential, actor = _spend(proof, token, at, (ACT,))
    credentials.resume(credential, actor, "signer_request", at)
    return credential


def revoke(proof: str, token: str, reason: str, at: datetime) -> Credential:
    """End it for ever. Raises Refused: reason_unknown, and as `resume`."""
    if reason not in REASONS:
        raise Refused("reason_unknown")
    credential, actor = _spend(proof, token, at, (ACT, END))
    credentials.revoke(credential, actor, reason, at)
    return credential


def _spend(proof: str, token: str, at: datetime, purposes: tuple[str, ...]) -> tuple[Credential, log.Actor]:
    credential = _suspended(_redeemed(proof, token, at, purposes))
    return credential, _actor(credential)


def _suspended(proof: Ceremony) -> Credential:
    """What the proof is about; a proof of an earlier suspension is worth nothing in a later one."""
    suspended = Credential.objects.select_related("signer").filter(
        signer=proof.signer_id, state=flow.Credential.SUSPENDED, changed_at__lte=proof.created_at
    )
    credential = suspended.first()
    if credential is None:
        raise Refused("not_suspended")
    return credential


def _actor(credential: Credential) -> log.Actor:
    return log.Actor("signer", str(credential.signer.public_id))


def _redeemed(proof: str, token: str, at: datetime, purposes: tuple[str, ...]) -> Ceremony:
    for purpose in purposes[:-1]:
        with suppress(Refused):
            return ceremonies.redeem(purpose, proof, token, at)
    return ceremonies.redeem(purposes[-1], proof, token, at)
