"""RV-4: the log for auditors: their authorities only, searched, paged by key, exported; nobody else opens it."""

import contextlib
import json
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from ledger import clock, log
from ledger.models import Entry, Verification
from staff.models import Officer
from tests.staff.test_granting import desk, make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("RV-4")]
URL = "/admin/ledger/entry/"


def append(kind: str, subject: str, authority: str = "jma", **data: str) -> Entry:
    with transaction.atomic():
        return log.append(kind, actor=log.SYSTEM, subject=subject, authority=authority, data=data)


@pytest.fixture
def auditor(transactional_db: None) -> Officer:
    return make("auditor", ("jma", "AUDITOR"))


def lines(content: bytes) -> list[dict[str, object]]:
    return [json.loads(line) for line in content.decode().splitlines()]


def test_an_auditor_reads_the_entries_of_his_authority_and_of_none(auditor: Officer) -> None:
    append("case.viewed", "mine-subject"), append("case.viewed", "foreign-subject", "medis")
    append("staff.signed_in", "nobodys-subject", "")
    client = desk(auditor)
    page = client.get(URL).content.decode()
    assert "mine-subject" in page and "nobodys-subject" in page and "foreign-subject" not in page
    for query in ("?subject=foreign-subject", "?authority=medis", "?kind=case&authority=medis"):
        assert (
            "foreign-subject"
            not in client.get(URL + query).content.decode().replace("value=", "").split("</form>")[-1]
        )
        exported = b"".join(client.get(f"{URL}export/{query}"))
        assert b"foreign" not in exported and b'"medis"' not in exported


def test_the_search_finds_subject_officer_kind_and_day(auditor: Officer) -> None:
    append("case.viewed", "one"), append("case.viewed_not", "two"), append("file.viewed", "three")
    client = desk(auditor)

    def subjects(query: str) -> list[object]:
        return [row["subject"] for row in lines(b"".join(client.get(f"{URL}export/?{query}")))]

    assert subjects("subject=one") == ["one"]
    assert subjects("kind=file") == ["three"]
    assert subjects("kind=case.viewed") == ["one"]
    assert str(auditor.public_id) in subjects("subject=auditor")
    today = clock.today(clock.now())
    assert "one" in subjects(f"day={today}") and subjects(f"day={today - timedelta(days=1)}") == []


@pytest.mark.parametrize(
    "query",
    [
        *("subject=%00", "kind=%00", "day=9999-12-31", "day=x", "before=-1", "before=" + "9" * 30),
        *("authority=%00", "subject=" + "x" * 5000, "day=0001-01-01", "before=abc"),
    ],
)
def test_odd_questions_are_answered_quietly(auditor: Officer, query: str) -> None:
    assert desk(auditor).get(f"{URL}?{query}").status_code == 200
    assert desk(auditor).get(f"{URL}export/?{query}").status_code == 200


def test_pages_follow_each_other_by_key_and_cost_the_same(auditor: Officer) -> None:
    for number in range(120):
        append("case.viewed", f"subject-{number}-")
    client, seen, address, costs = desk(auditor), "", URL, []
    for _ in range(3):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page = client.get(address).content.decode()
        costs.append(len(asked))
        seen += page
        address = (
            URL + page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
            if 'rel="next"' in page
            else ""
        )
    assert all(f"subject-{number}-" in seen for number in range(120)) and not address
    assert max(costs) <= min(costs) + 1  # officers' names, where an entry has one


def test_the_export_is_what_the_chain_holds_and_stands_in_the_log_itself(auditor: Officer) -> None:
    entry = append("case.viewed", "one", purpose="audit")
    answer = desk(auditor).get(f"{URL}export/?subject=one")
    assert (
        "attachment" in answer.headers["Content-Disposition"]
        and "no-store" in answer.headers["Cache-Control"]
    )
    (row,) = lines(b"".join(answer))
    assert (row["leaf"], row["number"], row["data"]) == (
        bytes(entry.leaf).hex(), entry.number, {"purpose": "audit"},
    )  # fmt: skip
    assert datetime.fromisoformat(str(row["at"])) == entry.at
    told = Entry.objects.get(kind="ledger.exported")
    assert told.actor_id == str(auditor.public_id)
    b"".join(desk(auditor).get(f"{URL}export/?kind=瀬戸 花子&day=瀬戸&authority=medis&subject=瀬戸"))
    b"".join(desk(auditor).get(f"{URL}export/?kind=case.viewed&authority=jma"))
    name, ours = Entry.objects.filter(kind="ledger.exported").order_by("pk")[1:]
    assert not name.data, "a name typed into the search does not enter a log that nobody can clean"
    assert ours.data == {"kind": "case.viewed", "authority": "jma"}


def test_the_last_check_of_the_log_is_told(auditor: Officer) -> None:
    assert "まだ検査されていません" in desk(auditor).get(URL).content.decode()
    append("case.viewed", "one")
    Verification.objects.create(
        at=clock.now(), is_sound=False, entries=1, roots=0, broken={"problem": "changed"}
    )
    page = desk(auditor).get(URL).content.decode()
    assert "異常あり" in page and "changed" in page


def test_the_command_keeps_its_result(transactional_db: None, capsys: pytest.CaptureFixture[str]) -> None:
    append("case.viewed", "one")
    with contextlib.suppress(SystemExit):  # no signer keeps a journal in this test
        call_command("audit", "verify")
    told = json.loads(capsys.readouterr().out)
    row = Verification.objects.get()
    assert (row.is_sound, row.entries) == (told["ok"], told["entries"]) and row.entries >= 1


@pytest.mark.parametrize("role", ["EXAMINER", "APPROVER"])
def test_nobody_but_auditors_opens_the_log(role: str, transactional_db: None) -> None:
    client = desk(make("other", ("jma", role)))
    assert client.get(URL).status_code == client.get(f"{URL}export/").status_code == 403
    assert desk(make("operator", ("", "OPERATOR"))).get(URL).status_code == 403
