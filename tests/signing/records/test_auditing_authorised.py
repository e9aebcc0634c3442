"""RV-4: an auditor who looks for a signer also finds the entries of turns that authorised hashes for many at once."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ledger import clock, log
from ledger.models import Entry
from signing.activation_store import ids
from signing.models import Activation, Credential, SigningSession
from signing.records import auditing
from signing.turns.entries import MANY
from staff.desk import signed
from tests.signing.records import counting, rows
from tests.staff.test_granting import desk, make
from tests.support import days
from tests.support.credentials import active_credential
from tests.support.csc import digest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("RV-4")]
URL, KIND = "/admin/ledger/entry/", "signing.authorised"
TOLD = "（探している署名者の署名の許可 {} 件を含む）"


@pytest.fixture
def auditor() -> Client:
    return desk(make("auditor", ("jma", "AUDITOR")))


def session(authority: str = "jma") -> SigningSession:
    credential = active_credential(at=clock.now())
    Credential.objects.filter(pk=credential.pk).update(authority=authority)
    credential.refresh_from_db()
    return rows.session_of(credential, clock.now())


def turn(sessions: list[SigningSession], shard: str = "hot-1", at: datetime | None = None) -> Entry:
    """The rows that a turn leaves of one authority's SADs, with nothing under them."""
    with transaction.atomic():
        data: dict[str, log.Value] = {"sads": len(sessions), "count": len(sessions), "callers": "00"}
        names = {str(each.credential.public_id) for each in sessions}
        entry = log.append(
            KIND,
            actor=log.Actor("system", "signing"),
            subject=names.pop() if len(names) == 1 else MANY,
            authority=sessions[0].credential.authority,
            data=data,
            shard=shard,
        )
        if at:
            Entry.objects.filter(pk=entry.pk).update(at=at)
        for each in sessions:
            (item,) = rows.authorised(each, days.ehr(), [digest(1)], at or entry.at)
            name = UUID(bytes=ids.in_shard(shard, 1, at or entry.at)[0])
            Activation.objects.filter(pk=item.activation_id).update(public_id=name)
    return entry


def found(client: Client, mine: SigningSession, **asked: str) -> list[tuple[str, int]]:
    """Shards and numbers of the entries, as the export tells them."""
    query = {"subject": str(mine.credential.public_id), "kind": KIND, **asked}
    lines = b"".join(client.get(f"{URL}export/", query)).decode().splitlines()  # type: ignore[arg-type]
    return [(each["shard"], each["number"]) for each in map(json.loads, lines)]


def place(entry: Entry) -> tuple[str, int]:
    return entry.shard, entry.number


def shown(client: Client, mine: SigningSession, **asked: str) -> str:
    query = {"subject": str(mine.credential.public_id), "kind": KIND, **asked}
    return client.get(URL, query).content.decode()


def test_every_entry_is_found_once_and_counts_the_signers_own(auditor: Client) -> None:
    mine, theirs = session(), session()
    alone, twice = turn([mine]), turn([mine, theirs, mine])
    turn([theirs, session()])
    later = rows.session_of(mine.credential, clock.now())
    again = turn([later, theirs])
    assert found(auditor, mine) == [place(alone), place(twice), place(again)]
    page = shown(auditor, mine)
    assert (page.count(TOLD.format(2)), page.count(TOLD.format(1))) == (1, 1)
    assert found(auditor, mine, kind="signing.signed") == []
    assert found(auditor, mine, day="2020-01-01") == []
    assert len(found(auditor, mine, day=str(clock.today(clock.now())))) == 3


def test_two_processes_and_two_authorities_at_one_moment_are_told_apart(auditor: Client) -> None:
    at = clock.now()
    mine, theirs, medis = session(), session(), session("medis")
    entry = turn([mine, theirs], "hot-1", at)
    other = turn([theirs, session()], "hot-2", at)
    turn([medis, session("medis")], "hot-1", at)
    assert found(auditor, mine) == [place(entry)]
    assert found(auditor, theirs) == [place(entry), place(other)]
    assert found(auditor, medis) == [] and "hot-1" not in shown(auditor, medis)
    assert len(found(desk(make("auditor_medis", ("medis", "AUDITOR"))), medis)) == 1
    # Made before ids told their shard: the time alone leads to it. Not by a turn: it is about its signer alone.
    (name,) = ids.in_order(1, at)
    of_mine = Activation.objects.filter(session=mine)
    of_mine.update(public_id=name[:6].hex() + "7fff" + name[8:].hex())
    assert found(auditor, mine) == [place(entry), place(other)]
    of_mine.update(public_id="00000000-0000-4000-8000-000000000000")
    assert found(auditor, mine) == []


@pytest.mark.parametrize("alone", [3, 1], ids=["some alone", "all alone"])
def test_pages_follow_each_other_and_read_no_more_than_they_show(
    auditor: Client, settings: Any, alone: int
) -> None:
    """Twenty a day over two weeks; each page looks at about its own days' sessions, and every entry comes once."""
    settings.LEDGER_SIGNERS = counting.FINDS
    mine, theirs = session(), session()
    made = []
    for number in range(280):
        settings.CLOCK_OFFSET = timedelta(hours=-24 * (14 - number // 20), minutes=30 * (number % 20))
        if number % 20 == 0:
            mine = rows.session_of(mine.credential, clock.now())
        made.append(turn([mine, theirs] if number % alone else [mine]))
    settings.CLOCK_OFFSET = timedelta(0)
    seen: list[int] = []
    with CaptureQueriesContext(connection) as asked:
        for page in counting.pages(lambda before: shown(auditor, mine, **before)):
            seen += counting.numbers(page, "hot-1")
            of_sessions = [each for each in asked if 'FROM "signing_activation"' in each["sql"]]
            assert len(counting.read) <= 3 * 64 + 1 and 1 <= len(of_sessions) <= 9
            asked.initial_queries = len(connection.queries_log)
    assert seen == [entry.number for entry in reversed(made)]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="PostgreSQL's plans")
def test_an_index_leads_to_each_of_them(auditor: Client) -> None:
    """Among 20,000 entries; the sessions' SADs are found by theirs."""
    mine = session()
    entry = turn([mine, session()])
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO ledger_entry (shard, number, at, kind, actor_kind, actor_id, subject, authority, data, salt,
            leaf, link) SELECT 'hot-1', 1000 + n, %s + n * interval '1 second', 'signing.signed', 'system', 'signing',
            'many', 'jma', '{}', '', '', '' FROM generate_series(1, 20000) n""",
            [entry.at],
        )
        cursor.execute("ANALYZE ledger_entry")
    with CaptureQueriesContext(connection) as asked:
        assert (
            signed.of_turns(
                Entry.objects.all(),
                auditing.find(str(mine.credential.public_id), ["jma"]).authorising(
                    None, None, newest_first=True
                ),
            )[0].entry.pk
            == entry.pk
        )
    (query,) = [each["sql"] for each in asked.captured_queries if 'FROM "ledger_entry"' in each["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {query}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "ledger_entry_at" in plan and "Seq Scan" not in plan
