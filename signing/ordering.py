"""An order for a credential: the first of a person, or one that succeeds another (renewal, name change, BD-12).

Only the rows are written here; signing.issuance carries the order out. A person has at most one standing credential
and one on its way (two partial unique constraints); the second may only be a successor of the first.
"""

import re
import secrets
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from ledger.log import SYSTEM, append
from outbox import jobs
from signing import certificates, flow
from signing.errors import Refused
from signing.issuing import names
from signing.models import Credential, IssuanceIntent, Signer

# 本人ID: no 0, 1, I, L, O, U; it is read aloud and typed (BD-17). 10 characters as in domain.md section 1.4.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_PERSON_ID = 10
# A card holder keeps the one on the card: PrintableString, as the associations write theirs (domain.md section 1.4).
_GIVEN_PERSON_ID = re.compile(r"[A-Za-z0-9-]{1,16}")
_USER_HANDLE = 64
_ROMAJI = re.compile(r"[A-Za-z][A-Za-z '.-]*")
_MAX_COMMON_NAME = 64  # ub-common-name, RFC 5280 appendix A.1; our encoder counts bytes
STANDING = (flow.Credential.ACTIVE, flow.Credential.SUSPENDED)
LIVING = (flow.Credential.ORDERED, *STANDING)
SUPERSEDED, AFFILIATION_CHANGED = "superseded", "affiliation_changed"  # RFC 5280 section 5.3.1


class CredentialOrder(NamedTuple):
    """What enrollment orders. `reference` is the application's or order's public id, `applicant` the person's.

    `name_kanji` is family, U+3000, given, or empty when the kanji cannot be carried (domain.md section 3.3); one
    longer than 64 bytes (a long name in katakana) is left out of the certificate, where it is optional.
    `my_number_card_fingerprint` is the SHA-256 of the authentication certificate, which ends at `card_not_after`;
    None where no My Number Card is known (a card holder's, BD-12).
    `person_id`: the 本人ID that a card holder keeps; "" draws one. `succeeds`: the public id of the credential whose
    phones and cards move to this one when it becomes active, and which is then revoked for `former_ends`.
    """

    reference: UUID
    applicant: UUID
    authority: str
    qualification: str
    family_romaji: str
    given_romaji: str
    name_kanji: str
    birth_date: date
    my_number_card_fingerprint: bytes | None = None
    card_not_after: datetime | None = None
    person_id: str = ""
    succeeds: UUID | None = None
    former_ends: str = SUPERSEDED


def issue(order: CredentialOrder, at: datetime) -> Credential:
    """Order a credential; the same reference always gives the same one.

    Raises Refused: unknown_authority, unknown_qualification, name_not_issuable, card_malformed, person_id_malformed,
    person_id_taken; credential_living when the person has one that this order does not succeed, or another on its
    way; not_succeedable when the former one is not the same person's, authority's and qualification's, or has ended
    otherwise than by its date.
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
    fingerprint = order.my_number_card_fingerprint
    if (fingerprint is None) != (order.card_not_after is None) or len(fingerprint or bytes(32)) != 32:
        raise Refused("card_malformed")
    if order.person_id and not _GIVEN_PERSON_ID.fullmatch(order.person_id):
        raise Refused("person_id_malformed")


def _ordered(order: CredentialOrder) -> Credential | None:
    intent = IssuanceIntent.objects.select_related("credential").filter(reference=order.reference).first()
    return None if intent is None else intent.credential


def _refuse_second(order: CredentialOrder) -> None:
    """After a constraint has spoken: say so in words, where it was not the drawn 本人ID alone."""
    mine = Credential.objects.filter(signer__applicant=order.applicant)
    if mine.filter(state=flow.Credential.ORDERED).exists():
        raise Refused("credential_living")


def _signer(order: CredentialOrder, at: datetime) -> Signer:
    """The person's own row, locked: orders of one person meet here."""
    if order.succeeds is not None:
        mine = Signer.objects.filter(credentials__public_id=order.succeeds, applicant=order.applicant)
        signer = mine.first()
        if signer is None:
            raise Refused("not_succeedable")
    else:
        known = Signer.objects.filter(person_id=order.person_id).first() if order.person_id else None
        signer = (
            known
            or Signer.objects.get_or_create(
                applicant=order.applicant,
                defaults={
                    "person_id": order.person_id
                    or "".join(secrets.choice(_ALPHABET) for _ in range(_PERSON_ID)),
                    "user_handle": secrets.token_bytes(_USER_HANDLE),
                    "created_at": at,
                },
            )[0]
        )
    signer = Signer.objects.select_for_update(no_key=True).get(pk=signer.pk)
    if order.person_id:
        _require_same_holder(signer, order)
    return signer


def _require_same_holder(signer: Signer, order: CredentialOrder) -> None:
    """A 本人ID that stands on a card is the same person's only under the same authority and qualification."""
    others = signer.credentials.exclude(authority=order.authority, qualification=order.qualification)
    if signer.person_id != order.person_id or others.exists():
        raise Refused("person_id_taken")


def _former(order: CredentialOrder, signer: Signer) -> Credential | None:
    """The credential to be succeeded, locked against a revocation at this moment."""
    if order.succeeds is None:
        if signer.credentials.filter(state__in=LIVING).exists():
            raise Refused("credential_living")
        return None
    former = Credential.objects.select_for_update(no_key=True).get(public_id=order.succeeds)
    if (former.authority, former.qualification) != (order.authority, order.qualification):
        raise Refused("not_succeedable")
    if former.state not in (*STANDING, flow.Credential.EXPIRED):
        raise Refused("not_succeedable")
    if signer.credentials.filter(state__in=LIVING).exclude(pk=former.pk).exists():
        raise Refused("credential_living")
    return former


def _order(order: CredentialOrder, at: datetime) -> Credential:
    signer = _signer(order, at)
    found = _ordered(order)  # whoever held the signer's row before us may have carried the same order
    if found is not None:
        return found
    former = _former(order, signer)
    credential = Credential.objects.create(
        signer=signer,
        authority=order.authority,
        issuer=names.REGISTRARS[order.authority].issuer,
        qualification=order.qualification,
        algorithm=settings.SIGNING_KEY_KIND,
        succeeds=former,
        created_at=at,
        changed_at=at,
    )
    fits = len(order.name_kanji.encode()) <= _MAX_COMMON_NAME
    fingerprint, not_after = order.my_number_card_fingerprint, order.card_not_after
    subject = {
        "family_romaji": order.family_romaji,
        "given_romaji": order.given_romaji,
        "name_kanji": order.name_kanji if fits else "",
        "birth_date": order.birth_date.isoformat(),
        "card": fingerprint.hex() if fingerprint else "",
        "card_not_after": not_after.isoformat() if not_after else "",
        "former_ends": order.former_ends,
    }
    IssuanceIntent.objects.create(
        reference=order.reference, credential=credential, subject=subject, ordered_at=at
    )
    jobs.enqueue("signing.issue", str(credential.public_id), queue="keys", dedupe=f"issue-{order.reference}")
    data: dict[str, str | int | bool | None] = {
        "issuer": credential.issuer,
        "qualification": credential.qualification,
        "key": credential.algorithm,
        "kanji_fit": fits,
    }
    if former is not None:
        data["succeeds"] = str(former.public_id)
    append(
        "signing.credential_ordered",
        actor=SYSTEM,
        subject=str(credential.public_id),
        authority=credential.authority,
        data=data,
    )
    return credential
