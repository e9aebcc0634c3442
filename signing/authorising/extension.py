"""A new SAD in place of an old one, for hashes that did not exist before (CSC 1.0.4: 11.7, 2.0.0.2: 11.9).

A PDF that is signed several times has its second hash only after the first signature. What was authorised is a number
of signatures; each stays bound to a hash before it is made, and the number never grows.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from ledger import log
from signing import activation
from signing.activation import Caller, NewSad
from signing.errors import Refused
from signing.flow import Item
from signing.models import Activation, ActivationItem, Approval
from vault import tokens


def extend(caller: Caller, credential: UUID, sad: str, digests: Sequence[bytes], *, at: datetime) -> NewSad:
    """A fresh SAD for these digests; the old one and what it had not signed yet die in the same transaction.

    Raises Refused: sad_unknown (also another caller's, or nothing is left of it), sad_expired, hashes_too_many,
    hash_not_authorised (the signer had approved other hashes), and those of `activation.authorise`.
    """
    with transaction.atomic():
        old = _locked(caller, credential, sad)
        if old.expires_at <= at:
            raise Refused("sad_expired")
        unused = ActivationItem.objects.filter(activation=old, state=Item.AUTHORISED)
        approval = Approval.objects.filter(activation=old).first()
        are_approved = approval is None or _are_among(digests, unused)
        dropped = unused.update(state=Item.DEAD)  # what this move has taken nobody else can have reserved
        left = dropped + old.room
        if left == 0:  # "SHALL invalidate the SAD when the authorized number of signatures has been created"
            raise Refused("sad_unknown")
        if len(digests) > left:
            raise Refused("hashes_too_many")
        if not are_approved:
            raise Refused("hash_not_authorised")  # the signer approved these hashes, not a number
        room = 0 if approval is not None else left - len(digests)
        Activation.objects.filter(pk=old.pk).update(room=0, expires_at=at)
        new = activation.authorise(
            caller,
            credential,
            digests,
            at=at,
            description=bytes(old.description or b"").decode(),
            room=room,
        )
        if approval is not None:
            Approval.objects.filter(pk=approval.pk).update(activation=activation.find(new.sad))
        log.append(
            "signing.extended",
            actor=log.Actor("caller", caller.client_id),
            subject=str(old.credential.public_id),
            authority=old.credential.authority,
            data={"activation": str(old.public_id), "dropped": dropped, "left": room},
        )
    return new


def _are_among(digests: Sequence[bytes], unused: QuerySet[ActivationItem]) -> bool:
    free = Counter(bytes(digest) for digest in unused.values_list("digest", flat=True))
    return not Counter(digests) - free


def _locked(caller: Caller, credential: UUID, sad: str) -> Activation:
    """Where this meets a `reserve`: both lock the activation's row, so that no hash is both signed and dropped."""
    rows = Activation.objects.select_related("credential").select_for_update(of=("self",))
    old = rows.filter(
        sad_digest=tokens.digest(sad),
        session=caller.session,
        client=caller.client,
        certificate=caller.certificate or None,
        credential__public_id=credential,
    ).first()
    if old is None:
        raise Refused("sad_unknown")
    return old
