"""Step-up: a caller asks, the signer approves these very hashes (`answering`), the caller fetches the SAD.

The handle is an opaque secret of the caller, digest at rest. The SAD is made when it is fetched, so that no secret
waits in a row, and by the same function as every other one. Every move is conditional and logged (law 2).
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple, cast
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from ledger import log
from signing import activation, flow
from signing.activation import DIGEST_SIZES, Caller, NewSad
from signing.authorising import covering, labels, waiting_news
from signing.authorising.entries import digests as digests
from signing.authorising.entries import write
from signing.authorising.policy import Intent
from signing.errors import Refused
from signing.flow import Approval as State
from signing.flow import Credential as CredentialState
from signing.models import AccessToken, Approval, ClientCertificate, Credential, Signer, SigningSession
from vault import tokens

_MOVES = {move.name: move for move in flow.APPROVAL_MOVES}
MOST_WAITING = 20  # of one caller within one day's session: more than anybody reads


class Waiting(NamedTuple):
    """The signer has not answered yet; `handle` is what the caller asks again with."""

    handle: str


def reasons(caller: Caller, count: int, description: str, at: datetime) -> tuple[str, ...]:
    """Why the signer must approve; empty: the session is enough. The policy is settings.SIGNING_STEP_UP ("": none)."""
    if not settings.SIGNING_STEP_UP:
        return ()
    policy = cast(Callable[[Intent, datetime], tuple[str, ...]], import_string(settings.SIGNING_STEP_UP))
    return policy(Intent(caller.session, caller.client, count, description, caller.facility), at)


def ask(
    caller: Caller,
    credential: UUID,
    digests: Sequence[bytes],
    *,
    why: Sequence[str],
    at: datetime,
    description: str = "",
    names: Sequence[str] = (),
    next_path: str = "",
) -> Waiting:
    """Lay these hashes before their signer, who then goes on to `next_path`.

    `names`: the documents' in the order of the digests, where the protocol carries them beside the description.

    Raises Refused: credential_unknown, credential_disabled, hash_length, approvals_many; token_invalid where the token
    or the day has ended meanwhile.
    """
    owner = Credential.objects.filter(pk=caller.credential, public_id=credential).first()
    if owner is None:
        raise Refused("credential_unknown")
    if owner.state != CredentialState.ACTIVE:
        raise Refused("credential_disabled")
    if len({len(digest) for digest in digests}) != 1:
        raise Refused("hash_length")
    open_ones = Approval.objects.filter(session=caller.session, client=caller.client, state=State.WAITING)
    if open_ones.filter(expires_at__gt=at).count() >= MOST_WAITING:
        raise Refused("approvals_many")
    handle = tokens.new_token()
    shown = labels.told(description, names, len(digests)).names
    with transaction.atomic():
        _require_living(caller, at)
        approval = Approval.objects.create(
            handle_digest=tokens.digest(handle),
            credential=owner,
            session_id=caller.session,
            client_id=caller.client,
            certificate_id=caller.certificate or None,
            token_id=caller.token or None,
            hash_algorithm=DIGEST_SIZES[len(digests[0])],
            digests=b"".join(digests),
            description=description.encode() or None,
            labels=list(shown) if any(shown) else None,
            next_path=next_path or None,
            reasons=list(why),
            nonce=secrets.token_bytes(32),
            created_at=at,
            expires_at=min(at + settings.STEP_UP_LIFETIME, caller.session_expires_at),
        )
        waiting_news.tell(approval, at)
        asker = log.Actor("caller", caller.client_id)
        write(approval, "signing.approval_asked", asker, why=" ".join(why), certificate=caller.thumbprint)
    return Waiting(handle)


def check(caller: Caller, handle: str, at: datetime) -> NewSad | Waiting:
    """What has become of it; the SAD is handed out once.

    Raises Refused: handle_unknown (also another caller's or another certificate's, and one whose SAD was fetched),
    approval_refused, approval_expired, and those of `activation.authorise`.
    """
    rows = Approval.objects.select_related("credential")
    found = rows.filter(
        handle_digest=tokens.digest(handle),
        session=caller.session,
        client=caller.client,
        certificate=caller.certificate or None,
    ).first()
    if found is None or found.state in (State.TAKEN, State.VOID):
        raise Refused("handle_unknown")
    if found.state == State.REFUSED:
        raise Refused("approval_refused")
    if found.state == State.EXPIRED or found.expires_at <= at:
        raise Refused("approval_expired")
    return take(found, caller, at) if found.state == State.APPROVED else Waiting(handle)


def of_handle(handle: str) -> Approval:
    """The row behind a handle that this process has just made."""
    return Approval.objects.get(handle_digest=tokens.digest(handle))


def waiting(signer: Signer, at: datetime) -> list[Approval]:
    """What waits for this person, the newest first."""
    rows = Approval.objects.select_related("client", "certificate", "credential__signer")
    mine = rows.filter(credential__signer=signer, state=State.WAITING, expires_at__gt=at)
    return list(mine.filter(credential__state=CredentialState.ACTIVE).order_by("-created_at", "-pk"))


def find(signer: Signer, public_id: UUID) -> Approval:
    """One of this person's, whatever has become of it. Raises Refused("approval_unknown")."""
    rows = Approval.objects.select_related("client", "certificate", "credential__signer")
    mine = rows.filter(credential__signer=signer, public_id=public_id).first()
    if mine is None:
        raise Refused("approval_unknown")
    return mine


@contextmanager
def held(approval: Approval) -> Iterator[Approval]:
    """A transaction with the row as it is once nobody else answers it: answers come one by one.

    By the lock of its credential, which each answer, suspension and revocation takes first. What is refused within is
    raised after the commit: what was spent, counted or logged before it stays so.
    """
    refused: Refused | None = None
    with transaction.atomic():
        Credential.objects.select_for_update(no_key=True).get(pk=approval.credential_id)
        rows = Approval.objects.select_related("client", "certificate", "credential__signer")
        try:
            yield rows.get(pk=approval.pk)
        except Refused as problem:
            refused = problem
    if refused is not None:
        raise refused


def standing(approval: Approval, at: datetime) -> State:
    """What has become of it by now, before the clock has moved the row; WAITING is what can be answered."""
    is_living = approval.state in _MOVES["expire"].sources
    if is_living and approval.expires_at <= at:
        return State.EXPIRED
    if approval.state == State.WAITING and approval.credential.state != CredentialState.ACTIVE:
        return State.VOID
    return State(approval.state)


def challenge(approval: Approval) -> bytes:
    """What the phone or the card signs; made from the row, never kept beside it."""
    certificate = approval.certificate
    covered = covering.Covered(
        nonce=bytes(approval.nonce),
        signer=approval.credential.signer.public_id,
        credential=approval.credential.public_id,
        client=approval.client.public_id,
        certificate=covering.NO_CERTIFICATE if certificate is None else bytes(certificate.thumbprint),
        description=bytes(approval.description or b""),
        labels=approval.labels or (),
        hash_name=approval.hash_algorithm,
        digests=digests(approval),
    )
    return covering.challenge(covered)


def expire_overdue(at: datetime) -> int:
    """For the clock: what nobody answered, or nobody fetched; how many."""
    step = _MOVES["expire"]
    rows = Approval.objects.select_related("credential").filter(state__in=step.sources, expires_at__lte=at)
    count = 0
    for approval in rows.order_by("pk"):
        with transaction.atomic():
            still = Approval.objects.filter(pk=approval.pk, state__in=step.sources)
            if still.update(state=step.target) == 1:
                write(approval, "signing.approval_expired", log.SYSTEM)
                count += 1
    return count


def take(approval: Approval, caller: Caller, at: datetime, *, sad: str = "") -> NewSad:
    """The SAD of what was approved, once; `sad` as in `activation.authorise`.

    Raises Refused("handle_unknown"), also for another caller, day or facility's certificate than was approved.
    """
    is_callers = (approval.session_id, approval.client_id) == (caller.session, caller.client)
    if not is_callers or not _is_over_its_certificate(approval, caller):
        raise Refused("handle_unknown")
    with transaction.atomic():
        move("take", approval, at)
        made = activation.authorise(
            caller,
            approval.credential.public_id,
            digests(approval),
            at=at,
            description=bytes(approval.description or b"").decode(),
            labels=approval.labels or (),
            sad=sad,
        )
        row = activation.find(made.sad)
        Approval.objects.filter(pk=approval.pk).update(activation=row)
        write(
            approval,
            "signing.approval_taken",
            log.Actor("caller", caller.client_id),
            activation=str(row.public_id),
            certificate=caller.thumbprint,
        )
    return made


def facilities(approval: Approval) -> list[str]:
    """The names of the facility for which it was asked; of a request at a browser, where no certificate is shown, of
    every facility over whose certificate the system may fetch it.
    """
    if approval.certificate is not None:
        return [approval.certificate.facility_name]
    if not approval.next_path:
        return []
    rows = _certificates(approval.client_id, approval.created_at)
    return sorted(set(rows.values_list("facility_name", flat=True)))


def _require_living(caller: Caller, at: datetime) -> None:
    """Held until the commit: whoever ends the day or the token at this moment finds the approval that is asked for."""
    days = SigningSession.objects.filter(pk=caller.session, ended_at=None, expires_at__gt=at)
    is_living = days.select_for_update(no_key=True).first() is not None
    if is_living and caller.token:
        given = AccessToken.objects.filter(pk=caller.token, revoked_at=None)
        is_living = given.select_for_update(no_key=True).first() is not None
    if not is_living:
        raise Refused("token_invalid")


def _is_over_its_certificate(approval: Approval, caller: Caller) -> bool:
    if approval.certificate_id is not None or not approval.next_path:
        return (approval.certificate_id or 0) == caller.certificate
    rows = _certificates(approval.client_id, approval.created_at)
    return not caller.certificate or rows.filter(pk=caller.certificate).exists()


def _certificates(client: int, at: datetime) -> QuerySet[ClientCertificate]:
    """Those of the system that lived at that moment, as the signer was told."""
    return ClientCertificate.living(at).filter(client=client, added_at__lte=at)


def move(name: str, approval: Approval, at: datetime, **values: object) -> None:
    """Conditional: of two that move at once one has it. Raises Refused("approval_unknown")."""
    step = _MOVES[name]
    rows = Approval.objects.filter(pk=approval.pk, state__in=step.sources, expires_at__gt=at)
    if rows.update(state=step.target, **values) != 1:
        raise Refused("approval_unknown" if name != "take" else "handle_unknown")
