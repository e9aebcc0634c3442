import hashlib
import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from ledger import chain, log, merkle
from ledger.models import Entry, Shard
from ledger.verify import verify

OFFICER = log.Actor("officer", "7d1f")
pytestmark = pytest.mark.django_db(transaction=True)


def append(**changes: Any) -> Entry:
    words: dict[str, Any] = {"actor": OFFICER, "subject": "case-1", **changes}
    with transaction.atomic():
        return log.append(words.pop("kind", "case.claimed"), **words)


def test_an_entry_outside_a_transaction_is_refused() -> None:
    with pytest.raises(log.OutsideTransaction):
        log.append("case.claimed", actor=OFFICER, subject="case-1")
    assert not Entry.objects.exists()


def test_an_entry_vanishes_with_its_effect() -> None:
    append()
    with pytest.raises(DatabaseError), transaction.atomic():
        log.append("case.claimed", actor=OFFICER, subject="case-2")
        raise DatabaseError
    append(subject="case-3")
    assert list(Entry.objects.order_by("number").values_list("number", "subject")) == [
        (1, "case-1"),
        (2, "case-3"),
    ]
    assert verify().ok


def test_an_entry_says_who_did_what_to_which_case_and_when() -> None:
    before = datetime.now(UTC)
    append(authority="jma", data={"reason": "書類の不備", "round": 2, "final": False, "note": None})
    found = Entry.objects.get()
    assert (found.kind, found.actor_kind, found.actor_id) == ("case.claimed", "officer", "7d1f")
    assert (found.subject, found.authority) == ("case-1", "jma")
    assert found.data == {"reason": "書類の不備", "round": 2, "final": False, "note": None}
    assert before <= found.at <= datetime.now(UTC)


def test_the_hashes_are_those_that_a_stranger_computes() -> None:
    append(data={"b": "二", "a": 1})
    entry = Entry.objects.get()
    record = (
        '{"actor":{"id":"7d1f","kind":"officer"},"at":"AT","authority":"","data":{"a":1,"b":"二"},'
        '"kind":"case.claimed","number":1,"shard":"web","subject":"case-1","version":1}'
    ).replace("AT", entry.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00"))
    assert json.loads(record)
    leaf = hashlib.sha256(b"\x00" + bytes(entry.salt) + record.encode()).digest()
    genesis = hashlib.sha256(b"\x03web").digest()
    assert bytes(entry.leaf) == leaf
    assert (
        bytes(entry.link)
        == hashlib.sha256(b"\x02" + genesis + leaf).digest()
        == bytes(Shard.objects.get().head)
    )


def test_equal_records_have_unequal_leaves() -> None:
    first, second = append(), append()
    assert first.salt != second.salt
    assert merkle.leaf_hash(b"") not in (first.leaf, second.leaf)
    assert first.leaf != second.leaf


def test_each_shard_is_a_chain_of_its_own() -> None:
    append()
    append(shard="hot-1")
    assert {(entry.shard, entry.number) for entry in Entry.objects.all()} == {("web", 1), ("hot-1", 1)}
    assert chain.genesis("web") != chain.genesis("hot-1")


@pytest.mark.parametrize(
    "words",
    [
        {"kind": "Case Claimed"},
        {"kind": "x" * 65},
        {"actor": log.Actor("stranger", "1")},
        {"actor": log.Actor("officer", "x" * 65)},
        {"subject": "x" * 201},
        {"subject": "two\nlines"},
        {"data": {"list": [1]}},
        {"data": {"float": 1.5}},
        {"data": {"two_lines": "a\nb"}},
        {"data": {"long": "x" * 501}},
        {"data": {"nul": "\0"}},
        {"data": {"Key": 1}},
        {"data": {"surrogate": "\ud800"}},
        {"data": {"big": 2**53}},
    ],
)
def test_what_does_not_belong_into_the_log_is_refused(words: dict[str, Any]) -> None:
    with pytest.raises(log.EntryRefused):
        append(**words)
    assert not Entry.objects.exists()


def test_an_entry_is_not_rewritten_through_the_model() -> None:
    entry = append()
    entry.kind = "case.released"
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()


def in_threads(count: int, work: Callable[[], None]) -> list[BaseException]:
    problems: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=guarded) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems


def test_eight_writers_leave_one_chain_without_a_gap() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("an in-memory SQLite has one connection")

    def write() -> None:
        for _ in range(25):
            append()

    assert in_threads(8, write) == []
    assert list(Entry.objects.order_by("number").values_list("number", flat=True)) == list(range(1, 201))
    assert verify().ok


def test_without_the_lock_eight_writers_would_collide() -> None:
    """The fault bites: the same steps with a plain read of the head lose or repeat numbers."""
    if connection.vendor != "postgresql":
        pytest.skip("an in-memory SQLite has one connection")
    append()

    def write_naively() -> None:
        with transaction.atomic():
            head = Shard.objects.get(name="web")
            time.sleep(0.05)
            Entry.objects.create(
                shard="web", number=head.count + 1, at=datetime.now(UTC), kind="x", actor_kind="system",
                actor_id="x", subject="x", salt=b"", leaf=b"", link=b"",
            )  # fmt: skip

    assert len(in_threads(8, write_naively)) == 7
