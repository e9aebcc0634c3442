"""A move of an application: one conditional update with its timeline entry, its news and its ledger entry (law 2)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from enrollment import flow
from enrollment.errors import Refused
from enrollment.models import Application, TimelineEntry
from ledger import log
from outbox import jobs


class News(NamedTuple):
    """An outbox job that another room or a worker will carry out."""

    kind: str
    queue: str = "default"
    run_after: datetime | None = None


def perform(
    name: str,
    application: Application,
    *,
    by: flow.Actor,
    actor: log.Actor,
    at: datetime,
    guard: Mapping[str, Any] | None = None,
    changes: Mapping[str, Any] | None = None,
    news: Iterable[News] = (),
    data: Mapping[str, str | int | bool | None] | None = None,
) -> None:
    """Move `application` by the row `name` of flow.MOVES, or raise Refused("not_now") and change nothing.

    `guard` narrows the update further (for example to the officer who holds the claim). Call it inside the
    transaction of everything that belongs to the move, and last: it locks the ledger's head.
    """
    row = flow.MOVE[name]
    if by not in row.actors:
        raise Refused("not_yours", move=name)
    with transaction.atomic():
        moved = Application.objects.filter(
            pk=application.pk, state__in=[state.value for state in row.sources], **(guard or {})
        ).update(state=row.target.value, changed_at=at, **(changes or {}))
        if moved != 1:
            raise Refused("not_now", move=name)
        TimelineEntry.objects.create(application_id=application.pk, kind=name, happened_at=at)
        for item in news:
            jobs.enqueue(item.kind, str(application.public_id), queue=item.queue, run_after=item.run_after)
        log.append(
            f"application.{name}",
            actor=actor,
            subject=str(application.public_id),
            authority=application.authority,
            data=data,
        )
    application.refresh_from_db()
