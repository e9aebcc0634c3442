"""Bind a My Number Card after the HPKI card was shown (seed 001 annex 1 ⑥ to ⑨; BD-01, BD-02, BD-03).

The My Number Card's authentication certificate names nobody, so nothing can say whether both cards belong to one
person: whoever holds both, with both PINs, is believed, and the holder is told at once (N16).
"""

from datetime import datetime
from hashlib import sha256

from django.db import transaction

from cards import exchange
from ledger import log
from signing import ceremonies, credentials, sessions
from signing.card_site import visits
from signing.errors import Refused
from signing.models import CardBinding, CardVisit


def begin(browser_token: str, return_to: str, at: datetime) -> str:
    """The JSON request for the card reader; `return_to` is the path that takes its answer."""
    ceremony = ceremonies.begin("card_bind", browser_token, at)
    return ceremonies.card_request(ceremony, return_to)


def complete(visit: CardVisit, browser_token: str, text: str, at: datetime) -> None:
    """The reader's answer: the card is bound and the visit over, in one transaction.

    Raises Refused as `sessions.proven_card`, `visits.credential_of` and `card_bindings.bind` do, and ceremony_unknown;
    the visit stays open then, so that cards can be swapped and the button pressed again (BD-02).
    """
    answer = _read(text)
    begun = ceremonies.redeem("card_bind", answer.state, browser_token, at)
    card = sessions.proven_card(answer, bytes(begun.challenge), at)
    credential = visits.credential_of(visit)
    with transaction.atomic():
        visits.end(visit, at)
        credentials.bind_card(
            credential,
            card.fingerprint,
            card.not_after,
            at=at,
            actor=log.Actor("signer", str(credential.signer.public_id)),
        )


def is_bound_by(visit: CardVisit, text: str) -> bool:
    """Whether the ended visit has bound the very card of this answer: a button that is pressed twice sends it twice."""
    try:
        certificate = _read(text).authentication_certificate
        credential = visits.credential_of(visit)
    except Refused:
        return False
    bound = CardBinding.objects.filter(credential=credential, is_living=True, bound_at__gte=visit.begun_at)
    return bound.filter(fingerprint=sha256(certificate).digest()).exists()


def _read(text: str) -> exchange.CardResponse:
    try:
        return exchange.response_from_json(text)
    except exchange.ContractError:
        raise Refused("card_refused") from None
