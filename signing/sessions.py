"""The day's session: one strong authentication, then up to 18 hours of signing (BD-10).

Means: a bound phone (WebAuthn), the My Number Card (its authentication key), or the HPKI card (a visit of /card/).
The token is the browser's secret; at rest there is a digest. Which of this is SCAL1-like: README.md.

A system may want the person asked again (`prompt=login`, a step-up): within a living day that is a light re-check by
the same means, which moves `proved_at` and loses nothing. `within` is the token of the session that the browser has.
"""

import logging
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction

from cards import exchange, jpki
from ledger import clock, log
from signing import authenticators, ceremonies
from signing.card_site import visits
from signing.endings import end_sessions
from signing.errors import Refused
from signing.flow import Authenticator as Life
from signing.flow import Credential as CredentialState
from signing.models import Authenticator, CardBinding, CardVisit, Credential, SigningSession
from vault import tokens

logger = logging.getLogger(__name__)

_CARD_SAYS = {
    "cancelled": "card_cancelled",
    "wrong_pin": "card_wrong_pin",
    "locked": "card_locked",
    "removed": "card_removed",
    "other_card": "card_other",
}


# A system's request, to which the browser returns; the signer's own pages always begin a session of their own.
SYSTEMS = "/oauth2/authorize?"


class Opened(NamedTuple):
    """A session that has just begun, or was proved again; `token` exists in clear only here."""

    session: SigningSession
    token: str
    next_path: str


def open_by_phone(
    ceremony: UUID | str, browser_token: str, answer: str, *, at: datetime, within: str = ""
) -> Opened:
    """Raises what `authenticators.complete_assertion` raises."""
    phone, next_path = authenticators.complete_assertion(ceremony, browser_token, answer, at=at)
    return _open(phone.credential, "authenticator", phone, next_path, at, within)


def open_by_shown_phone(phone: Authenticator, next_path: str, *, at: datetime, within: str = "") -> Opened:
    """A phone that has proved itself for another browser (`phones.shown_sign_in`). Raises as `_open`."""
    return _open(phone.credential, "authenticator", phone, next_path, at, within)


def begin_card(browser_token: str, return_to: str, at: datetime, *, next_path: str = "") -> str:
    """The JSON request for the card reader (decision 22); `return_to` is the path that takes its answer."""
    ceremony = ceremonies.begin("card_sign_in", browser_token, at, next_path=next_path)
    return ceremonies.card_request(ceremony, return_to)


def open_by_card(text: str, browser_token: str, *, at: datetime, within: str = "") -> Opened:
    """The reader's answer. The certificate must be valid and bound to a living credential (BD-16).

    The same answer once more opens nothing anew: it leads to the session that the first one has opened or proved.
    Raises Refused: ceremony_unknown, card_cancelled, card_wrong_pin (tries_left), card_locked, card_removed,
    card_refused, card_revoked, card_not_checked, card_unknown, phone_certificate, credential_not_active; all but
    the first say `next_path`.
    """
    try:
        answer = exchange.response_from_json(text)
    except exchange.ContractError:
        raise Refused("card_refused") from None
    with transaction.atomic():  # a challenge that was answered stays spent, whatever comes of it
        taken = ceremonies.take("card_sign_in", answer.state, browser_token, text, at)
        opened = _led_on(taken, within, at) if taken.led_to else _by_card(taken, answer, at, within)
    if isinstance(opened, Refused):
        raise opened
    return opened


def open_by_hpki_card(visit: CardVisit, *, at: datetime, within: str = "") -> Opened:
    """The day of this card's holder; the visit has done its work and ends with it (BD-10).

    Raises Refused: no_credential, credential_not_active, visit_unknown.
    """
    credential = visits.credential_of(visit)
    with transaction.atomic():
        opened = _open(credential, "hpki_card", None, visit.next_path or "", at, within)
        visits.end(visit, at)
    return opened


def find(token: str, at: datetime) -> SigningSession:
    """The living session of this token; it dies with its credential. Raises Refused("no_session")."""
    sessions = SigningSession.objects.select_related("credential__signer", "authenticator")
    living = sessions.filter(
        token_digest=tokens.digest(token),
        ended_at=None,
        expires_at__gt=at,
        credential__state=CredentialState.ACTIVE,
    ).first()
    if living is None:
        raise Refused("no_session")
    return living


def end(session: SigningSession, *, at: datetime) -> None:
    """The signer ends the day; access tokens and unused authorisations die in the same transaction."""
    credential = session.credential
    with transaction.atomic():
        if end_sessions(SigningSession.objects.filter(pk=session.pk), at) == 1:
            log.append(
                "signing.session_ended",
                actor=log.Actor("signer", str(credential.signer.public_id)),
                subject=str(credential.public_id),
                authority=credential.authority,
                data={"session": str(session.public_id)},
            )


def expiry(at: datetime) -> datetime:
    """18 hours (setting) after the authentication; at 24:00 JST where the installation cuts the day."""
    end_at = at + settings.SIGNING_SESSION
    if settings.SIGNING_SESSION_ENDS_AT_MIDNIGHT:
        return min(end_at, clock.end_of_day(clock.today(at)))
    return end_at


def _by_card(
    taken: ceremonies.Taken, answer: exchange.CardResponse, at: datetime, within: str
) -> Opened | Refused:
    begun, next_path = taken.ceremony, taken.ceremony.next_path or ""
    try:
        credential = holder(answer, bytes(begun.challenge), at)
        opened = _open(credential, "my_number_card", None, next_path, at, within, token=taken.token)
    except Refused as refused:
        refused.detail["next_path"] = next_path  # the page goes on where the person was going
        return refused
    ceremonies.lead(begun, opened.session.public_id)
    return opened


def _led_on(taken: ceremonies.Taken, within: str, at: datetime) -> Opened:
    """What the first answer has led to, for the browser that holds it or may have lost its reply."""
    for token in (within, taken.token) if taken.is_echo else (within,):
        with suppress(Refused):
            session = find(token, at)
            if session.public_id == taken.led_to:
                return Opened(session, token, taken.ceremony.next_path or "")
    raise Refused("ceremony_unknown")


def _open(
    credential: Credential,
    means: str,
    phone: Authenticator | None,
    next_path: str,
    at: datetime,
    within: str,
    *,
    token: str = "",
) -> Opened:
    """`token` is the secret that a new session gets, one made here where there is none.

    Raises Refused("credential_not_active"), Refused("phone_unknown")."""
    with transaction.atomic():
        row = Credential.objects.select_for_update(no_key=True).get(pk=credential.pk)
        if row.state != CredentialState.ACTIVE or (row.not_after and at >= row.not_after):
            raise Refused("credential_not_active")
        if phone is not None and not Authenticator.objects.filter(pk=phone.pk, state=Life.ACTIVE).exists():
            raise Refused("phone_unknown")  # replaced or removed since its answer was checked (BD-05)
        living = _living(within, credential, at) if next_path.startswith(SYSTEMS) else None
        if living is not None:
            SigningSession.objects.filter(pk=living.pk).update(proved_at=at)
            living.proved_at = at
            _log("signing.session_proved", living, means, phone)
            return Opened(living, within, next_path)
        token = token or tokens.new_token()
        session = SigningSession.objects.create(
            token_digest=tokens.digest(token),
            credential=credential,
            means=means,
            authenticator=phone,
            started_at=at,
            expires_at=expiry(at),
        )
        _log("signing.session_opened", session, means, phone)
    return Opened(session, token, next_path)


def _living(token: str, credential: Credential, at: datetime) -> SigningSession | None:
    """The browser's session, if it is this person's; held, so that its end and its re-check stand in line."""
    mine = SigningSession.objects.filter(token_digest=tokens.digest(token), credential=credential)
    return mine.filter(ended_at=None, expires_at__gt=at).select_for_update().first() if token else None


def _log(kind: str, session: SigningSession, means: str, phone: Authenticator | None) -> None:
    credential = session.credential
    log.append(
        kind,
        actor=log.Actor("signer", str(credential.signer.public_id)),
        subject=str(credential.public_id),
        authority=credential.authority,
        data={"session": str(session.public_id), "means": means, **_flags(phone)},
    )


def _flags(phone: Authenticator | None) -> dict[str, bool]:
    """How far the key could travel at this use (WebAuthn Level 3, section 6.1.3)."""
    if phone is None:
        return {}
    return {"backup_eligible": phone.is_backup_eligible, "backed_up": phone.is_backed_up}


def proven_card(answer: exchange.CardResponse, challenge: bytes, at: datetime) -> jpki.JpkiResult:
    """A My Number Card that has proved its authentication key for this challenge, and whose certificate holds.

    Raises Refused: card_cancelled, card_wrong_pin (tries_left), card_locked, card_removed, card_other (no My Number
    Card lies on the reader), card_refused, card_revoked, card_not_checked, phone_certificate.
    """
    if answer.operation != "authenticate":
        raise Refused("card_refused")
    if answer.outcome != "ok":
        raise Refused(_CARD_SAYS.get(answer.outcome, "card_refused"), tries_left=answer.tries_left)
    if answer.medium != "card":
        raise Refused("phone_certificate")
    return _checked(answer, challenge, at)


def holder(answer: exchange.CardResponse, challenge: bytes, at: datetime) -> Credential:
    """Whose bound card it is; a suspended credential's card is still bound (`acts.stopped`).

    Raises as `proven_card`, and Refused("card_unknown").
    """
    fingerprint = proven_card(answer, challenge, at).fingerprint
    bindings = CardBinding.objects.select_related("credential__signer")
    binding = bindings.filter(fingerprint=fingerprint, is_living=True).first()
    if binding is None:
        raise Refused("card_unknown")
    return binding.credential


def _checked(answer: exchange.CardResponse, challenge: bytes, at: datetime) -> jpki.JpkiResult:
    try:
        trust = jpki.TrustStore.load(settings.JPKI_TRUST)
    except jpki.TrustError:
        logger.exception("no card can be checked")
        raise Refused("card_not_checked") from None
    result = jpki.check_authentication(answer, settings.ORIGIN, challenge, at, trust)
    if result.outcome is jpki.Outcome.REVOKED:
        raise Refused("card_revoked")
    if result.outcome is jpki.Outcome.NOT_CHECKED and not settings.IS_DEMO:
        raise Refused("card_not_checked")  # decision 27
    if result.outcome not in (jpki.Outcome.VALID, jpki.Outcome.NOT_CHECKED):
        raise Refused("card_refused")
    return result
