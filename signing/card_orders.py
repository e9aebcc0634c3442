"""BD-12: the holder of a valid HPKI card asks for a second certificate. Asked here, decided and answered above.

The card site authenticates the card and calls `request`; the row's event goes up (decision 3), enrollment checks the
CA's register and answers with `answer`, and the site reads the answer when the card authenticates again.
"""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from ledger import log
from outbox import jobs
from signing import flow
from signing.errors import Refused
from signing.models import Credential, SecondCertificateRequest
from signing.ordering import LIVING

OPEN = (flow.Answer.WAITING, flow.Answer.ACCEPTED)
_MOVES = {move.name: move for move in flow.ANSWER_MOVES}


def request(
    *,
    authority: str,
    person_id: str,
    qualification: str,
    card_certificate_fingerprint: bytes,
    card_certificate_not_after: datetime,
    at: datetime,
) -> SecondCertificateRequest:
    """Ask for a second certificate; while one request is open it is returned instead of a new one.

    Raises Refused("card_expired"), or Refused("credential_living") when the holder has a certificate here or one on
    its way. Everything else is the register's to say (`answer`).
    """
    if card_certificate_not_after <= at:
        raise Refused("card_expired")
    if Credential.objects.filter(signer__person_id=person_id, state__in=LIVING).exists():
        raise Refused("credential_living")
    try:
        with transaction.atomic():
            return _open(authority, person_id) or _made(
                authority=authority,
                person_id=person_id,
                qualification=qualification,
                card_certificate_fingerprint=card_certificate_fingerprint,
                card_certificate_not_after=card_certificate_not_after,
                created_at=at,
            )
    except IntegrityError:
        found = _open(authority, person_id)  # another press was faster
        if found is None:
            raise
        return found


def newest(authority: str, person_id: str) -> SecondCertificateRequest | None:
    """What the holder asked for last, with the answer so far; the card site shows it after the card has signed in."""
    mine = SecondCertificateRequest.objects.filter(authority=authority, person_id=person_id)
    return mine.order_by("-pk").first()


def find(public_id: UUID) -> SecondCertificateRequest | None:
    return SecondCertificateRequest.objects.filter(public_id=public_id).first()


def answer(public_id: UUID, move: str, at: datetime, reason: str = "") -> bool:
    """Enrollment's word: accept, refuse (with a code), fulfil; False when it was said before."""
    row = _MOVES[move]
    changed = SecondCertificateRequest.objects.filter(public_id=public_id, answer__in=row.sources).update(
        answer=row.target, reason=reason, answered_at=at
    )
    return changed == 1


def _open(authority: str, person_id: str) -> SecondCertificateRequest | None:
    mine = SecondCertificateRequest.objects.filter(authority=authority, person_id=person_id)
    return mine.filter(answer__in=OPEN).first()


def _made(**fields: object) -> SecondCertificateRequest:
    row = SecondCertificateRequest.objects.create(**fields)
    jobs.enqueue("signing.second_certificate_wanted", str(row.public_id))
    log.append(
        "signing.second_certificate_wanted",
        actor=log.Actor("signer", str(row.public_id)),
        subject=str(row.public_id),
        authority=row.authority,
        data={"qualification": row.qualification},
    )
    return row
