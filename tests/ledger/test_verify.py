"""Whoever can write the database tries to hide something."""

import json
from collections.abc import Callable
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from ledger import chain, daily
from ledger.models import DailyRoot, Entry, Shard
from ledger.verify import verify
from tests.ledger import keys

Write = Callable[..., None]
On = Callable[[date], None]
FRIDAY, SATURDAY, SUNDAY = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def broken() -> tuple[str, str, int]:
    found = verify().broken
    assert found is not None
    return found.problem, found.shard, found.number


def forge_from(number: int, shard: str = "web") -> None:
    """What a careful forger does: leaves, links and head are made anew, for there is no secret in them."""
    rows = Entry.objects.filter(shard=shard).order_by("number")
    head = chain.genesis(shard)
    for row in rows:
        if row.number >= number:
            row.leaf = row.computed_leaf()
            row.link = chain.link(head, bytes(row.leaf))
            Entry.objects.filter(pk=row.pk).update(leaf=row.leaf, link=row.link)
        head = bytes(row.link)
    Shard.objects.filter(name=shard).update(head=head, count=rows.count())


def test_an_untouched_log_is_whole(write: Write) -> None:
    write(5)
    write(3, "hot-1")
    report = verify()
    assert report.ok
    assert (report.entries, dict(report.shards), report.roots) == (8, {"hot-1": 3, "web": 5}, 0)


def test_an_empty_log_is_whole(transactional_db: None) -> None:
    assert verify().ok


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "case.approved"),
        ("actor_id", "somebody"),
        ("actor_kind", "system"),
        ("subject", "case-9"),
        ("authority", "jma"),
        ("at", "2020-01-01 00:00:00+00:00"),
        ("data", '{"reason": "none"}'),
        ("salt", b"0" * 16),
        ("leaf", b"0" * 32),
    ],
)
def test_a_changed_column_is_found(write: Write, column: str, value: object) -> None:
    write(5)
    sql(f"UPDATE ledger_entry SET {column} = %s WHERE number = 3", value)
    assert broken() == ("changed", "web", 3)


def test_a_changed_link_is_found(write: Write) -> None:
    write(5)
    sql("UPDATE ledger_entry SET link = %s WHERE number = 3", b"0" * 32)
    assert broken() == ("unlinked", "web", 3)


@pytest.mark.parametrize("number", [1, 3, 4])
def test_a_removed_row_is_found(write: Write, number: int) -> None:
    write(5)
    sql("DELETE FROM ledger_entry WHERE number = %s", number)
    assert broken() == ("removed", "web", number)


def test_a_removed_row_is_found_though_the_others_close_the_gap(write: Write) -> None:
    write(5)
    sql("DELETE FROM ledger_entry WHERE number = 3")
    sql("UPDATE ledger_entry SET number = 3 WHERE number = 4")
    sql("UPDATE ledger_entry SET number = 4 WHERE number = 5")
    assert broken() == ("changed", "web", 3)


def test_cut_off_rows_are_found_by_the_head(write: Write) -> None:
    write(5)
    sql("DELETE FROM ledger_entry WHERE number > 3")
    assert broken() == ("cut_off", "web", 4)


def test_a_head_set_back_is_found(write: Write) -> None:
    write(5)
    sql("UPDATE ledger_shard SET head = %s", b"0" * 32)
    assert broken() == ("head", "web", 5)


def test_a_removed_head_is_found(write: Write) -> None:
    write(5)
    sql("DELETE FROM ledger_shard")
    assert broken() == ("inserted", "web", 1)


def test_swapped_rows_are_found(write: Write) -> None:
    write(5)
    sql("UPDATE ledger_entry SET number = 99 WHERE number = 2")
    sql("UPDATE ledger_entry SET number = 2 WHERE number = 3")
    sql("UPDATE ledger_entry SET number = 3 WHERE number = 99")
    assert broken() == ("changed", "web", 2)


def copy_of(number: int, as_number: int) -> Entry:
    row = Entry.objects.get(number=number)
    row.pk, row.number, row._state.adding = None, as_number, True
    row.leaf = row.computed_leaf()
    return row


def test_a_row_added_at_the_end_is_found(write: Write) -> None:
    write(5)
    row = copy_of(5, 6)
    row.link = chain.link(bytes(Shard.objects.get().head), bytes(row.leaf))
    row.save()
    assert broken() == ("inserted", "web", 6)


def test_a_row_put_in_between_is_found(write: Write) -> None:
    write(5)
    for number in (5, 4):
        moved = copy_of(number, number + 1)
        Entry.objects.filter(number=number).update(number=number + 1, leaf=moved.leaf)
    copy_of(3, 4).save()
    Shard.objects.update(count=6)
    assert broken() == ("unlinked", "web", 4)


def close(on: On, day: date, key: keys.LogKey) -> DailyRoot:
    on(day.replace(day=day.day + 1))
    return daily.close_day(day, key.sign, key.pem)


def test_a_forger_who_makes_the_whole_chain_anew_is_found_by_the_daily_root(write: Write, on: On) -> None:
    key = keys.elliptic()
    on(FRIDAY)
    write(5)
    close(on, FRIDAY, key)
    assert verify().ok
    Entry.objects.filter(number=3).update(subject="case-9")
    forge_from(3)
    found = verify().broken
    assert found is not None
    assert (found.problem, found.day) == ("root", "2026-11-20")


def test_without_a_root_that_forger_would_not_be_found(write: Write) -> None:
    """Says plainly what the chain alone cannot do, and proves that the forger of the other tests is careful."""
    write(5)
    Entry.objects.filter(number=3).update(subject="case-9")
    forge_from(3)
    assert verify().ok


def test_a_forger_who_cuts_off_a_closed_day_is_found(write: Write, on: On) -> None:
    key = keys.elliptic()
    on(FRIDAY)
    write(5)
    close(on, FRIDAY, key)
    sql("DELETE FROM ledger_entry WHERE number > 3")
    forge_from(1)
    assert broken() == ("cut_off", "web", 4)


def test_a_forger_who_removes_a_whole_shard_is_found(write: Write, on: On) -> None:
    key = keys.elliptic()
    on(FRIDAY)
    write(5)
    write(2, "hot-1")
    close(on, FRIDAY, key)
    sql("DELETE FROM ledger_entry WHERE shard = 'hot-1'")
    sql("DELETE FROM ledger_shard WHERE name = 'hot-1'")
    assert broken()[1:] == ("hot-1", 1) or broken()[0] == "head"


def test_a_root_made_anew_needs_the_log_key(write: Write, on: On) -> None:
    key, forged = keys.elliptic(), keys.elliptic()
    on(FRIDAY)
    write(5)
    close(on, FRIDAY, key)
    Entry.objects.filter(number=3).update(subject="case-9")
    forge_from(3)
    DailyRoot.objects.all().delete()
    close(on, FRIDAY, forged)
    assert verify().ok  # with the key beside the root: whoever rewrites all, rewrites that too
    found = verify(key.pem).broken
    assert found is not None
    assert (found.problem, found.day) == ("root_signature", "2026-11-20")


def test_a_removed_root_is_found_by_the_next_one(write: Write, on: On) -> None:
    key = keys.elliptic()
    for day in (FRIDAY, SATURDAY):
        on(day)
        write(2)
        close(on, day, key)
    DailyRoot.objects.filter(day=FRIDAY).delete()
    found = verify().broken
    assert found is not None
    assert (found.problem, found.day) == ("root", "2026-11-21")


@pytest.mark.parametrize("column", ["statement", "size", "root", "key_pem", "signature"])
def test_a_changed_root_is_found(write: Write, on: On, column: str) -> None:
    key = keys.elliptic()
    on(FRIDAY)
    write(2)
    row = close(on, FRIDAY, key)
    changed = {
        "statement": row.statement.replace('"size":2', '"size":1'),
        "size": 1,
        "root": b"0" * 32,
        "key_pem": "no key",
        "signature": b"0" * 70,
    }
    DailyRoot.objects.update(**{column: changed[column]})
    found = verify().broken
    assert found is not None
    assert found.day == "2026-11-20"


def audit(*options: str) -> tuple[int, dict[str, Any]]:
    out, code = StringIO(), 0
    try:
        call_command("audit", "verify", *options, stdout=out)
    except SystemExit as left:
        code = int(left.code or 0)
    return code, json.loads(out.getvalue())


def test_the_command_prints_json_and_its_exit_code_tells(write: Write, on: On, tmp_path: Path) -> None:
    key = keys.elliptic()
    on(FRIDAY)
    write(5)
    close(on, FRIDAY, key)
    (tmp_path / "key.pem").write_text(key.pem)
    code, report = audit("--key", str(tmp_path / "key.pem"))
    assert (code, report["ok"], report["entries"], report["roots"]) == (0, True, 5, 1)
    sql("DELETE FROM ledger_entry WHERE number = 2")
    code, report = audit()
    assert (code, report["ok"]) == (1, False)
    assert (report["broken"]["problem"], report["broken"]["shard"], report["broken"]["number"]) == (
        "removed",
        "web",
        2,
    )
