"""Signatures as `signing.signatures` leaves them: items, records, ledger entries; keys are not the matter here."""

import hashlib
import itertools
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from django.db import transaction

from ledger import log
from signing.activation import Caller
from signing.keystore import Algorithm
from signing.models import (
    Activation,
    ActivationItem,
    ClientCertificate,
    Credential,
    OAuthClient,
    SignatureRecord,
    SigningSession,
)
from signing.turns import entries
from signing.turns.calls import Call, Item, Known, Reserved
from tests.support.card_site import facilities
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


def certificate_of(client: OAuthClient, code: str, name: str) -> ClientCertificate:
    """A certificate of this facility to which the system is bound."""
    issued = facilities.bound(client.client_id, name=name, code=code)
    return ClientCertificate.objects.get(thumbprint=facilities.thumbprint(issued))


def authorised(
    session: SigningSession,
    client: OAuthClient,
    digests: Sequence[bytes],
    at: datetime,
    label: str = "",
    certificate: ClientCertificate | None = None,
) -> list[ActivationItem]:
    """Open items under a SAD."""
    activation = Activation.objects.create(
        sad_digest=secrets.token_bytes(32),
        credential=session.credential,
        session=session,
        client=client,
        certificate=certificate,
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
    session: SigningSession,
    client: OAuthClient,
    count: int,
    at: datetime,
    label: str = "処方箋",
    certificate: ClientCertificate | None = None,
) -> list[SignatureRecord]:
    """One call with so many signatures; over the certificate of its facility, where it has one."""
    digests = [digest(next(_numbers)) for _ in range(count)]
    return group([(session, client, digests, label)], at, certificate=certificate)


def _turned(
    session: SigningSession, client: OAuthClient, items: Sequence[ActivationItem]
) -> tuple[Reserved, list[Item]]:
    """What a turn knows of a call."""
    credential, activation = session.credential, items[0].activation
    certificate = activation.certificate
    caller = Caller(
        client.pk,
        client.client_id,
        session.pk,
        credential.pk,
        session.expires_at,
        credential.key_kind,
        thumbprint=bytes(certificate.thumbprint).hex() if certificate else "",
    )
    known = Known(
        caller,
        session.public_id.bytes,
        session.means,
        has_signed=False,
        policy=None,
        is_bound=certificate is not None,
        certificate_begins=None,
        certificate_ends=None,
        credential_id=credential.public_id,
        credential_octets=credential.public_id.bytes,
        authority=credential.authority,
        state=credential.state,
        not_after=credential.not_after,
        expires_at=session.expires_at,
        checked=0.0,
    )
    found = [Item(item.pk.to_bytes(8), item.public_id.bytes, bytes(item.digest)) for item in items]
    not_read = cast(Call, None)  # by what the ledger is told
    return Reserved(not_read, known, activation.public_id.bytes, Algorithm.RSA_SHA256, found), found


def group(
    calls: Sequence[tuple[SigningSession, OAuthClient, Sequence[bytes], str]],
    at: datetime,
    shard: str = "web",
    certificate: ClientCertificate | None = None,
) -> list[SignatureRecord]:
    """Calls of several signers under one entry of the ledger, as a turn writes them (its own `entries.signed`)."""
    with transaction.atomic():
        items = [
            (call[0], call[1], authorised(call[0], call[1], call[2], at, call[3], certificate))
            for call in calls
        ]
        for _session, _client, of_call in items:
            ActivationItem.objects.filter(pk__in=[item.pk for item in of_call]).update(state="signed")
        draft = entries.signed([_turned(*each) for each in items])
        entry = log.append(
            draft.kind,
            actor=draft.actor,
            subject=draft.subject,
            authority=draft.authority,
            data=draft.data,
            shard=shard,
        )
        flat = [(session, client, item) for session, client, of_call in items for item in of_call]
        return SignatureRecord.objects.bulk_create(
            SignatureRecord(
                item=item,
                credential=session.credential,
                session=session,
                client=client,
                certificate=certificate,
                digest=item.digest,
                sign_algorithm="rsa-sha256",
                log_shard=entry.shard,
                log_number=entry.number,
                place=place,
                made_at=at,
            )
            for place, (session, client, item) in enumerate(flat)
        )
