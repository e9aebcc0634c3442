"""What a turn asks of PostgreSQL. Every statement takes all calls of the turn at once, as arrays.

READ COMMITTED. Locks are taken in one order: sessions, activations, items, the ledger's head; `endings` does the same.
A turn that authorises holds its sessions (FOR SHARE), so whoever ends one waits, and then finds the new SAD and kills
it; a turn that spends holds the activations. So a revocation and a signature meet on rows, and one of them wins.
"""

from ledger import together
from signing.activation_store.postgresql import RESERVE

# $1 token digests, $2 now -> what each living token leads to
KNOW = """
SELECT wish.nr, client.id, client.client_id, session.id, session.public_id, session.means, session.expires_at,
    credential.id, credential.public_id, credential.authority, credential.state, credential.not_after, token.expires_at,
    credential.algorithm, certificate.id, certificate.thumbprint, certificate.facility, certificate.not_before,
    LEAST(certificate.not_after, certificate.ends_at), token.scope, client.is_oauth2code, client.is_certificate_bound,
    EXISTS (
        SELECT 1 FROM signing_credential own JOIN signing_signaturerecord record ON record.credential_id = own.id
        WHERE own.signer_id = credential.signer_id AND record.client_id = client.id AND record.result = 'signed'
            AND (certificate.id IS NULL OR EXISTS (
                SELECT 1 FROM signing_clientcertificate shown
                WHERE shown.id = record.certificate_id AND shown.client_id = client.id
                    AND shown.facility = certificate.facility
            ))
    ), policy.above, policy.for_new_callers, policy.for_narcotics
FROM unnest($1::bytea[]) WITH ORDINALITY AS wish (digest, nr)
JOIN signing_accesstoken token ON token.token_digest = wish.digest
    AND token.revoked_at IS NULL AND token.expires_at > $2::timestamptz
JOIN signing_oauthclient client ON client.id = token.client_id AND client.is_active
JOIN signing_signingsession session ON session.id = token.session_id
    AND session.ended_at IS NULL AND session.expires_at > $2::timestamptz
JOIN signing_credential credential ON credential.id = session.credential_id
    AND credential.state NOT IN ('revoked', 'expired')
LEFT JOIN signing_clientcertificate certificate ON certificate.id = token.certificate_id
LEFT JOIN LATERAL (
    SELECT one.above, one.for_new_callers, one.for_narcotics FROM signing_stepuppolicy one
    WHERE (one.client_id = client.id OR one.client_id IS NULL) AND one.facility IN ('', certificate.facility)
    ORDER BY one.client_id NULLS LAST, one.facility DESC LIMIT 1
) policy ON true
"""

# $1 session, $2 client, $3 sad digest, $4 public id, $5 algorithm, $6 description, $7 expires at, per call;
# $8 call (from 1), $9 ordinal, $10 digest, per hash; $11 now; $12 certificate (0: none), $13 room, per call;
# $14 how many must be authorised (0: any number), or the whole fails (22012); $15 public id, per hash
# -> the calls that were authorised
AUTHORISE = """
WITH living AS MATERIALIZED (
    SELECT wish.*, session.credential_id
    FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::uuid[], $5::text[], $6::bytea[], $7::timestamptz[],
        $12::bigint[], $13::int[]) WITH ORDINALITY
        AS wish (session, client, sad, public_id, algorithm, description, expires_at, certificate, room, nr)
    JOIN signing_signingsession session ON session.id = wish.session
        AND session.ended_at IS NULL AND session.expires_at > $11::timestamptz
    JOIN signing_credential credential ON credential.id = session.credential_id
        AND credential.state = 'active' AND credential.not_after > $11::timestamptz
    JOIN signing_oauthclient client ON client.id = wish.client AND client.is_active
    ORDER BY session.id
    FOR SHARE OF session
), placed AS MATERIALIZED (
    SELECT living.*, nextval('signing_activation_id_seq') AS id FROM living ORDER BY nr
), made AS (
    INSERT INTO signing_activation (id, public_id, sad_digest, credential_id, session_id, client_id, hash_algorithm,
        description, created_at, expires_at, certificate_id, room)
    SELECT id, public_id, sad, credential_id, session, client, algorithm, description, $11::timestamptz, expires_at,
        NULLIF(certificate, 0), room
    FROM placed
), ids AS (
    SELECT array_agg(id ORDER BY n) AS ids
    FROM (
        SELECT DISTINCT ON (n) n, id FROM (
            SELECT nr AS n, id FROM placed
            UNION ALL SELECT n, NULL FROM generate_series(1, cardinality($1::bigint[])) AS n
        ) AS each ORDER BY n, id
    ) AS every -- a place for each call, NULL where it was not authorised
), items AS (
    INSERT INTO signing_activationitem (public_id, activation_id, ordinal, digest, state)
    SELECT item.public_id, ((SELECT ids FROM ids))[item.nr], item.ordinal, item.digest, 'authorised'
    FROM unnest($8::int[], $9::int[], $10::bytea[], $15::uuid[]) AS item (nr, ordinal, digest, public_id)
    WHERE ((SELECT ids FROM ids))[item.nr] IS NOT NULL
)
SELECT nr FROM placed WHERE 1 / ($14::int IN (0, (SELECT count(*) FROM placed)))::int = 1
"""

# $1 sad digest, $2 credential's public id, $3 session, $4 client, $5 certificate (0: none), per call; $6 call (from 1),
# $7 place, $8 digest, per hash; $9 now -> call, place, item, its public id, and with the first place the activation's.
# A call that wants exactly what was authorised, in that order, finds each hash at its place by one look into an index;
# whatever this leaves open is asked again by RESERVE_ANY, which takes any order and any part.
RESERVE_IN_ORDER = """
WITH living AS MATERIALIZED (
    SELECT wish.nr, activation.id, activation.public_id
    FROM unnest($1::bytea[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[])
        WITH ORDINALITY AS wish (sad, credential, session, client, certificate, nr)
    JOIN signing_activation activation ON activation.sad_digest = wish.sad
        AND activation.session_id + 0 = wish.session AND activation.client_id + 0 = wish.client -- found by its SAD
        AND COALESCE(activation.certificate_id, 0) = wish.certificate AND activation.expires_at > $9::timestamptz
    JOIN signing_credential credential ON credential.id = activation.credential_id
        AND credential.public_id = wish.credential AND credential.state = 'active'
        AND credential.not_after > $9::timestamptz
    JOIN signing_signingsession session ON session.id = activation.session_id
        AND session.ended_at IS NULL AND session.expires_at > $9::timestamptz
    JOIN signing_oauthclient client ON client.id = activation.client_id AND client.is_active
    ORDER BY activation.id
    FOR UPDATE OF activation
), ids AS (
    SELECT array_agg(id ORDER BY n) AS ids, array_agg(public_id ORDER BY n) AS names
    FROM (
        SELECT DISTINCT ON (n) n, id, public_id FROM (
            SELECT nr AS n, id, public_id FROM living
            UNION ALL SELECT n, NULL, NULL FROM generate_series(1, cardinality($1::bytea[])) AS n
        ) AS each ORDER BY n, id
    ) AS every
)
UPDATE signing_activationitem item SET state = 'reserved'
FROM unnest($6::int[], $7::int[], $8::bytea[]) AS wanted (nr, place, digest)
WHERE item.activation_id = ((SELECT ids FROM ids))[wanted.nr] AND item.ordinal = wanted.place
    AND item.digest = wanted.digest AND item.state = 'authorised'
RETURNING wanted.nr, wanted.place, item.id, item.public_id,
    CASE WHEN wanted.place = 0 THEN ((SELECT names FROM ids))[wanted.nr] END
"""


def _numbered(text: str) -> str:
    """`%s` as $1, $2, … in their order."""
    first, *others = text.split("%s")
    return first + "".join(f"${number}{part}" for number, part in enumerate(others, 1))


RESERVE_ANY = _numbered(RESERVE.replace("> %s", "> %s::timestamptz"))

# $1 item, $2 call (from 1), per signature in the order of the entry's tree; $3 credential, $4 session, $5 client,
# $6 algorithm, $11 certificate (0: none), per call; $7 shard, $8 number, $9 now, $10 how many: fails as a whole (22012)
# unless all were reserved
RECORD = """
WITH signed AS (
    UPDATE signing_activationitem item SET state = 'signed'
    FROM unnest($1::bigint[], $2::int[]) WITH ORDINALITY AS made (id, nr, place)
    WHERE item.id = made.id AND item.state = 'reserved'
    RETURNING item.id, item.digest, made.nr, made.place
), records AS (
    INSERT INTO signing_signaturerecord (item_id, credential_id, session_id, client_id, digest, sign_algorithm,
        log_shard, log_number, place, made_at, certificate_id)
    SELECT id, ($3::bigint[])[nr], ($4::bigint[])[nr], ($5::bigint[])[nr], digest, ($6::text[])[nr],
        $7::text, $8::bigint, place - 1, $9::timestamptz, NULLIF(($11::bigint[])[nr], 0)
    FROM signed ORDER BY place
)
SELECT 1 / (count(*) = $10::bigint)::int FROM signed
"""

GIVE_BACK = """
UPDATE signing_activationitem SET state = 'authorised' WHERE id = ANY ($1::bigint[]) AND state = 'reserved'
"""
# Their records are the clock's (`records.failures`).
FAIL = """
WITH failed AS (
    UPDATE signing_activationitem SET state = 'failed' WHERE id = ANY ($1::bigint[]) AND state = 'reserved' RETURNING id
)
INSERT INTO signing_unrecordedfailure (item_id) SELECT id FROM failed
"""
RECORDED = (
    "SELECT item_id FROM signing_signaturerecord WHERE item_id = ANY ($1::bigint[]) AND result = 'signed'"
)
RESERVED = "SELECT id FROM signing_activationitem WHERE id = ANY ($1::bigint[]) AND state = 'reserved'"
NAMES = "SELECT sad_digest, public_id FROM signing_activation WHERE sad_digest = ANY ($1::bytea[])"
KEYS = "SELECT id, wrapped_key FROM signing_credential WHERE id = ANY ($1::bigint[])"

# $1, $2: a lock of the connection's, gone with it
LOCK = "SELECT pg_try_advisory_lock($1::int, $2::int)"

ALL = {
    b"know": KNOW,
    b"authorise": AUTHORISE,
    b"in_order": RESERVE_IN_ORDER,
    b"any": RESERVE_ANY,
    b"record": RECORD,
    b"give_back": GIVE_BACK,
    b"fail": FAIL,
    b"recorded": RECORDED,
    b"reserved": RESERVED,
    b"names": NAMES,
    b"keys": KEYS,
    b"head": together.LOCK,
    b"entries": together.APPEND,
    b"create": together.CREATE,
    b"lock": LOCK,
}
