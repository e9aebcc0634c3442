"""Spending on SQLite: the same question and a conditional update inside one IMMEDIATE transaction (decision 39).

SQLite has one writer at a time, so nothing can change between the two statements; `RETURNING` cannot name the
joined tables there, hence two.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connections, transaction

from signing.activation_store.moves import Moves
from signing.activation_store.wanted import Item, Wanted, by_wish, incomplete

_CHOOSE = """
WITH wanted AS (
    SELECT value ->> 0 AS wish, value ->> 1 AS place, value ->> 2 AS digest,
        row_number() OVER (PARTITION BY value ->> 0, value ->> 2 ORDER BY value ->> 1) AS occurrence
    FROM json_each(%s)
), wish AS (
    SELECT value ->> 0 AS wish, value ->> 1 AS sad, value ->> 2 AS credential,
        value ->> 3 AS session, value ->> 4 AS client, value ->> 5 AS certificate
    FROM json_each(%s)
), free AS (
    SELECT wish.wish, item.id, item.public_id, item.digest,
        row_number() OVER (PARTITION BY wish.wish, item.digest ORDER BY item.ordinal) AS occurrence
    FROM wish
    JOIN signing_activation activation ON activation.sad_digest IN ({sads})
        AND lower(hex(activation.sad_digest)) = wish.sad
        AND activation.session_id = wish.session AND activation.client_id = wish.client
        AND COALESCE(activation.certificate_id, 0) = wish.certificate
        AND activation.expires_at > %s
    JOIN signing_credential credential ON credential.id = activation.credential_id
        AND credential.public_id = wish.credential AND credential.state = 'active' AND credential.not_after > %s
    JOIN signing_signingsession session ON session.id = activation.session_id
        AND session.ended_at IS NULL AND session.expires_at > %s
    JOIN signing_oauthclient client ON client.id = activation.client_id AND client.is_active
    JOIN signing_activationitem item ON item.activation_id = activation.id
    WHERE item.state = 'authorised'
)
SELECT wanted.wish, wanted.place, free.id, free.public_id, free.digest
FROM free JOIN wanted ON wanted.wish = free.wish AND wanted.digest = lower(hex(free.digest))
    AND wanted.occurrence = free.occurrence
"""
_RESERVE = """
UPDATE signing_activationitem SET state = 'reserved'
WHERE state = 'authorised' AND id IN (SELECT value FROM json_each(%s))
RETURNING id
"""


class SqliteStore(Moves):
    def reserve(self, wanted: Sequence[Wanted], at: datetime) -> list[list[Item] | None]:
        wishes = list(wanted)
        places = [
            (wish, place, digest.hex())
            for wish, each in enumerate(wishes)
            for place, digest in enumerate(each.digests)
        ]
        heads = [
            (wish, each.sad_digest.hex(), each.credential.hex, each.session, each.client, each.certificate)
            for wish, each in enumerate(wishes)
        ]
        sads = [each.sad_digest for each in wishes]  # JSON carries no bytes; these find the index
        connection = connections[self.using]
        moment = connection.ops.adapt_datetimefield_value(at)
        with transaction.atomic(using=self.using), connection.cursor() as cursor:
            cursor.execute(
                _CHOOSE.format(sads=", ".join(["%s"] * len(sads))),
                [json.dumps(places), json.dumps(heads), *sads, moment, moment, moment],
            )
            chosen = [
                (wish, place, Item(pk, UUID(public_id), bytes(digest)))
                for wish, place, pk, public_id, digest in cursor.fetchall()
            ]
            cursor.execute(_RESERVE, [json.dumps(sorted({item.pk for _wish, _place, item in chosen}))])
            free = {pk for (pk,) in cursor.fetchall()}
            rows = []
            for wish, place, item in chosen:  # two wishes may have met on one item: the first one has it
                if item.pk in free:
                    free.remove(item.pk)
                    rows.append((wish, place, item))
            left_over = incomplete(wishes, rows)
            if left_over:
                self.give_back(left_over)
        return by_wish(wishes, rows)
