"""Carry an order out: key, intent, signature, in this order, each recorded before the next (law 3, issue 2 item 6).

    ORDERED  the key store makes a key; its wrapped form is stored. A key that is not stored is simply lost.
    KEYED    serial and to-be-signed bytes are drawn up, linted and stored. Only one set ever is (conditional update).
    INTENDED the authority signs exactly the stored bytes. Asked again after a crash it gives the same certificate,
             byte for byte, because RSASSA-PKCS1-v1_5 has no randomness (RFC 8017 section 8.2).
    ISSUED   certificate, activation, the card's binding, the news and the ledger entry: one transaction. Where the
             credential succeeds another, all that was the former's moves in it too (`succession`).
    STOPPED  the key is refused, or one of two linters finds something: nothing is signed, people are told.

An order that was ended because its former one was revoked goes no further, unless the authority may have signed:
then the certificate is recorded and stands in the next list.

So a process may die anywhere, or two may run at once: there is one certificate, and never two over different bytes.
"""

import logging
import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from ledger import clock
from ledger.log import SYSTEM, Actor, append
from outbox import jobs
from signing import certificates, flow, issuing, succession
from signing.certificates import Subject
from signing.issuing import keys, lint, second_reading
from signing.models import CardBinding, Credential, IssuanceIntent
from signing.ordering import SUPERSEDED
from signing.signer.client import signers

S = flow.Issuance
# 128 random bits behind a leading one: always positive, 17 octets (BR 7.1 wants 64 bits, RFC 5280 at most 20 octets).
_SERIAL_BITS = 128
_OVERDUE = timedelta(hours=1)
_MOST_RESUMED = 200
_LONGEST_LOGGED = 500  # a value of the ledger

logger = logging.getLogger(__name__)


class CannotIssue(Exception):
    """The authority or the database contradicts the order; names what is wrong, nothing personal."""


def carry_out(subject: str) -> None:
    """Bring the order of credential `subject` (public id) to its end; handler of `signing.issue`.

    Idempotent. Raises when the signer, the authority or the database is away: the job is tried again.
    """
    for _ in S:
        intent = IssuanceIntent.objects.select_related("credential__signer").get(
            credential__public_id=subject
        )
        if intent.state in (S.ISSUED, S.STOPPED) or (_is_stopped(intent) and intent.state != S.INTENDED):
            return
        _STEPS[S(intent.state)](intent)


def retry(subject: str, actor: Actor, at: datetime) -> bool:
    """An operator lets a stopped order run again, with a new key; False when it is not stopped."""
    with transaction.atomic():
        intent = IssuanceIntent.objects.select_related("credential").get(credential__public_id=subject)
        is_moved = _advance(intent, "retry", stopped_at=None, stopped_because="")
        if is_moved:
            jobs.enqueue("signing.issue", subject, queue="keys", dedupe=f"issue-{subject}-{at.timestamp()}")
            _log("signing.issuance_retried", intent.credential, actor)
    return is_moved


def resume_overdue(at: datetime) -> int:
    """For the clock: orders whose job has failed for good are taken up again once an hour; how many were.

    A key store or an authority that was away for a day costs no order (law 6: a sweeper finds what was left behind).
    """
    waiting = Q(state__in=(S.ORDERED, S.KEYED), credential__state=flow.Credential.ORDERED)
    rows = IssuanceIntent.objects.filter(waiting | Q(state=S.INTENDED), ordered_at__lt=at - _OVERDUE)
    late = list(rows.order_by("ordered_at").values_list("credential__public_id", flat=True)[:_MOST_RESUMED])
    for public_id in late:
        with transaction.atomic():
            dedupe = f"issue-{public_id}-{at.astimezone(UTC):%Y%m%d%H}"
            jobs.enqueue("signing.issue", str(public_id), queue="keys", dedupe=dedupe)
    return len(late)


def _make_key(intent: IssuanceIntent) -> None:
    (key,) = signers().generate(1, intent.credential.key_kind)
    digest = keys.digest(key.public_key)
    with (
        transaction.atomic()
    ):  # IntegrityError for a key that another order has: tried again, with another one
        if _advance(intent, "key", public_key=key.public_key, key_digest=digest):
            Credential.objects.filter(pk=intent.credential_id).update(wrapped_key=key.wrapped)
            _log("signing.issuance_keyed", intent.credential)


def _intend(intent: IssuanceIntent) -> None:
    credential, order = intent.credential, intent.subject
    at = clock.now()
    subject = _subject(credential, order)
    profile = issuing.authority(credential.issuer).profile(
        credential.authority, date.fromisoformat(order["birth_date"]), at
    )
    serial = secrets.randbits(_SERIAL_BITS) | 1 << _SERIAL_BITS
    spki = bytes(intent.public_key or b"")
    draft = certificates.throw_away_certificate(subject, spki, profile.issuer, serial, profile.period)
    problems = [
        *keys.problems(spki, credential.key_kind),
        *lint.problems(draft, subject, spki, profile.issuer),
        *second_reading.problems(draft),
    ]
    if problems:
        _stop(intent, problems)
        return
    text = certificates.serial_text(serial)
    with transaction.atomic():
        if _advance(intent, "intend", serial=text, to_be_signed=certificates.to_be_signed(draft)):
            _log("signing.issuance_intended", credential, serial=text)


def _stop(intent: IssuanceIntent, problems: list[str]) -> None:
    """Nothing was signed and nothing will be until an operator says so; officers read of it in the case's timeline."""
    credential, at = intent.credential, clock.now()
    public_id = str(credential.public_id)
    with transaction.atomic():
        if _advance(intent, "stop", stopped_at=at, stopped_because="\n".join(problems)):
            jobs.enqueue(
                "signing.issuance_stopped", public_id, dedupe=f"stopped-{public_id}-{at.timestamp()}"
            )
            _log("signing.issuance_stopped", credential, problems="; ".join(problems)[:_LONGEST_LOGGED])
    logger.error("the order of credential %s is stopped: %s", public_id, "; ".join(problems))


def _issue(intent: IssuanceIntent) -> None:
    credential, order = intent.credential, intent.subject
    to_sign = bytes(intent.to_be_signed or b"")
    certificate = issuing.authority(credential.issuer).sign(to_sign)
    if certificates.to_be_signed(certificate) != to_sign:  # decision 30: what was linted is what was signed
        raise CannotIssue("the authority signed other bytes")
    found = certificates.read(certificate)
    at = clock.now()
    with transaction.atomic():
        if not _advance(intent, "issue", issued_at=at, subject={}):
            return
        taken, former_ends = None, order.get("former_ends") or SUPERSEDED
        if credential.succeeds_id is not None:
            taken = succession.take_over(credential, credential.succeeds_id, former_ends, at)
        begins = taken.begins if taken else flow.Credential.ACTIVE
        if begins is flow.Credential.REVOKED:
            _record_stopped(credential, certificate, found, at)
            return
        _activate(credential, certificate, found, begins, at, is_held=bool(taken and taken.former.is_held))
        bound = _bind_card(credential, order, at)
        public_id = str(credential.public_id)
        jobs.enqueue("signing.credential_issued", public_id, dedupe=f"issued-{public_id}")
        jobs.enqueue("signing.ocsp", public_id, queue="keys", dedupe=f"ocsp-issued-{public_id}")
        if taken is not None:
            succession.record(taken, credential, former_ends)
        _log("signing.credential_issued", credential, serial=found.serial, card_bound=bound)


def _is_stopped(intent: IssuanceIntent) -> bool:
    return intent.credential.state == flow.Credential.REVOKED


def _contents(certificate: bytes, found: certificates.HpkiCertificate) -> dict[str, Any]:
    return {
        "certificate": certificate,
        "serial": found.serial,
        "not_before": found.period.not_before,
        "not_after": found.period.not_after,
    }


def _activate(
    credential: Credential,
    certificate: bytes,
    found: certificates.HpkiCertificate,
    begins: flow.Credential,
    at: datetime,
    *,
    is_held: bool,
) -> None:
    rows = Credential.objects.filter(pk=credential.pk, state=flow.Credential.ORDERED)
    if rows.update(state=begins, is_held=is_held, changed_at=at, **_contents(certificate, found)) != 1:
        raise CannotIssue("the credential is no longer ordered")


def _record_stopped(
    credential: Credential, certificate: bytes, found: certificates.HpkiCertificate, at: datetime
) -> None:
    """The authority has signed for an order that was stopped meanwhile: on record, revoked, in the next list."""
    rows = Credential.objects.filter(pk=credential.pk, state=flow.Credential.REVOKED)
    if rows.update(changed_at=at, **_contents(certificate, found)) != 1:
        raise CannotIssue("the credential is not stopped")
    issuing.announce(credential)
    _log("signing.credential_born_revoked", credential, serial=found.serial)


def _bind_card(credential: Credential, order: dict[str, Any], at: datetime) -> bool:
    """The applicant's My Number Card opens the day's session from now on (seed 001 step 13).

    False when the order names no card, or the card is bound to another living credential (BD-16): the certificate
    is good, the card is not bound. One that came over from the former credential is bound already.
    """
    if not order["card"]:
        return False
    if CardBinding.objects.filter(
        credential=credential, fingerprint=bytes.fromhex(order["card"]), is_living=True
    ).exists():
        return True
    try:
        with transaction.atomic():
            CardBinding.objects.create(
                credential=credential,
                fingerprint=bytes.fromhex(order["card"]),
                not_after=datetime.fromisoformat(order["card_not_after"]),
                bound_at=at,
            )
    except IntegrityError:
        return False
    return True


def _subject(credential: Credential, order: dict[str, Any]) -> Subject:
    return Subject(
        person_id=credential.signer.person_id,
        family_romaji=order["family_romaji"],
        given_romaji=order["given_romaji"],
        name_kanji=order["name_kanji"],
        qualification=credential.qualification,
    )


def _advance(intent: IssuanceIntent, name: str, **changes: object) -> bool:
    """False when another process has made this move already."""
    move = next(move for move in flow.ISSUANCE_MOVES if move.name == name)
    rows = IssuanceIntent.objects.filter(pk=intent.pk, state__in=move.sources)
    return rows.update(state=move.target, **changes) == 1


def _log(kind: str, credential: Credential, actor: Actor = SYSTEM, **data: str | bool) -> None:
    append(kind, actor=actor, subject=str(credential.public_id), authority=credential.authority, data=data)


_STEPS = {S.ORDERED: _make_key, S.KEYED: _intend, S.INTENDED: _issue}
