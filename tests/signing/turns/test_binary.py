"""Binary parameters: PostgreSQL reads what we wrote."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from psycopg import pq

from signing.turns import binary

MOMENT = datetime(2026, 11, 20, 3, 4, 5, 6, UTC)
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="its own format"),
]


def read(kind: str, value: bytes) -> str:
    """The value as PostgreSQL shows it."""
    connection.ensure_connection()
    line: Any = connection.connection
    result = line.pgconn.exec_params(f"SELECT ($1::{kind})::text".encode(), [value], None, [1])
    assert result.status == pq.ExecStatus.TUPLES_OK, result.error_message
    return str(result.get_value(0, 0).decode())


@pytest.mark.parametrize(
    ("kind", "write", "values", "shown"),
    [
        ("bigint[]", binary.int8s, [1, -2, 2**40], "{1,-2,1099511627776}"),
        ("bigint[]", binary.int8s, [], "{}"),
        ("bigint[]", binary.sent_int8s, [b"\x00" * 7 + b"\x05", b"\xff" * 8], "{5,-1}"),
        ("bigint[]", binary.sent_int8s, [], "{}"),
        ("int[]", binary.int4s, range(3), "{0,1,2}"),
        ("int[]", binary.numbers, [2, 0, 1], "{1,1,3}"),
        ("int[]", binary.numbers, [], "{}"),
        ("int[]", binary.places, [3, 0, 1, 2], "{0,1,2,0,0,1}"),
        ("int[]", binary.places, [300], f"{{{','.join(map(str, range(300)))}}}"),
        ("int[]", binary.places, [], "{}"),
        ("bytea[]", binary.octets, [b"\x00\xff", b"ab"], '{"\\\\x00ff","\\\\x6162"}'),
        ("bytea[]", binary.octets, [b"a", b"abc"], '{"\\\\x61","\\\\x616263"}'),
        ("bytea[]", binary.octets, [], "{}"),
        ("bytea[]", binary.byteas, [b"\x00\xff", None, b""], '{"\\\\x00ff",NULL,"\\\\x"}'),
        ("text[]", binary.texts, ["署名", "a,b", ""], '{署名,"a,b",""}'),
        ("uuid[]", binary.uuids, [UUID(int=5).bytes], "{00000000-0000-0000-0000-000000000005}"),
        ("timestamptz[]", binary.moments, [MOMENT], '{"2026-11-20 03:04:05.000006+00"}'),
    ],
)
def test_an_array_arrives_as_it_was(
    kind: str, write: Callable[[Any], bytes], values: Any, shown: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'UTC'")
    assert read(kind, write(values)) == shown


def test_a_moment_goes_there_and_back() -> None:
    for at in (MOMENT, MOMENT - timedelta(days=20_000), MOMENT.astimezone(timezone(timedelta(hours=9)))):
        assert binary.read_moment(binary.moment(at)) == at
