"""Whoever has an entry can be shown that it stands under a published root, at the same price in every year."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger import daily, inclusion, merkle
from ledger import models as rows
from ledger.models import DailyRoot, Entry, TreeBlock
from tests.ledger import keys

Write = Callable[..., None]
On = Callable[[date], None]
FRIDAY = date(2026, 11, 20)
KEY = keys.elliptic()


@pytest.fixture(params=[4096, 4])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """As it is, and so small that a few entries fill several blocks."""
    for module in (rows, daily, inclusion):
        monkeypatch.setattr(module, "BLOCK", request.param)
    yield request.param


def days(write: Write, on: On, *sizes: tuple[int, int]) -> list[DailyRoot]:
    """A day for each pair: so many entries of Django, so many of a hot process."""
    found = []
    for number, (web, hot) in enumerate(sizes):
        day = FRIDAY + timedelta(days=number)
        on(day)
        write(web)
        write(hot, "hot-1")
        on(day + timedelta(days=1))
        found.append(daily.close_day(day, KEY.sign, KEY.pem))
    return found


def holds(entry: Entry, found: inclusion.Inclusion) -> bool:
    root = found.root
    return merkle.is_included(entry.computed_leaf(), found.place, root.size, found.path, bytes(root.root))


def test_each_entry_is_proven_against_every_root_that_covers_it(write: Write, on: On, block: int) -> None:
    made = days(write, on, (3, 2), (7, 4), (1, 0), (0, 9), (5, 5))
    for entry in Entry.objects.all():
        covers = [root for root in made if root.heads.get(entry.shard, 0) >= entry.number]
        assert inclusion.prove(entry).root == covers[0]
        for root in covers:
            assert holds(entry, inclusion.prove(entry, root))
        for root in set(made) - set(covers):
            with pytest.raises(inclusion.NotProven):
                inclusion.prove(entry, root)


def test_the_blocks_are_those_of_the_whole_tree(write: Write, on: On, block: int) -> None:
    last = days(write, on, (3, 2), (7, 4), (1, 0), (0, 9), (5, 5))[-1]
    assert TreeBlock.objects.count() == last.size // block


def test_an_entry_of_today_has_no_proof_yet(write: Write, on: On) -> None:
    days(write, on, (3, 2))
    write(1)
    entry = Entry.objects.get(shard="web", number=4)
    assert inclusion.covering("web", 4, entry.at) is None
    with pytest.raises(inclusion.NotProven):
        inclusion.prove(entry)


def test_days_that_were_closed_without_blocks_are_proven_too(
    write: Write, on: On, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (rows, daily, inclusion):
        monkeypatch.setattr(module, "BLOCK", 4)
    days(write, on, (9, 8))
    TreeBlock.objects.all().delete()
    assert all(holds(entry, inclusion.prove(entry)) for entry in Entry.objects.all())


def test_a_block_that_was_tampered_with_hides_nothing(
    write: Write, on: On, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (rows, daily, inclusion):
        monkeypatch.setattr(module, "BLOCK", 4)
    days(write, on, (9, 8))
    assert TreeBlock.objects.update(node=bytes(32)) == 4
    assert all(holds(entry, inclusion.prove(entry)) for entry in Entry.objects.all())


def test_a_changed_neighbour_leads_to_no_proof_instead_of_a_wrong_one(write: Write, on: On) -> None:
    days(write, on, (5, 0))
    entry = Entry.objects.get(number=2)
    Entry.objects.filter(number=3).update(leaf=bytes(32))
    with pytest.raises(inclusion.NotProven):
        inclusion.prove(entry)


def test_a_proof_reads_its_own_block_and_not_the_years_before(
    write: Write, on: On, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (rows, daily, inclusion):
        monkeypatch.setattr(module, "BLOCK", 4)
    days(write, on, (30, 0), (40, 0))
    entry = Entry.objects.get(number=50)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert holds(entry, inclusion.prove(entry))
    leaves = [each["sql"] for each in asked.captured_queries if '"leaf"' in each["sql"]]
    assert 1 <= len(leaves) <= 2  # its own block and the incomplete last one
    assert len(asked) <= 6
