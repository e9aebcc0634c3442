"""Two things that tests with real transactions spend most of their time on, made cheap; the product is not touched.

- After each such test Django truncates every table, full or not, and makes content types and permissions anew. Here
  only the tables that hold rows are emptied, and those two are kept.
- A password hash costs the product tens of milliseconds on purpose. Within the test process it costs next to nothing;
  the products that journeys start are children with the real cost.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import TransactionTestCase

KEPT = ("django_migrations", "django_content_type", "auth_permission")


def empty_all_tables() -> None:
    names = [
        name for name in connection.introspection.django_table_names(only_existing=True) if name not in KEPT
    ]
    is_postgresql = connection.vendor == "postgresql"
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        if is_postgresql:
            cursor.execute("SET session_replication_role = replica")  # neither order nor triggers matter
        asked = (f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in names)
        cursor.execute(" UNION ALL ".join(asked))
        for (name,) in cursor.fetchall():
            cursor.execute(f'DELETE FROM "{name}"')
        if is_postgresql:
            cursor.execute("SET session_replication_role = DEFAULT")


def _fixture_teardown(self: Any) -> None:
    empty_all_tables()


@pytest.fixture(scope="session", autouse=True)
def cheap_in_this_process() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", _fixture_teardown)
        patch.setattr("django.contrib.auth.hashers.ScryptPasswordHasher.work_factor", 2)
        yield
