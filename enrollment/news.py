"""What signing tells enrollment (decision 3): handlers of outbox news, each idempotent, each with a credential's id."""

import uuid

from django.db import transaction

from enrollment import notices
from enrollment.models import Application
from ledger import clock
from outbox import notices as inbox


def _application(credential: str) -> Application | None:
    return Application.objects.filter(credential=uuid.UUID(credential)).select_related("applicant").first()


def on_link_bound(credential: str) -> None:
    """`signing.link_bound`: the link's clear text is erased, the applicant is told (N8)."""
    application = _application(credential)
    if application is None:
        return
    with transaction.atomic():
        inbox.erase_secret(credential)
        notices.phone_bound(application, credential, clock.now())


def on_link_locked(credential: str) -> None:
    """`signing.link_locked`: the link is of no use any more; how to get a new one (N17)."""
    application = _application(credential)
    if application is None:
        return
    with transaction.atomic():
        inbox.erase_secret(credential)
        notices.link_locked(application, credential)


def on_link_expired(credential: str) -> None:
    """`signing.link_expired`: the clear text is of no use any more and is erased (decision 19)."""
    inbox.erase_secret(credential)
