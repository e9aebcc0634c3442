"""A copy of the database without the keyring tells nobody's name, address, mail or PIN (house.md law 5; A5, A6)."""

import pytest
from django.apps import apps
from django.db import connection

from enrollment import flow
from tests.support.people import Applying

pytestmark = pytest.mark.django_db


def _dump() -> bytes:
    """Every value of every row of our tables, as the database holds it."""
    parts: list[bytes] = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
            for row in cursor.fetchall():
                parts += [bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row]
    return b"\n".join(parts)


def test_a_submitted_application_is_unreadable_in_the_database() -> None:
    person = Applying()
    person.until(flow.SIGN)
    person.do(flow.SIGN)
    one, dump = person.person, _dump()
    for secret in (one.name, one.address, one.email, one.phone_number, one.signature_password, person.code()):
        assert secret.encode() not in dump, secret
