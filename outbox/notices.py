"""The person's inbox in the portal. A secret (link and password, decision 19) is its owner's alone, until erased."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from ledger import clock
from outbox.models import Notice


def post(
    owner: uuid.UUID,
    kind: str,
    title: str,
    body: str,
    *,
    secret: str = "",
    about: str = "",
    dedupe: str = "",
) -> Notice:
    """Put a notice into the inbox of this public id; with a `dedupe` that exists already, the existing one is returned.

    `secret` is clear text (JSON of link and password), kept encrypted until `erase_secret(about)`.
    """
    fields = {
        "owner": owner,
        "kind": kind,
        "title": title,
        "body": body,
        "secret": secret or None,
        "about": about,
        "created_at": clock.now(),
    }
    if dedupe:
        return Notice.objects.get_or_create(dedupe=dedupe, defaults=fields)[0]
    return Notice.objects.create(**fields)


def inbox(owner: uuid.UUID) -> QuerySet[Notice]:
    """All notices of a person, newest first, without their secrets."""
    return Notice.objects.filter(owner=owner).defer("secret").order_by("-pk")


def unread(owner: uuid.UUID) -> int:
    """How many notices the person has not opened."""
    return Notice.objects.filter(owner=owner, read_at=None).count()


def mark_read(owner: uuid.UUID, public_id: uuid.UUID) -> bool:
    """Note the first opening; False when there is no such notice of this owner."""
    mine = Notice.objects.filter(owner=owner, public_id=public_id)
    mine.filter(read_at=None).update(read_at=clock.now())
    return mine.exists()


def secret_of(owner: uuid.UUID, public_id: uuid.UUID) -> str:
    """The clear text for its owner; "" when there is none, it is erased, or the notice is another person's."""
    found = Notice.objects.filter(owner=owner, public_id=public_id).only("secret").first()
    return (found.secret or "") if found else ""


def erase_secret(about: str) -> int:
    """Forget the secrets about this public id (bound, expired, locked or issued anew); how many there were."""
    with_secret = Notice.objects.filter(about=about, secret__isnull=False)
    return with_secret.update(secret=None, secret_erased_at=clock.now())


def with_old_secret(before: datetime, most: int) -> list[int]:
    """Notices posted before this moment whose clear text is still there, for the timetable."""
    rows = Notice.objects.filter(secret__isnull=False, created_at__lt=before)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:most])


def erase_old_secrets(keys: Sequence[int], before: datetime) -> int:
    """Forget the secrets of these notices, if they are as old as that; how many there were."""
    rows = Notice.objects.filter(pk__in=keys, secret__isnull=False, created_at__lt=before)
    return rows.update(secret=None, secret_erased_at=clock.now())
