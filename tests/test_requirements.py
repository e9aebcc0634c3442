"""The table of requirements and the marks on the tests agree; whether a test proves its mark is for its reader."""

import re
from pathlib import Path

import pytest

from tests.support.requirements import TABLE, known

TESTS = Path(__file__).resolve().parent
CITED = re.compile(r"mark\.requirement\(([^)]*)\)")
STATES = {"built", "note", "open", "later"}


def cited() -> set[str]:
    texts = (path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py"))
    return {
        name for text in texts for marks in CITED.findall(text) for name in re.findall(r'"([^"]+)"', marks)
    }


def test_every_testable_requirement_is_cited_by_a_test() -> None:
    assert {name for name, row in known().items() if row["state"] == "built"} - cited() == set()


@pytest.mark.requirement("RV-12")
def test_review_issuance_and_binding_leave_no_requirement_to_later() -> None:
    """With the test above: each of them is cited; that the citing tests pass is what `make requirements` shows."""
    rows = {name: row for name, row in known().items() if name.startswith(("BD-", "ST-", "RV-"))}
    assert {f"RV-{number}" for number in range(1, 13)} <= rows.keys()
    assert {name for name, row in rows.items() if row["state"] != "built"} == set()


def test_no_test_cites_what_is_not_in_the_table() -> None:
    assert cited() - set(known()) == set()


def test_a_row_says_what_where_from_and_why_it_is_not_proven() -> None:
    for name, row in known().items():
        assert row["text"] and row["source"] and row["state"] in STATES, name
        assert row["state"] != "later" or row["reason"], f"{name} in {TABLE.name} must say where it went"
