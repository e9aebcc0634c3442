"""A long audit log, made as `log.append` makes it but many at a time, with ten signed roots."""

import secrets
from datetime import timedelta

from django.conf import settings

from ledger import chain, clock, daily
from ledger.models import Entry, Shard
from tests.ledger import keys

DAYS, BATCH = 10, 5_000


def fill(count: int) -> None:
    """So many entries, spread over ten days, each but the last closed."""
    key, head, number = keys.elliptic(), chain.genesis("web"), 0
    first = clock.now()
    for day in range(DAYS):
        settings.CLOCK_OFFSET = timedelta(days=day)
        at = first + timedelta(days=day)
        for size in _batches(count // DAYS):
            rows = []
            for _ in range(size):
                number += 1
                row = Entry(
                    shard="web",
                    number=number,
                    at=at,
                    kind="case.viewed",
                    actor_kind="officer",
                    actor_id="7d1f",
                    subject=f"case-{number}",
                    authority="jma",
                    data={"round": 1},
                    salt=secrets.token_bytes(16),
                )
                row.leaf = row.computed_leaf()
                row.link = head = chain.link(head, row.leaf)
                rows.append(row)
            Entry.objects.bulk_create(rows, BATCH)
        Shard.objects.update_or_create(name="web", defaults={"count": number, "head": head})
        if day:
            daily.close_day(clock.today(at) - timedelta(days=1), key.sign, key.pem)


def _batches(count: int) -> list[int]:
    return [min(BATCH, count - start) for start in range(0, count, BATCH)]
