"""Run inside the product: signers with keys, a day's session and a token each, and many more rows beside them."""

import io
import json
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from ledger import clock
from signing.keystore import KeyKind
from signing.models import AccessToken, Credential, OAuthClient
from signing.signer import client
from tests.support import days
from tests.support.credentials import active_credential

KEYS, AT_ONCE = 64, 4  # making a key takes a tenth of a second


def ready(count: int, systems: list[OAuthClient], kind: KeyKind) -> list[tuple[str, str]]:
    """(bearer, credentialID) of so many signers, each with a key of its own (the first KEYS; then they repeat)."""
    at = clock.now()
    frames = range(0, min(count, KEYS), AT_ONCE)
    keys = [key for _ in frames for key in client.signers().generate(AT_ONCE, kind)]
    found = []
    for number in range(count):
        credential = active_credential(at=at)
        key = keys[number % len(keys)]
        Credential.objects.filter(pk=credential.pk).update(wrapped_key=key.wrapped, algorithm=kind)
        day = days.with_caller(credential, key.public_key, at, systems[number % len(systems)])
        found.append((day.bearer, str(credential.public_id)))
    return found


def bound(system: OAuthClient, number: int) -> tuple[str, str]:
    """Issues a TEST facility certificate to the system, as an operator does; its files: certificate, key."""
    folder = Path(settings.HOME) / "facilities"
    call_command(
        "issue_facility_certificate", system.client_id, facility=f"13{number:08}", name=f"見本病院{number}",
        out=folder, stdout=io.StringIO(),
    )  # fmt: skip
    return str(folder / f"{system.client_id}.pem"), str(folder / f"{system.client_id}.key")


def bind_tokens(systems: list[OAuthClient]) -> None:
    """Each system's tokens to its facility's certificate, as the token endpoint does (RFC 8705 section 3)."""
    for system in systems:
        AccessToken.objects.filter(client=system).update(certificate=system.certificates.get())


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
    """`rows SIGNERS CREDENTIALS FACILITIES KIND`: signers and certificates as JSON; 0: no crowd, no certificates."""
    signers, credentials, facilities = (int(word) for word in sys.argv[1:4])
    call_command("migrate", verbosity=0)
    systems = [days.ehr() for _ in range(facilities or 1)]
    certificates = [bound(system, number) for number, system in enumerate(systems[:facilities])]
    found = ready(signers, systems, KeyKind(sys.argv[4]))
    bind_tokens(systems[:facilities])
    if credentials:
        crowd(credentials - len(found))
    else:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    print(json.dumps({"signers": found, "certificates": certificates}))
