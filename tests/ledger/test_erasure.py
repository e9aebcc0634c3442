"""Rows are erased in batches, each with its entry, each of its own fate."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from ledger import erasure
from ledger.erasure import Erased, Outcome, Rule
from ledger.models import Entry

AT = datetime(2026, 12, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def _rows(at: datetime) -> QuerySet[Session]:
    return Session.objects.filter(expire_date__lte=at)


def _due(at: datetime, most: int) -> list[str]:
    return list(_rows(at).order_by("pk").values_list("pk", flat=True)[:most])


def _erase(keys: Sequence[str], at: datetime) -> Erased | None:
    count = _rows(at).filter(pk__in=keys).delete()[0]
    return Erased("rows", {"count": count}) if count else None


def rule(erase: object = _erase, batch: int = 2) -> Rule:
    return Rule("rows", "rows", "their end", "no time", "nothing", "this test", _due, erase, batch)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _seven_rows() -> None:
    Session.objects.bulk_create(
        Session(session_key=f"row-{number}", session_data="", expire_date=AT) for number in range(7)
    )


def test_each_batch_has_its_entry_and_the_second_run_finds_nothing() -> None:
    assert erasure.carry_out(rule(), AT) == Outcome(erased=4, failed=0)
    assert Session.objects.count() == 0
    entries = Entry.objects.order_by("pk")
    assert [(entry.kind, entry.actor_id, entry.data["count"]) for entry in entries] == [
        ("retention.rows", "clock", 2),
        ("retention.rows", "clock", 2),
        ("retention.rows", "clock", 2),
        ("retention.rows", "clock", 1),
    ]
    assert erasure.carry_out(rule(), AT) == Outcome(erased=0, failed=0)
    assert Entry.objects.count() == 4


def test_one_run_takes_so_many_and_the_next_goes_on() -> None:
    assert erasure.carry_out(rule(), AT, most=3) == Outcome(erased=2, failed=0)
    assert Session.objects.count() == 4


def test_a_batch_that_fails_is_left_whole_and_keeps_none_of_the_others_back() -> None:
    def stumble(keys: Sequence[str], at: datetime) -> Erased | None:
        told = _erase(keys, at)
        if "row-2" in keys:
            raise ValueError("this one cannot be read")
        return told

    assert erasure.carry_out(rule(stumble), AT) == Outcome(erased=3, failed=1)
    assert list(_due(AT, 9)) == ["row-2", "row-3"]
    assert Entry.objects.count() == 3


def test_who_dies_half_way_leaves_whole_batches_and_the_next_run_finishes() -> None:
    def die(keys: Sequence[str], at: datetime) -> Erased | None:
        told = _erase(keys, at)
        if "row-3" in keys:
            raise SystemExit
        return told

    with pytest.raises(SystemExit):
        erasure.carry_out(rule(die), AT)
    assert list(_due(AT, 9)) == [f"row-{number}" for number in range(2, 7)]
    assert Entry.objects.count() == 1
    erasure.carry_out(rule(), AT)
    assert Session.objects.count() == 0
    assert sum(entry.data["count"] for entry in Entry.objects.all()) == 7
