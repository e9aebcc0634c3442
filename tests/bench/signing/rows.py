"""Run inside the product: signers with keys, a day's session and a token each, and many more rows beside them."""

import json
import sys
from typing import Any

from django.core.management import call_command
from django.db import connection

from ledger import clock
from signing.keystore import KeyKind
from signing.models import Credential
from signing.signer import client
from tests.support import days
from tests.support.credentials import active_credential

KEYS, AT_ONCE = 64, 4  # making a key takes a tenth of a second


def ready(count: int, kind: KeyKind) -> list[tuple[str, str]]:
    """(bearer, credentialID) of so many signers, each with a key of its own (the first KEYS; then they repeat)."""
    at, system = clock.now(), days.ehr()
    frames = range(0, min(count, KEYS), AT_ONCE)
    keys = [key for _ in frames for key in client.signers().generate(AT_ONCE, kind)]
    found = []
    for number in range(count):
        credential = active_credential(at=at)
        key = keys[number % len(keys)]
        Credential.objects.filter(pk=credential.pk).update(wrapped_key=key.wrapped, algorithm=kind)
        day = days.with_caller(credential, key.public_key, at, system)
        found.append((day.bearer, str(credential.public_id)))
    return found


def crowd(count: int) -> None:
    """Further signers, credentials, sessions and tokens, so that the tables hold `count` credentials."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no look-up of each row's foreign keys
        for table, columns in (
            ("signing_signer", {"public_id": "gen_random_uuid()", "applicant": "gen_random_uuid()",
                                "person_id": "'X' || n", "user_handle": "sha256(n::text::bytea)"}),
            ("signing_credential", {"public_id": "gen_random_uuid()", "signer_id": "base.signer + n",
                                    "serial": "NULL"}),
            ("signing_signingsession", {"public_id": "gen_random_uuid()", "credential_id": "base.credential + n",
                                        "token_digest": "sha256(('s' || n)::bytea)"}),
            ("signing_accesstoken", {"token_digest": "sha256(('t' || n)::bytea)",
                                     "session_id": "base.session + n"}),
        ):  # fmt: skip
            _copies(cursor, table, columns, count)
        cursor.execute("RESET session_replication_role")
        cursor.execute("VACUUM ANALYZE")


def _copies(cursor: Any, table: str, columns: dict[str, str], count: int) -> None:
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name <> 'id' "
        "ORDER BY ordinal_position",
        [table],
    )
    names = [name for (name,) in cursor.fetchall()]
    values = [columns.get(name, f"t.{name}") for name in names]
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM generate_series(1, %s) AS n, "
        f"(SELECT * FROM {table} ORDER BY id LIMIT 1) AS t, "
        "(SELECT (SELECT max(id) FROM signing_signer) AS signer, (SELECT max(id) FROM signing_credential) AS "
        "credential, (SELECT max(id) FROM signing_signingsession) AS session) AS base",
        [count],
    )


def main() -> None:
    """`rows SIGNERS KIND [CREDENTIALS]`: prints the signers as JSON."""
    call_command("migrate", verbosity=0)
    found = ready(int(sys.argv[1]), KeyKind(sys.argv[2]))
    if len(sys.argv) > 3:
        crowd(int(sys.argv[3]) - len(found))
    else:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    print(json.dumps(found))
