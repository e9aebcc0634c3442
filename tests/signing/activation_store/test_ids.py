"""Ids in the order of time."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from signing.activation_store import ids
from signing.activation_store.ids import in_order

AT = datetime(2026, 11, 26, 9, 30, 0, 123_999, tzinfo=UTC)
pytestmark = pytest.mark.requirement("SG-3")


def test_they_are_version_7_with_their_time_and_never_the_same() -> None:
    made = [UUID(bytes=each) for each in in_order(2000, AT)]
    assert {(each.version, each.variant) for each in made} == {(7, "specified in RFC 4122")}
    assert {each.int >> 80 for each in made} == {int(AT.timestamp() * 1000)}
    assert len({each.int & ((1 << 62) - 1) for each in made}) == 2000
    assert len({each.int >> 64 & 0xFFF for each in made}) > 1000  # the other random bits vary too


def test_later_ones_stand_behind() -> None:
    assert max(in_order(50, AT)) < min(in_order(50, AT + timedelta(milliseconds=1)))
    assert in_order(0, AT) == []


def test_a_sads_id_tells_the_chain_that_speaks_of_it() -> None:
    made = [UUID(bytes=each) for number in (1, 64, 4095) for each in ids.in_shard(ids.shard(number), 50, AT)]
    assert {(each.version, each.variant) for each in made} == {(7, "specified in RFC 4122")}
    assert [ids.shard_of(each) for each in made[::50]] == ["hot-1", "hot-64", "hot-4095"]
    assert {each.int >> 80 for each in made} == {int(AT.timestamp() * 1000)}
    assert len({each.int & ((1 << 62) - 1) for each in made}) == 150
    assert ids.shard_of(uuid4()) == ""
