"""Signatures as `signing.signatures` leaves them: items, records, ledger entries; keys are not the matter here."""

import hashlib
import itertools
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from ledger import log, merkle
from signing.models import (
    Activation,
    ActivationItem,
    Credential,
    OAuthClient,
    SignatureRecord,
    SigningSession,
)
from signing.records.leaves import leaf
from vault import tokens

_numbers = itertools.count(1)


def digest(number: int) -> bytes:
    return hashlib.sha256(f"document {number}".encode()).digest()


def session_of(credential: Credential, at: datetime, means: str = "authenticator") -> SigningSession:
    return SigningSession.objects.create(
        token_digest=tokens.digest(tokens.new_token()),
        credential=credential,
        means=means,
        started_at=at,
        expires_at=at + timedelta(hours=18),
    )


def authorised(
    session: SigningSession, client: OAuthClient, digests: Sequence[bytes], at: datetime, label: str = ""
) -> list[ActivationItem]:
    """Open items under a SAD."""
    activation = Activation.objects.create(
        sad_digest=secrets.token_bytes(32),
        credential=session.credential,
        session=session,
        client=client,
        hash_algorithm="sha256",
        description=label.encode() or None,
        created_at=at,
        expires_at=at + timedelta(minutes=5),
    )
    return ActivationItem.objects.bulk_create(
        ActivationItem(activation=activation, ordinal=ordinal, digest=each)
        for ordinal, each in enumerate(digests)
    )


def signed(
    session: SigningSession, client: OAuthClient, count: int, at: datetime, label: str = "処方箋"
) -> list[SignatureRecord]:
    """One call with so many signatures."""
    digests = [digest(next(_numbers)) for _ in range(count)]
    return group([(session, client, digests, label)], at)


def group(
    calls: Sequence[tuple[SigningSession, OAuthClient, Sequence[bytes], str]], at: datetime
) -> list[SignatureRecord]:
    """Calls of several signers under one entry of the ledger, as a group commit may write them."""
    with transaction.atomic():
        items = [
            (call[0], call[1], item)
            for call in calls
            for item in authorised(call[0], call[1], call[2], at, call[3])
        ]
        ActivationItem.objects.filter(pk__in=[item.pk for _s, _c, item in items]).update(state="signed")
        leaves = [leaf(item.public_id.bytes, item.digest) for _s, _c, item in items]
        subjects = {str(call[0].credential.public_id) for call in calls}
        entry = log.append(
            "signing.signed",
            actor=log.Actor("caller", calls[0][1].client_id),
            subject=subjects.pop() if len(subjects) == 1 else "many",
            data={"count": len(leaves), "root": merkle.root(leaves).hex()},
        )
        return SignatureRecord.objects.bulk_create(
            SignatureRecord(
                item=item,
                credential=session.credential,
                session=session,
                client=client,
                digest=item.digest,
                sign_algorithm="rsa-sha256",
                log_shard=entry.shard,
                log_number=entry.number,
                place=place,
                made_at=at,
            )
            for place, (session, client, item) in enumerate(items)
        )
