"""Signers with an active credential, as rows alone: for what happens before a key is needed."""

import itertools
import secrets
import uuid
from datetime import UTC, datetime, timedelta

from signing.models import Credential, Signer

NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)  # 12:00 JST

_numbers = itertools.count(1)


def signer(person_id: str = "") -> Signer:
    return Signer.objects.create(
        applicant=uuid.uuid4(),
        person_id=person_id or f"TESTID{next(_numbers):06d}",
        user_handle=secrets.token_bytes(64),
        created_at=NOON,
    )


def active_credential(who: Signer | None = None, *, at: datetime = NOON, state: str = "active") -> Credential:
    return Credential.objects.create(
        signer=who or signer(),
        authority="jma",
        issuer="jma",
        qualification="doctor",
        state=state,
        not_before=at,
        not_after=at + timedelta(days=1800),
        created_at=at,
        changed_at=at,
    )
