from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import chain
from ledger.canonical import canonical_json, timestamp


def test_there_is_one_spelling() -> None:
    text = canonical_json({"b": ["𠮷", 1, True, None], "a": {"y": "é", "x": "e\u0301"}})
    assert text.decode() == '{"a":{"x":"e\u0301","y":"é"},"b":["𠮷",1,true,null]}'


@pytest.mark.parametrize(
    "value", [1.0, [float("nan")], {"a": {"b": 0.5}}, {1: "a"}, "\ud800", b"bytes", {"a": object()}]
)
def test_what_has_no_one_spelling_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        canonical_json(value)


def test_a_moment_is_written_in_utc_whatever_its_zone() -> None:
    moment = datetime(2026, 11, 20, 9, 0, 0, 7, timezone(timedelta(hours=9)))
    assert timestamp(moment) == timestamp(moment.astimezone(UTC)) == "2026-11-20T00:00:00.000007+00:00"
    with pytest.raises(ValueError):
        timestamp(datetime(2026, 11, 20))


@given(
    words=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=6, max_size=6),
    data=st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])), st.integers() | st.text('a"\\é\n')
    ),
    number=st.integers(1, 2**63),
    at=st.datetimes(timezones=st.just(UTC)),
)
def test_a_record_spelled_at_once_is_its_canonical_json(
    words: list[str], data: dict[str, int | str], number: int, at: datetime
) -> None:
    shard, *others = words
    text = canonical_json(data).decode()
    assert chain.spelled(shard, number, timestamp(at), *others, text) == canonical_json(
        chain.record(shard, number, at, *others, data)
    )


def test_a_lone_surrogate_is_not_spelled() -> None:
    with pytest.raises(ValueError, match="surrogate"):
        chain.spelled("web", 1, "now", "a", "b", "c", "\ud800", "d", "{}")
