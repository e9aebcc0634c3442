"""Each piece of the clock's work fails alone."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from outbox import chores
from outbox.chores import Chore
from outbox.models import ChoreRecord

pytestmark = pytest.mark.django_db
DONE: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_done() -> None:
    DONE.clear()


def good(name: str) -> Chore:
    return Chore(name, lambda at: DONE.append(name))


def bad(name: str) -> Chore:
    def fail(at: datetime) -> None:
        raise ValueError("見本花子")

    return Chore(name, fail)


def deadly(name: str) -> Chore:
    def die(at: datetime) -> None:
        raise SystemExit

    return Chore(name, die)


def test_one_that_fails_keeps_none_of_the_others_back_and_its_message_out_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert chores.carry_out([good("a"), bad("b"), good("c")]) == ["b"]
    assert DONE == ["a", "c"]
    assert "b failed: ValueError at " in caplog.text
    assert "見本花子" not in caplog.text


def test_failures_are_counted_in_a_row_and_forgotten_when_it_is_done() -> None:
    for _ in range(3):
        chores.carry_out([bad("b")])
    record = ChoreRecord.objects.get()
    assert (record.failures, record.done_at) == (3, None)
    chores.carry_out([good("b")])
    record.refresh_from_db()
    assert record.failures == 0
    assert record.done_at is not None


def test_one_that_takes_its_worker_with_it_stands_last_the_next_time(later: Callable[..., None]) -> None:
    work = [deadly("a"), good("b"), good("c")]
    with pytest.raises(SystemExit):
        chores.carry_out(work)
    assert DONE == []
    assert ChoreRecord.objects.get(name="a").failures == 1
    later(minutes=1)
    with pytest.raises(SystemExit):
        chores.carry_out(work)
    assert DONE == ["b", "c"]


def test_a_chore_is_given_the_products_time(later: Callable[..., None]) -> None:
    later(days=40)
    seen: list[datetime] = []
    chores.carry_out([Chore("look", seen.append)])
    assert ChoreRecord.objects.get().tried_at == seen[0]
    assert ChoreRecord.objects.get().done_at - seen[0] < timedelta(minutes=1)  # type: ignore[operator]
