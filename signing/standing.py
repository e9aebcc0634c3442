"""How a credential stands, for the people at the desk: facts to be read, no rows and no names.

What is read of the phone is what its owner reads at /me/; neither link nor password is here (BD-15: an officer
starts a re-issue and binds nothing).
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from signing import flow
from signing.errors import Refused
from signing.models import Authenticator, CardBinding, Credential, EnrollmentLink


class Phone(NamedTuple):
    """`is_synced`: the passkey may live on other devices of its owner too (decision 30)."""

    label: str
    state: str
    bound_at: datetime
    last_used_at: datetime | None
    is_synced: bool


class Standing(NamedTuple):
    public_id: UUID
    authority: str
    issuer: str
    person_id: str
    state: str
    serial: str
    not_before: datetime | None
    not_after: datetime | None
    changed_at: datetime
    revoked_at: datetime | None
    revocation_reason: str
    link_state: str  # of the newest link in the inbox; "" where none was made
    link_expires_at: datetime | None
    phones: tuple[Phone, ...]
    card_bound_at: datetime | None
    card_not_after: datetime | None

    @property
    def phone(self) -> Phone | None:
        return next((one for one in self.phones if one.state == flow.Authenticator.ACTIVE), None)

    @property
    def was_bound(self) -> bool:
        return bool(self.phones)


def find(public_id: UUID) -> Credential:
    """The credential's row for the moves of signing.credentials; raises Refused("credential_unknown")."""
    found = Credential.objects.filter(public_id=public_id).first()
    if found is None:
        raise Refused("credential_unknown")
    return found


def of(public_id: UUID) -> Standing | None:
    """None for an id that is not there."""
    row = Credential.objects.select_related("signer").filter(public_id=public_id).first()
    if row is None:
        return None
    link = EnrollmentLink.objects.filter(credential=row, kind="inbox").order_by("-pk").first()
    card = CardBinding.objects.filter(credential=row, is_living=True).order_by("-pk").first()
    phones = Authenticator.objects.filter(credential=row).order_by("-bound_at", "-pk")
    return Standing(
        row.public_id,
        row.authority,
        row.issuer,
        row.signer.person_id,
        row.state,
        row.serial or "",
        row.not_before,
        row.not_after,
        row.changed_at,
        row.revoked_at,
        row.revocation_reason,
        link.state if link else "",
        link.expires_at if link else None,
        tuple(_phone(one) for one in phones),
        card.bound_at if card else None,
        card.not_after if card else None,
    )


def _phone(row: Authenticator) -> Phone:
    return Phone(row.label, row.state, row.bound_at, row.last_used_at, row.is_backed_up)
