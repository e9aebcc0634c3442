"""Issue, suspend, resume, revoke: the door for enrollment and for the signer's pages.

`issue` only orders; signing.issuance carries the order out. Every move is a conditional update (law 2), and what a
suspension or revocation ends, it ends in the same transaction (decision 11).
"""

import re
import secrets
from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction

from ledger.log import SYSTEM, Actor, append
from outbox import jobs
from signing import card_bindings, certificates, flow
from signing.endings import end_sessions
from signing.errors import Refused
from signing.issuing import names
from signing.models import ActivationItem, CardBinding, Credential, IssuanceIntent, Signer, SigningSession

# 本人ID: no 0, 1, I, L, O, U; it is read aloud and typed (BD-17). 10 characters as in domain.md section 1.4.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_PERSON_ID = 10
_USER_HANDLE = 64
_ROMAJI = re.compile(r"[A-Za-z][A-Za-z '.-]*")
_MAX_COMMON_NAME = 64  # ub-common-name, RFC 5280 appendix A.1; our encoder counts bytes
_REASON = re.compile(r"[a-z_]{1,32}")
# RFC 5280 section 5.3.1; a hold is our suspension and stands in no list.
REVOCATION_REASONS = (
    "unspecified",
    "key_compromise",
    "affiliation_changed",
    "superseded",
    "cessation_of_operation",
    "privilege_withdrawn",
)
_MOVES = {move.name: move for move in flow.CREDENTIAL_MOVES}


class CredentialOrder(NamedTuple):
    """What enrollment orders. `reference` is the application's public id, `applicant` the applicant's.

    `name_kanji` is family, U+3000, given, or empty when the kanji cannot be carried (domain.md section 3.3); one
    longer than 64 bytes (a long name in katakana) is left out of the certificate, where it is optional.
    `my_number_card_fingerprint` is the SHA-256 of the authentication certificate, which ends at `card_not_after`.
    """

    reference: UUID
    applicant: UUID
    authority: str
    qualification: str
    family_romaji: str
    given_romaji: str
    name_kanji: str
    birth_date: date
    my_number_card_fingerprint: bytes
    card_not_after: datetime


def issue(order: CredentialOrder, at: datetime) -> Credential:
    """Order a credential; the same reference always gives the same one.

    Raises Refused: unknown_authority, unknown_qualification, name_not_issuable, card_malformed, or credential_living
    when the person has one that is ordered, active or suspended.
    """
    _check(order)
    for _ in range(3):  # a 本人ID that is taken already: draw again
        try:
            with transaction.atomic():
                return _ordered(order) or _order(order, at)
        except IntegrityError:
            found = _ordered(order)  # another process was faster
            if found is not None:
                return found
            _refuse_second(order)
    raise Refused("no_free_person_id")


def _check(order: CredentialOrder) -> None:
    if order.authority not in names.REGISTRARS:
        raise Refused("unknown_authority")
    if order.qualification not in certificates.ROLES:
        raise Refused("unknown_qualification")
    common_name = f"{order.given_romaji} {order.family_romaji}"
    parts = (order.family_romaji, order.given_romaji)
    if not all(_ROMAJI.fullmatch(part) for part in parts) or len(common_name) > _MAX_COMMON_NAME:
        raise Refused("name_not_issuable")
    if len(order.my_number_card_fingerprint) != 32:
        raise Refused("card_malformed")


def _ordered(order: CredentialOrder) -> Credential | None:
    intent = IssuanceIntent.objects.select_related("credential").filter(reference=order.reference).first()
    return None if intent is None else intent.credential


def _refuse_second(order: CredentialOrder) -> None:
    living = (flow.Credential.ORDERED, flow.Credential.ACTIVE, flow.Credential.SUSPENDED)
    if Credential.objects.filter(signer__applicant=order.applicant, state__in=living).exists():
        raise Refused("credential_living")


def _order(order: CredentialOrder, at: datetime) -> Credential:
    signer, _ = Signer.objects.get_or_create(
        applicant=order.applicant,
        defaults={
            "person_id": "".join(secrets.choice(_ALPHABET) for _ in range(_PERSON_ID)),
            "user_handle": secrets.token_bytes(_USER_HANDLE),
            "created_at": at,
        },
    )
    credential = Credential.objects.create(
        signer=signer,
        authority=order.authority,
        issuer=names.REGISTRARS[order.authority].issuer,
        qualification=order.qualification,
        created_at=at,
        changed_at=at,
    )
    fits = len(order.name_kanji.encode()) <= _MAX_COMMON_NAME
    subject = {
        "family_romaji": order.family_romaji,
        "given_romaji": order.given_romaji,
        "name_kanji": order.name_kanji if fits else "",
        "birth_date": order.birth_date.isoformat(),
        "card": order.my_number_card_fingerprint.hex(),
        "card_not_after": order.card_not_after.isoformat(),
    }
    IssuanceIntent.objects.create(
        reference=order.reference, credential=credential, subject=subject, ordered_at=at
    )
    jobs.enqueue("signing.issue", str(credential.public_id), queue="keys", dedupe=f"issue-{order.reference}")
    data: dict[str, str | int | bool | None] = {
        "issuer": credential.issuer,
        "qualification": credential.qualification,
        "kanji_fit": fits,
    }
    append(
        "signing.credential_ordered",
        actor=SYSTEM,
        subject=str(credential.public_id),
        authority=credential.authority,
        data=data,
    )
    return credential


def suspend(credential: Credential, actor: Actor, reason: str, at: datetime) -> None:
    """Stop a living credential for now; its sessions and open SADs die. Raises Refused (see `_move`)."""
    with transaction.atomic():
        _move("suspend", credential, actor, reason, at)
        _end(credential, at)
        _log("suspended", credential, actor, reason)


def resume(credential: Credential, actor: Actor, reason: str, at: datetime) -> None:
    """Let a suspended credential sign again; the person authenticates anew. Raises Refused (see `_move`)."""
    with transaction.atomic():
        _move("resume", credential, actor, reason, at)
        _log("resumed", credential, actor, reason)


def revoke(credential: Credential, actor: Actor, reason: str, at: datetime) -> None:
    """End a credential for ever and have its CA's list renewed. `reason` is one of REVOCATION_REASONS.

    Raises Refused: reason_unknown, and see `_move`.
    """
    if reason not in REVOCATION_REASONS:
        raise Refused("reason_unknown")
    with transaction.atomic():
        _move("revoke", credential, actor, reason, at, revoked_at=at, revocation_reason=reason)
        _end(credential, at)
        CardBinding.objects.filter(credential=credential).update(is_living=False)
        jobs.enqueue(
            "signing.crl", credential.issuer, queue="keys", dedupe=f"crl-revoked-{credential.public_id}"
        )
        _log("revoked", credential, actor, reason)


def bind_card(
    credential: Credential | UUID,
    fingerprint: bytes,
    not_after: datetime | None,
    *,
    at: datetime,
    actor: Actor,
    replaces_all: bool = True,
) -> None:
    """Let a My Number Card open this credential's sessions; the former one stops at once (BD-03, BD-14).

    Raises Refused as `card_bindings.bind` does.
    """
    card_bindings.bind(credential, fingerprint, not_after, at=at, actor=actor, replaces_all=replaces_all)


def expire_due(at: datetime) -> int:
    """For the clock: credentials past their certificate's end; how many were moved."""
    living = (flow.Credential.ACTIVE, flow.Credential.SUSPENDED)
    due = list(Credential.objects.filter(state__in=living, not_after__lt=at).order_by("pk")[:500])
    for credential in due:
        with transaction.atomic():
            _move("expire", credential, SYSTEM, "not_after", at)
            _end(credential, at)
            CardBinding.objects.filter(credential=credential).update(is_living=False)
            _log("expired", credential, SYSTEM, "not_after")
    return len(due)


def ended_before(moment: datetime, public_ids: Iterable[UUID]) -> list[UUID]:
    """Those of these credentials whose certificate's validity ended before the moment, revoked early or not."""
    rows = Credential.objects.filter(public_id__in=list(public_ids), not_after__lt=moment)
    return list(rows.values_list("public_id", flat=True))


def _move(
    name: str, credential: Credential, actor: Actor, reason: str, at: datetime, **changes: object
) -> None:
    """Refused: reason_malformed, actor_not_allowed, credential_state (it is not in a state this move starts from)."""
    move = _MOVES[name]
    if not _REASON.fullmatch(reason):
        raise Refused("reason_malformed")
    if actor.kind not in move.actors:
        raise Refused("actor_not_allowed", move=name)
    rows = Credential.objects.filter(pk=credential.pk, state__in=move.sources)
    if rows.update(state=move.target, changed_at=at, **changes) != 1:
        raise Refused("credential_state", move=name)
    credential.refresh_from_db()


def _end(credential: Credential, at: datetime) -> None:
    """Sessions end and open items die; a `reserve` at the same moment meets us on the item rows (decision 11)."""
    end_sessions(SigningSession.objects.filter(credential=credential), at)
    ActivationItem.objects.filter(activation__credential=credential, state=flow.Item.AUTHORISED).update(
        state=flow.Item.DEAD
    )


def _log(what: str, credential: Credential, actor: Actor, reason: str) -> None:
    append(
        f"signing.credential_{what}",
        actor=actor,
        subject=str(credential.public_id),
        authority=credential.authority,
        data={"reason": reason},
    )
