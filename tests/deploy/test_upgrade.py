"""A second `make run` goes on with old data: the first landed version's rows under today's migrations (decision 38)."""

import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from tests.deploy import landed
from tests.support import services


def _database(kind: str, folder: Path) -> str:
    if kind == "sqlite":
        return f"sqlite://{folder / 'landed.sqlite3'}"
    return services.postgresql().new_database(f"landed{secrets.token_hex(4)}")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_landed_rows_live_on_and_every_page_answers(kind: str, tmp_path: Path) -> None:
    database = _database(kind, tmp_path)
    landed.run("make", database)
    landed.run("migrate --no-input --verbosity 0", database)
    landed.run("migrate --check", database)
    found: dict[str, Any] = json.loads(landed.run("look", database))
    assert found["lost"] == []
    assert found["ledger"] is True
    pages: dict[str, int] = found["pages"]
    assert [page for page, status in pages.items() if status not in (200, 302)] == []
    # What must be there whole: the draft's own pages, the status of all three, the desk's cases.
    whole = [page for page in pages if "status" in page or page == "draft /apply/" or "case" in page]
    assert {pages[page] for page in whole} == {200}
    assert pages["draft /apply/names/"] == pages["draft /apply/photo/"] == 200
