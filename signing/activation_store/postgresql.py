"""Spending on PostgreSQL: one statement for many wishes at once.

READ COMMITTED. The activations are locked first, in the order of their ids, so that two calls never hold what the
other waits for. Whoever waited sees the other's result: PostgreSQL checks `state = 'authorised'` again on the
newest version of each item row.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connections, transaction

from signing.activation_store.moves import Moves
from signing.activation_store.wanted import Item, Wanted, by_wish, incomplete

RESERVE = """
WITH wanted AS (
    SELECT w.*, row_number() OVER (PARTITION BY wish, digest ORDER BY place) AS occurrence
    FROM unnest(%s::int[], %s::int[], %s::bytea[]) AS w (wish, place, digest)
), wish AS (
    SELECT * FROM unnest(%s::int[], %s::bytea[], %s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[])
        AS w (wish, sad, credential, session, client, certificate)
), living AS MATERIALIZED (
    SELECT wish.wish, activation.id
    FROM wish
    JOIN signing_activation activation ON activation.sad_digest = wish.sad
        AND activation.session_id + 0 = wish.session AND activation.client_id + 0 = wish.client -- found by its SAD
        AND COALESCE(activation.certificate_id, 0) = wish.certificate
        AND activation.expires_at > %s
    JOIN signing_credential credential ON credential.id = activation.credential_id
        AND credential.public_id = wish.credential AND credential.state = 'active' AND credential.not_after > %s
    JOIN signing_signingsession session ON session.id = activation.session_id
        AND session.ended_at IS NULL AND session.expires_at > %s
    JOIN signing_oauthclient client ON client.id = activation.client_id AND client.is_active
    ORDER BY activation.id
    FOR UPDATE OF activation
), free AS (
    SELECT living.wish, item.id, item.digest,
        row_number() OVER (PARTITION BY living.wish, item.digest ORDER BY item.ordinal) AS occurrence
    FROM living JOIN signing_activationitem item ON item.activation_id = living.id
    WHERE item.state = 'authorised'
)
UPDATE signing_activationitem item SET state = 'reserved'
FROM free JOIN wanted USING (wish, digest, occurrence)
WHERE item.id = free.id AND item.state = 'authorised'
RETURNING wanted.wish, wanted.place, item.id, item.public_id, item.digest
"""


class PostgresqlStore(Moves):
    def reserve(self, wanted: Sequence[Wanted], at: datetime) -> list[list[Item] | None]:
        with transaction.atomic(using=self.using):
            answers = self._attempt(list(wanted), at)
            short = [index for index, items in enumerate(answers) if items is None]
            if short:
                # Whoever waited for a lock has looked through an old snapshot; now the locks are held.
                again = self._attempt([wanted[index] for index in short], at)
                for index, items in zip(short, again, strict=True):
                    answers[index] = items
        return answers

    def _attempt(self, wishes: list[Wanted], at: datetime) -> list[list[Item] | None]:
        with connections[self.using].cursor() as cursor:
            cursor.execute(RESERVE, [*_places(wishes), *_heads(wishes), at, at, at])
            rows = [
                (wish, place, Item(pk, public_id, bytes(digest)))
                for wish, place, pk, public_id, digest in cursor.fetchall()
            ]
        left_over = incomplete(wishes, rows)
        if left_over:
            self.give_back(left_over)
        return by_wish(wishes, rows)


def _places(wishes: list[Wanted]) -> list[Any]:
    """Columns wish, place, digest: one row for each wanted occurrence."""
    rows = [
        (wish, place, digest) for wish, each in enumerate(wishes) for place, digest in enumerate(each.digests)
    ]
    return [list(column) for column in zip(*rows, strict=True)] or [[], [], []]


def _heads(wishes: list[Wanted]) -> list[Any]:
    """Columns wish, sad, credential, session, client, certificate: one row for each wish."""
    return [
        list(range(len(wishes))),
        [wish.sad_digest for wish in wishes],
        [wish.credential for wish in wishes],
        [wish.session for wish in wishes],
        [wish.client for wish in wishes],
        [wish.certificate for wish in wishes],
    ]
