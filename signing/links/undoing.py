"""The way back from a QR code that the holder never asked for (BD-13; threat 3): the code dies, its phone with it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from ledger import log
from signing.flow import Link
from signing.links import life
from signing.links.shown import BY_PHONE, NUMBERS
from signing.models import Authenticator, EnrollmentLink
from signing.phones import life as phones


def undo_shown(link: UUID, *, actor: log.Actor, at: datetime) -> bool:
    """Whether a phone was bound by this QR code, or by one that took its place, and is removed now.

    The two numbers serve a first phone only, so whatever phone was bound while such a code lived came by it or by
    whoever held it, and so did every phone that this one has let in since. One that was bound otherwise later is its
    owner's own and stays. The phone may stand behind a successor of the credential by now.
    """
    with transaction.atomic():
        row = EnrollmentLink.objects.filter(public_id=link, means=NUMBERS).first()
        if row is None:
            return False
        credential = life.locked_credential(row.credential_id)
        family = EnrollmentLink.objects.filter(
            credential=credential, means=NUMBERS, authenticated_at=row.authenticated_at
        )
        life.void(family.filter(state=Link.OPEN))
        bound = list(family.filter(state=Link.BOUND))
        current = phones.current_of(credential.signer)
        came_by_it = current is not None and _came_by_any(bound, current)
        if current is not None and came_by_it:
            phones.remove(current.credential, actor, "undone", at)
        life.note("signing.link_undone", row, {"was_bound": came_by_it}, actor)
    return came_by_it


def _came_by_any(bound: list[EnrollmentLink], phone: Authenticator) -> bool:
    """Itself, or by a QR code that another phone of that line asked for at /me/."""
    line: Authenticator | None = phone
    while line is not None and not any(_came_by(link, line) for link in bound):
        asked = EnrollmentLink.objects.filter(
            credential__signer=line.credential.signer, state=Link.BOUND, means=BY_PHONE
        )
        by_phone = any(_came_by(link, line) for link in asked)
        line = line.replaced.order_by("-pk").first() if by_phone else None
    return line is not None


def _came_by(link: EnrollmentLink, phone: Authenticator) -> bool:
    return link.created_at <= phone.bound_at < link.expires_at
