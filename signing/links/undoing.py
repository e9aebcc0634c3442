"""The way back from a QR code that the holder never asked for (BD-13; threat 3): the code dies, its phone with it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from ledger import log
from signing.flow import Link
from signing.links import life
from signing.links.shown import NUMBERS
from signing.models import Authenticator, EnrollmentLink
from signing.phones import life as phones


def undo_shown(link: UUID, *, actor: log.Actor, at: datetime) -> bool:
    """Whether a phone was bound by this QR code, or by one that took its place, and is removed now.

    The two numbers serve a first phone only, so whatever phone was bound while such a code lived came by it or by
    whoever held it; one that was bound later is its owner's own and stays.
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
        current = phones.current(credential)
        bound = family.filter(state=Link.BOUND)
        came_by_it = current is not None and any(_came_by(each, current) for each in bound)
        if came_by_it:
            phones.remove(credential, actor, "undone", at)
        life.note("signing.link_undone", row, {"was_bound": came_by_it}, actor)
    return came_by_it


def _came_by(link: EnrollmentLink, phone: Authenticator) -> bool:
    return link.created_at <= phone.bound_at < link.expires_at
