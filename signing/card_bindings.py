"""Which My Number Card opens the day's session of a credential (BD-01, BD-03, BD-16; seed 001 annex 1)."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from ledger.log import Actor, append
from outbox import jobs
from signing.endings import Ended, end_sessions
from signing.errors import Refused
from signing.flow import Credential as CredentialState
from signing.models import CardBinding, Credential, SigningSession

_FINGERPRINT = 32


def bind(
    credential: Credential | UUID,
    fingerprint: bytes,
    not_after: datetime | None,
    *,
    at: datetime,
    actor: Actor,
    replaces_all: bool = True,
) -> CardBinding:
    """Bind a card's authentication certificate (利用者証明用, its SHA-256); it opens sessions from now on.

    With `replaces_all` the former card stops at once, and so does the day that it had opened (BD-03): after a renewal
    nothing of the old certificate lives on. Binding the same card again changes nothing and tells nobody.
    Raises Refused: card_malformed, credential_unknown, credential_not_active, or card_bound_elsewhere when the card
    belongs to another living credential: one qualification only (BD-16, a database constraint).
    """
    if len(fingerprint) != _FINGERPRINT:
        raise Refused("card_malformed")
    public_id = credential.public_id if isinstance(credential, Credential) else credential
    with transaction.atomic():
        # The credential's row is where two bindings, and a binding and a revocation, wait for each other.
        row = Credential.objects.select_for_update(no_key=True).filter(public_id=public_id).first()
        if row is None:
            raise Refused("credential_unknown")
        if row.state != CredentialState.ACTIVE or (row.not_after and at >= row.not_after):
            raise Refused("credential_not_active")
        replaced, ended = _stop_others(row, fingerprint, at) if replaces_all else (0, None)
        binding = CardBinding.objects.filter(credential=row, fingerprint=fingerprint, is_living=True).first()
        if binding is None or replaced:
            binding = binding or _created(row, fingerprint, not_after, at)
            _tell(row, binding, replaced, actor)
        if ended is not None:
            ended.record()
    return binding


def _stop_others(credential: Credential, fingerprint: bytes, at: datetime) -> tuple[int, Ended | None]:
    """How many cards were stopped, and what ended with the day that one of them had opened."""
    others = CardBinding.objects.filter(credential=credential, is_living=True)
    stopped = others.exclude(fingerprint=fingerprint).update(is_living=False)
    if not stopped:
        return 0, None
    days = SigningSession.objects.filter(credential=credential, means="my_number_card")
    return stopped, end_sessions(days, at)


def _created(
    credential: Credential, fingerprint: bytes, not_after: datetime | None, at: datetime
) -> CardBinding:
    try:
        with transaction.atomic():
            return CardBinding.objects.create(
                credential=credential, fingerprint=fingerprint, not_after=not_after, bound_at=at
            )
    except IntegrityError:
        raise Refused("card_bound_elsewhere") from None


def _tell(credential: Credential, binding: CardBinding, replaced: int, actor: Actor) -> None:
    public_id = str(credential.public_id)
    jobs.enqueue("signing.card_bound", public_id, dedupe=f"signing.card_bound:{binding.pk}")
    append(
        "signing.card_bound",
        actor=actor,
        subject=public_id,
        authority=credential.authority,
        data={"replaced": replaced},
    )
