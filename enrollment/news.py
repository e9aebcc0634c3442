"""What signing tells enrollment (decision 3): handlers of outbox news, each idempotent, each with a credential's id."""

import uuid
from datetime import datetime

from django.db import transaction

from enrollment import notices
from enrollment.models import Application, TimelineEntry
from ledger import clock
from outbox import notices as inbox

PHONE_LINE = ("phone_bound", "link_locked", "link_expired")


def _application(credential: str) -> Application | None:
    return Application.objects.filter(credential=uuid.UUID(credential)).select_related("applicant").first()


def _note(application: Application, kind: str, at: datetime) -> None:
    """The phone's line in the applicant's timeline (ST-24); a repeated message writes nothing twice."""
    last = application.timeline.filter(kind__in=PHONE_LINE).order_by("-happened_at", "-pk").first()
    if last is None or last.kind != kind:
        TimelineEntry.objects.create(application=application, kind=kind, happened_at=at)


def on_link_bound(credential: str) -> None:
    """`signing.link_bound`: the link's clear text is erased, the applicant is told (N8)."""
    application = _application(credential)
    if application is None:
        return
    at = clock.now()
    with transaction.atomic():
        inbox.erase_secret(credential)
        _note(application, "phone_bound", at)
        notices.phone_bound(application, credential, at)


def on_link_locked(credential: str) -> None:
    """`signing.link_locked`: the link is of no use any more; how to get a new one (N17)."""
    application = _application(credential)
    if application is None:
        return
    with transaction.atomic():
        inbox.erase_secret(credential)
        _note(application, "link_locked", clock.now())
        notices.link_locked(application, credential)


def on_link_expired(credential: str) -> None:
    """`signing.link_expired`: the clear text is of no use any more and is erased (decision 19)."""
    application = _application(credential)
    with transaction.atomic():
        inbox.erase_secret(credential)
        if application is not None:
            _note(application, "link_expired", clock.now())
