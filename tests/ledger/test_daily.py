import base64
import json
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import include, path
from pytest_django import Settings

from ledger import clock, daily, log, merkle
from ledger.models import DailyRoot, Entry
from ledger.verify import verify
from tests.ledger import keys

Write = Callable[..., None]
On = Callable[[date], None]
FRIDAY, SATURDAY, SUNDAY = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)
KEY = keys.elliptic()
urlpatterns = [path("", include("ledger.urls"))]


def three_days(write: Write, on: On, key: keys.LogKey = KEY) -> list[DailyRoot]:
    rows = []
    for day in (FRIDAY, SATURDAY, SUNDAY):
        on(day)
        write(3)
        write(2, "hot-1")
        on(day + timedelta(days=1))
        rows.append(daily.close_day(day, key.sign, key.pem))
    return rows


def test_a_day_that_is_not_over_cannot_be_closed(write: Write, on: On, settings: Settings) -> None:
    on(FRIDAY)
    with pytest.raises(daily.DayRefused):
        daily.close_day(FRIDAY, KEY.sign, KEY.pem)
    settings.CLOCK_OFFSET = clock.end_of_day(FRIDAY) - clock.now() + settings.CLOCK_OFFSET
    assert daily.close_day(FRIDAY, KEY.sign, KEY.pem).day == FRIDAY


def test_a_root_covers_the_entries_until_midnight_in_japan(write: Write, on: On) -> None:
    on(FRIDAY)
    write(2)
    on(SATURDAY)
    write(3)
    friday = daily.close_day(FRIDAY, KEY.sign, KEY.pem)
    on(SUNDAY)
    saturday = daily.close_day(SATURDAY, KEY.sign, KEY.pem)
    assert (friday.size, friday.heads) == (2, {"web": 2})
    assert (saturday.size, saturday.heads) == (5, {"web": 5})


def test_closing_again_returns_the_same_root_and_signs_nothing(write: Write, on: On) -> None:
    on(FRIDAY)
    write(2)
    on(SATURDAY)
    first = daily.close_day(FRIDAY, KEY.sign, KEY.pem)

    def sign(message: bytes) -> bytes:
        raise AssertionError("asked to sign a second statement for the same day")

    assert daily.close_day(FRIDAY, sign, KEY.pem).pk == first.pk


def test_days_are_closed_in_their_order(write: Write, on: On) -> None:
    on(SUNDAY)
    daily.close_day(SATURDAY, KEY.sign, KEY.pem)
    with pytest.raises(daily.DayRefused):
        daily.close_day(FRIDAY, KEY.sign, KEY.pem)


def test_when_the_signer_is_away_the_day_stays_open(write: Write, on: On) -> None:
    on(SATURDAY)

    def sign(message: bytes) -> bytes:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        daily.close_day(FRIDAY, sign, KEY.pem)
    assert not DailyRoot.objects.exists()
    daily.close_day(FRIDAY, KEY.sign, KEY.pem)
    assert DailyRoot.objects.count() == 1


def test_the_root_is_the_merkle_root_over_all_leaves(write: Write, on: On) -> None:
    *_, last = three_days(write, on)
    by_day = [(shard, number) for n in range(3) for shard, each in (("hot-1", 2), ("web", 3))
              for number in range(n * each + 1, n * each + each + 1)]  # fmt: skip
    leaves = [bytes(Entry.objects.get(shard=shard, number=number).leaf) for shard, number in by_day]
    assert last.size == len(leaves) == 15
    assert bytes(last.root) == merkle.root(leaves)
    assert verify().ok


@pytest.mark.parametrize("make", [keys.elliptic, keys.rsa_key, keys.edwards])
def test_every_kind_of_log_key_is_verified(write: Write, on: On, make: Callable[[], keys.LogKey]) -> None:
    key, other = make(), make()
    three_days(write, on, key)
    assert verify(key.pem).roots == 3
    assert not verify(other.pem).ok


@pytest.mark.urls("tests.ledger.test_daily")
def test_openssl_verifies_what_is_published(write: Write, on: On, client: Client, tmp_path: Path) -> None:
    three_days(write, on)
    published = json.loads(client.get("/log/2026-11-21.json").content)
    (tmp_path / "statement").write_bytes(published["statement"].encode())
    (tmp_path / "signature").write_bytes(base64.b64decode(published["signature"]))
    (tmp_path / "key.pem").write_bytes(client.get("/log/key.pem").content)
    command = ["openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", "signature", "statement"]
    assert subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout == b"Verified OK\n"
    statement = json.loads(published["statement"])
    assert (statement["day"], statement["size"], statement["heads"]) == (
        "2026-11-21",
        10,
        {"hot-1": 4, "web": 6},
    )


@pytest.mark.urls("tests.ledger.test_daily")
@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["/log/2026-11-20.json", "/log/2026-13-40.json", "/log/x.json", "/log/key.pem"]
)
def test_what_is_not_there_is_not_found(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


def test_closing_waits_for_an_entry_that_is_written_but_not_committed(write: Write, on: On) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("an in-memory SQLite has one connection")
    on(FRIDAY)
    write(1)
    written, late = threading.Event(), log.Actor("officer", "7d1f")

    def write_slowly() -> None:
        try:
            with transaction.atomic():
                log.append("case.viewed", actor=late, subject="case-9")
                written.set()
                time.sleep(0.5)
        finally:
            connection.close()

    slow = threading.Thread(target=write_slowly)
    slow.start()
    assert written.wait(10)
    on(SATURDAY)
    root = daily.close_day(FRIDAY, KEY.sign, KEY.pem)
    slow.join()
    assert (root.size, root.heads) == (2, {"web": 2})


def test_two_workers_close_a_day_once(write: Write, on: On) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("an in-memory SQLite has one connection")
    on(FRIDAY)
    write(3)
    on(SATURDAY)
    together, roots = threading.Barrier(2), list[int]()

    def sign(message: bytes) -> bytes:
        together.wait(10)  # both have seen that no root is there yet
        return KEY.sign(message)

    def close() -> None:
        try:
            roots.append(daily.close_day(FRIDAY, sign, KEY.pem).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=close) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(roots) == 2
    assert len(set(roots)) == DailyRoot.objects.count() == 1
    assert verify(KEY.pem).ok
