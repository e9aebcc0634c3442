"""The daily root kept apart: whoever rewrites the whole database, keys and roots included, is found by it."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management.base import CommandError
from pytest_django import Settings

from ledger import apart, clock, daily
from ledger.models import DailyRoot, Entry
from ledger.verify import NoSuchRoot, verify
from tests.ledger import keys
from tests.ledger.test_verify import FRIDAY, SATURDAY, SUNDAY, audit, close, forge_from, sql

Write = Callable[..., None]
On = Callable[[date], None]
pytestmark = pytest.mark.requirement("RV-11")


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.LEDGER_ROOTS = tmp_path / "roots"
    return tmp_path / "roots"


@pytest.fixture
def kept_days(write: Write, on: On, folder: Path) -> keys.LogKey:
    """Friday and Saturday with five entries each, closed and kept."""
    key = keys.elliptic()
    for day in (FRIDAY, SATURDAY):
        on(day)
        write(5)
        write(2, "hot-1")
        close(on, day, key)
        apart.keep(folder)
    return key


def kept(folder: Path) -> list[apart.KeptRoot]:
    return apart.read(folder / apart.NAME)


def everything_anew(on: On, key: keys.LogKey) -> None:
    """The forger rewrites an entry, the chains, every root and the key beside them."""
    Entry.objects.filter(shard="web", number=3).update(subject="case-9")
    forge_from(3)
    days = list(DailyRoot.objects.values_list("day", flat=True))
    DailyRoot.objects.all().delete()
    for day in days:
        close(on, day, key)


def test_a_database_rewritten_as_a_whole_is_found_by_the_kept_root(
    on: On, folder: Path, kept_days: keys.LogKey
) -> None:
    assert verify(kept=kept(folder)).kept_roots == 2
    everything_anew(on, keys.elliptic())
    assert verify().ok  # the database alone says that all is well
    found = verify(kept=kept(folder)).broken
    assert found is not None
    assert (found.problem, found.day) == ("kept_root", "2026-11-20")
    with pytest.raises(apart.RootsDiffer, match="2026-11-20"):
        apart.keep(folder)
    assert audit()[0] == 1


def test_even_the_log_key_does_not_help_the_forger(on: On, folder: Path, kept_days: keys.LogKey) -> None:
    everything_anew(on, kept_days)
    assert verify(kept_days.pem).ok
    assert not verify(kept_days.pem, kept=kept(folder)).ok


def test_a_root_taken_out_of_the_database_is_found(folder: Path, kept_days: keys.LogKey) -> None:
    DailyRoot.objects.filter(day=SATURDAY).delete()
    assert verify().ok
    found = verify(kept=kept(folder)).broken
    assert found is not None
    assert (found.problem, found.day) == ("kept_root", "2026-11-21")


def test_the_file_only_grows(on: On, write: Write, folder: Path, kept_days: keys.LogKey) -> None:
    before = (folder / apart.NAME).read_bytes()
    assert apart.keep(folder) == []
    assert (folder / apart.NAME).read_bytes() == before
    on(SUNDAY)
    write(1)
    close(on, SUNDAY, kept_days)
    assert apart.not_kept(folder) == 1
    assert [row.day for row in apart.keep(folder)] == [SUNDAY]
    assert (folder / apart.NAME).read_bytes().startswith(before)
    assert (apart.not_kept(folder), verify(kept=kept(folder)).kept_roots) == (0, 3)
    assert (folder / apart.NAME).stat().st_mode & 0o077 == 0


def test_a_line_half_written_by_a_crash_is_followed_by_a_whole_one(
    folder: Path, kept_days: keys.LogKey
) -> None:
    path = folder / apart.NAME
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    assert [one.day for one in kept(folder)] == [FRIDAY]
    apart.keep(folder)
    assert [one.day for one in kept(folder)] == [FRIDAY, SATURDAY]
    assert verify(kept=kept(folder)).ok


def test_a_line_taken_out_of_the_file_is_missed(folder: Path, kept_days: keys.LogKey) -> None:
    path = folder / apart.NAME
    path.write_bytes(path.read_bytes().split(b"\n", 1)[1])
    assert apart.keep(folder) == []  # never written anew from the database
    assert apart.not_kept(folder) == 1


def test_a_copy_from_elsewhere_is_compared_by_the_command(
    on: On, folder: Path, kept_days: keys.LogKey, tmp_path: Path
) -> None:
    copy = tmp_path / "from-another-machine.jsonl"
    copy.write_bytes((folder / apart.NAME).read_bytes())
    assert audit("--roots", str(copy))[1]["kept_roots"] == 2
    everything_anew(on, keys.elliptic())
    (folder / apart.NAME).unlink()  # the forger reaches this machine's file too
    apart.keep(folder)
    assert audit()[0] == 0
    code, report = audit("--roots", str(copy))
    assert (code, report["broken"]["problem"]) == (1, "kept_root")
    with pytest.raises(CommandError, match="holds no roots"):
        audit("--roots", str(tmp_path / "nothing"))


# --- what the chain alone lets pass and a closed day does not --------------------------------------------------------
def test_an_entry_put_into_a_closed_day_with_a_consistent_chain_is_found(kept_days: keys.LogKey) -> None:
    for number in range(10, 3, -1):
        Entry.objects.filter(shard="web", number=number).update(number=number + 1)
    row = Entry.objects.get(shard="web", number=3)
    row.pk, row.number, row._state.adding = None, 4, True
    row.save()
    forge_from(4)
    found = verify().broken
    assert found is not None
    assert (found.problem, found.number) == ("backdated", 6)  # Friday's last one was moved into Saturday
    later = Entry.objects.get(shard="web", number=7).at
    Entry.objects.filter(shard="web", number=6).update(at=later)
    Entry.objects.filter(shard="web", number=11).update(at=later + timedelta(days=1))
    forge_from(4)
    found = verify().broken
    assert found is not None
    assert (found.problem, found.day) == ("root", "2026-11-20")


def test_an_entry_of_a_closed_day_appended_afterwards_with_a_consistent_chain_is_found(
    kept_days: keys.LogKey,
) -> None:
    row = Entry.objects.get(shard="web", number=3)
    row.pk, row.number, row._state.adding = None, 11, True
    row.save()
    forge_from(11)
    found = verify().broken
    assert found is not None
    assert (found.problem, found.shard, found.number) == ("backdated", "web", 11)


def test_a_tail_cut_off_with_its_head_rewritten_is_found(kept_days: keys.LogKey) -> None:
    sql("DELETE FROM ledger_entry WHERE shard = 'web' AND number > 8")
    forge_from(1)
    found = verify().broken
    assert found is not None
    assert (found.problem, found.shard, found.number) == ("cut_off", "web", 9)


def test_a_whole_shard_taken_out_with_its_head_is_found(kept_days: keys.LogKey) -> None:
    sql("DELETE FROM ledger_entry WHERE shard = 'hot-1'")
    sql("DELETE FROM ledger_shard WHERE name = 'hot-1'")
    found = verify().broken
    assert found is not None
    assert found.shard == "hot-1"


def test_peaks_from_which_a_false_tree_would_grow_are_found(kept_days: keys.LogKey) -> None:
    row = DailyRoot.objects.get(day=SATURDAY)
    DailyRoot.objects.filter(pk=row.pk).update(peaks=bytes(len(bytes(row.peaks))))
    found = verify().broken
    assert found is not None
    assert (found.problem, found.day) == ("root", "2026-11-21")


# --- going on from a root --------------------------------------------------------------------------------------------
def test_it_goes_on_from_a_root_and_reads_only_what_came_after(
    on: On, write: Write, kept_days: keys.LogKey
) -> None:
    on(SUNDAY)
    write(4)
    report = verify(since=FRIDAY)
    assert report.ok
    assert (report.entries, report.roots, dict(report.shards)) == (7 + 4, 1, {"hot-1": 4, "web": 14})
    assert audit("--since", "last")[1]["entries"] == 4
    close(on, SUNDAY, kept_days)
    assert verify(since=SATURDAY).roots == 1


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE ledger_entry SET subject = 'case-9' WHERE shard = 'web' AND number = 8", "changed"),
        ("UPDATE ledger_entry SET subject = 'case-9' WHERE shard = 'web' AND number = 5", "changed"),
        ("DELETE FROM ledger_entry WHERE shard = 'web' AND number = 7", "removed"),
        ("DELETE FROM ledger_entry WHERE shard = 'web'", "cut_off"),
        ("UPDATE ledger_dailyroot SET size = 3 WHERE day = '2026-11-20'", "root"),
        (
            "UPDATE ledger_dailyroot SET statement = statement || ' ' WHERE day = '2026-11-20'",
            "root_signature",
        ),
    ],
)
def test_going_on_it_still_finds_what_came_after(
    statement: str, problem: str, kept_days: keys.LogKey
) -> None:
    sql(statement)
    found = verify(since=FRIDAY).broken
    assert found is not None
    assert found.problem == problem


def test_it_cannot_go_on_from_a_day_without_a_root(kept_days: keys.LogKey) -> None:
    with pytest.raises(NoSuchRoot):
        verify(since=SUNDAY)
    with pytest.raises(CommandError, match="no root of 2026-11-22"):
        audit("--since", SUNDAY.isoformat())


# --- a root that is missing or late ----------------------------------------------------------------------------------
def test_a_root_is_late_two_hours_after_midnight(on: On, write: Write, settings: Settings) -> None:
    assert daily.days_behind(clock.now()) == 0  # nothing happened, nothing is due
    on(FRIDAY)
    write(1)
    midnight = clock.end_of_day(FRIDAY)
    assert daily.days_behind(midnight + timedelta(minutes=119)) == 0
    assert daily.days_behind(midnight + timedelta(minutes=121)) == 1
    key = keys.elliptic()
    close(on, FRIDAY, key)
    assert daily.days_behind(midnight + timedelta(hours=3)) == 0
    assert daily.days_behind(midnight + timedelta(hours=27)) == 1
