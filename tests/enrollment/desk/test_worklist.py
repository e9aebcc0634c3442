"""The worklist: filters that are remembered and saved, pages by key, what may be done with several (RV-1, RV-3)."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, reverse

from enrollment import admin as desk_admin
from enrollment import review
from enrollment.desk.worklist import exports, queue
from enrollment.desk.worklist.filters import Filter
from enrollment.desk.worklist.pages import BULK
from enrollment.flow import MOVE, State
from enrollment.models import Application, SavedFilter
from ledger import clock
from ledger.models import Entry
from outbox.models import Mail, Notice
from tests.enrollment.desk.test_desk import desk
from tests.support import cases

pytestmark = pytest.mark.django_db
LIST = "/admin/enrollment/application/"
NUMBERS = re.compile(r"\d{6}-\d{6}-[A-Z]")


def shown(page: Any) -> list[str]:
    """The receipt numbers of the rows, from above."""
    rows = page.content.decode().partition("<tbody>")[2]
    return list(dict.fromkeys(NUMBERS.findall(rows)))


def bulk(client: Client, name: str, *chosen: Application, **more: str) -> Any:
    data = {"filter": "state=open", "case": [str(case.public_id) for case in chosen], **more}
    return client.post(f"{LIST}bulk/{name}/", data, follow=True)


@pytest.mark.requirement("RV-1")
def test_each_authority_has_its_tab_with_what_waits_there() -> None:
    cases.submitted("jma")
    cases.submitted("jma")
    cases.submitted("medis")
    cases.submitted("jpa")
    client = desk(cases.officer("both", ("jma", "EXAMINER"), ("medis", "APPROVER")))
    page = client.get(LIST).content.decode()
    assert "すべての認証局 <b>3</b>" in page and "JMA <b>2</b>" in page and "MEDIS <b>1</b>" in page
    assert "JPA" not in page
    assert len(shown(client.get(f"{LIST}?authority=medis"))) == 1
    assert shown(client.get(f"{LIST}?authority=jpa")) == []


@pytest.mark.requirement("RV-1")
def test_pages_follow_each_other_by_key_without_a_gap_or_a_repetition(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue, "PAGE", 3)
    monkeypatch.setattr(queue.page, "__kwdefaults__", {**(queue.page.__kwdefaults__ or {}), "most": 3})
    at = clock.now()
    made = [
        cases.submitted(at=at - timedelta(days=9 - number // 2)) for number in range(8)
    ]  # pairs of one moment
    wanted = [str(case.receipt_number) for case in made]
    client = desk(cases.officer("examiner", ("jma", "EXAMINER")))
    for order, expected in (("", wanted), ("&order=newest", wanted[::-1])):
        seen, address = [], f"{LIST}?state=open{order}"
        for _ in range(3):
            page = client.get(address)
            seen += shown(page)
            onwards = re.search(r'href="\?([^"]*after=[^"]*)"', page.content.decode())
            address = f"{LIST}?{onwards[1].replace('&amp;', '&')}" if onwards else ""
        assert seen == expected and address == ""
        back = re.search(r'href="\?([^"]*before=[^"]*)"', page.content.decode())
        assert back and shown(client.get(f"{LIST}?{back[1].replace('&amp;', '&')}")) == expected[3:6]


@pytest.mark.requirement("RV-1")
def test_no_page_counts_or_skips_rows_and_more_cases_ask_no_more_often() -> None:
    client = desk(cases.officer("examiner", ("jma", "EXAMINER"), ("medis", "EXAMINER")))
    cases.submitted()
    client.get(LIST)

    def asked() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            client.get(f"{LIST}?state=open")
        return [row["sql"] for row in captured.captured_queries]

    few = asked()
    for _ in range(5):
        cases.submitted("medis")
    many = asked()
    assert len(many) == len(few)
    assert not any("OFFSET" in sql for sql in many)
    counts = [sql for sql in many if "COUNT(*) FROM" in sql]
    assert len(counts) == 1 and counts[0].count("LIMIT") == counts[0].count("COUNT(*)")  # none without an end


@pytest.mark.requirement("RV-1")
@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's own plan")
def test_the_first_page_is_read_from_the_partial_index() -> None:
    for _ in range(30):
        cases.submitted()
    parts = queue._parts(Filter(), {"jma"}, cases.officer("examiner", ("jma", "EXAMINER")), clock.now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE enrollment_application")
        for way in ("seqscan", "bitmapscan", "sort"):  # thirty rows are quicker read as a whole
            cursor.execute(f"SET LOCAL enable_{way} = off")
        few = parts[0].order_by("submitted_at", "pk").values("submitted_at", "id")[:51]
        sql, params = few.query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", params)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "open_worklist on enrollment_application" in plan and "Sort" not in plan


@pytest.mark.requirement("RV-1")
def test_the_filter_in_use_is_remembered_and_a_search_is_not() -> None:
    case = cases.submitted()
    client = desk(cases.officer("examiner", ("jma", "EXAMINER")))
    client.get(f"{LIST}?state=returned&hold=free")
    again = client.get(LIST)
    assert again.status_code == 302 and again.headers["Location"] == f"{LIST}?state=returned&hold=free"
    assert shown(client.get(f"{LIST}?state=all&number={str(case.receipt_number).lower()}")) == [
        case.receipt_number
    ]
    assert client.get(LIST).headers["Location"] == f"{LIST}?state=returned&hold=free"
    client.get(f"{LIST}?state=open")
    assert client.get(f"{LIST}?state=open").status_code == 200


@pytest.mark.requirement("RV-1")
def test_a_filter_is_saved_under_a_name_used_and_forgotten_by_its_officer_only() -> None:
    first, second = (cases.officer(name, ("jma", "EXAMINER")) for name in ("first", "second"))
    mine, other = desk(first), desk(second)
    mine.post(f"{LIST}filters/", {"filter": "state=open&age=late", "name": "急ぎ\x00"})
    mine.post(f"{LIST}filters/", {"filter": "state=open&age=care", "name": ""})
    assert dict(SavedFilter.objects.values_list("name", "query")) == {
        "急ぎ": "state=open&age=late",
        "審査が必要なもの・2週間以上": "state=open&age=care",
    }
    page = mine.get(f"{LIST}?state=open").content.decode()
    assert 'href="?state=open&amp;age=late"' in page and "急ぎ" in page
    assert "急ぎ" not in other.get(LIST).content.decode()
    other.post(f"{LIST}filters/", {"filter": "state=open", "forget": "急ぎ"})
    assert SavedFilter.objects.filter(name="急ぎ").exists()
    mine.post(f"{LIST}filters/", {"filter": "state=open", "forget": "急ぎ"})
    assert not SavedFilter.objects.filter(name="急ぎ").exists()
    assert mine.post(f"{LIST}filters/", {"filter": "claimed_by=1"}).status_code == 400


@pytest.mark.requirement("RV-1")
def test_age_deadline_holder_and_marks_stand_in_words_and_figures() -> None:
    at = clock.now()
    old, held = cases.submitted(at=at - timedelta(days=95)), cases.submitted(at=at - timedelta(days=15))
    holder = cases.officer("holder", ("jma", "EXAMINER"))
    review.claim(held, holder, at)
    Application.objects.filter(pk=old.pk).update(round=2)
    page = desk(cases.officer("examiner", ("jma", "EXAMINER"))).get(LIST).content.decode()
    row, second = page.split("<tr>")[2:4]
    assert "95日" in row and "mark-wrong" in row and "を過ぎました" in row and "2回目の提出" in row
    until = (at + review.CLAIM).astimezone(clock.JST)
    assert "15日" in second and "mark-care" in second and f"審査者holder（{until:%H:%M} まで）" in second


@pytest.mark.requirement("RV-1", "RV-3")
def test_several_are_claimed_at_once_and_who_came_first_is_named() -> None:
    at = clock.now()
    made = [cases.submitted(at=at - timedelta(hours=9 - number)) for number in range(4)]
    rival = cases.officer("rival", ("jma", "EXAMINER"))
    review.claim(made[0], rival, at)
    officer = cases.officer("examiner", ("jma", "EXAMINER"))
    page = bulk(desk(officer), "claim", made[0], made[1]).content.decode()
    assert "1件を担当しました。" in page and f"{made[0].receipt_number}：審査者rivalが" in page
    nothing = bulk(
        desk(officer), "claim", first="10"
    ).content.decode()  # the number stands beside the other button
    assert "申請を選んでください" in nothing
    assert Application.objects.filter(claimed_by=officer).count() == 1
    bulk(desk(officer), "claim", made[3], first="1", by="first")  # … and that one takes what it says
    held = Application.objects.filter(claimed_by=officer).values_list("pk", flat=True)
    assert sorted(held) == [made[1].pk, made[2].pk]
    entries = Entry.objects.filter(kind="worklist.claimed", actor_id=str(officer.public_id))
    assert [entry.data["count"] for entry in entries.order_by("pk")] == [1, 1]


@pytest.mark.requirement("RV-3")
def test_a_reminder_goes_out_once_a_day_and_only_to_who_was_asked() -> None:
    officer = cases.officer("examiner", ("jma", "EXAMINER"))
    case, waiting = cases.submitted(), cases.submitted()
    review.claim(case, officer, clock.now())
    wanted = [review.Correction("licence", "registration_number", "mismatch", "登録番号：一致しません。")]
    review.return_to_applicant(case, officer, wanted, clock.now())
    page = bulk(desk(officer), "remind", case, waiting).content.decode()
    assert "1件の申請者に知らせました。" in page and f"{waiting.receipt_number}：" in page
    assert "今日はもう知らせています。" in bulk(desk(officer), "remind", case).content.decode()
    assert Notice.objects.filter(kind="n4", about=str(case.public_id)).count() == 1
    assert Mail.objects.filter(kind="n4", about=str(case.public_id)).count() == 1
    settings.CLOCK_OFFSET += timedelta(days=1)
    try:
        review.remind(case, officer, clock.now())
    finally:
        settings.CLOCK_OFFSET -= timedelta(days=1)
    assert Notice.objects.filter(kind="n4", about=str(case.public_id)).count() == 2
    assert Entry.objects.filter(kind="application.reminded", subject=str(case.public_id)).count() == 2


@pytest.mark.requirement("RV-3")
def test_an_export_holds_no_word_about_a_person_and_is_written_down() -> None:
    case = cases.submitted(at=clock.now() - timedelta(days=3))
    cases.submitted("medis")
    answer = desk(cases.officer("auditor", ("jma", "AUDITOR"))).post(
        f"{LIST}bulk/export/", {"filter": "state=open"}
    )
    text = answer.content.decode()
    rows = list(csv.reader(io.StringIO(text.removeprefix(exports.BOM))))
    assert [row[:5] for row in rows[1:]] == [[str(case.receipt_number), "JMA", "審査待ち", "1", "3"]]
    for word in ("見本", "花子", "ミホン", "1985", str(case.registration_number), "@example.jp"):
        assert word not in text
    assert Entry.objects.get(kind="worklist.exported").data == {"count": 1, "filter": "state=open"}


@pytest.mark.requirement("RV-3")
@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_compute_is_quoted(text: str) -> None:
    assert exports.cell(text) == f"'{text}"
    assert exports.cell("261120-004217-K") == "261120-004217-K"


@pytest.mark.requirement("RV-3")
def test_nothing_decides_several_cases_at_once() -> None:
    assert set(BULK) == {"claim", "remind", "export"}
    case = cases.submitted()
    client = desk(cases.officer("both", ("jma", "EXAMINER"), ("jma", "APPROVER")))
    for name in (*MOVE, "approve_selected", "delete_selected"):
        if name not in BULK:
            assert bulk(client, name, case).status_code == 404
    several = [url for url in desk_admin.ApplicationDesk(Application, desk_admin.admin.site).get_urls()]
    addresses = [str(url.pattern) for url in several if isinstance(url, URLPattern)]
    of_no_case = {"", "filters/", "bulk/<slug:name>/", "beat/", "new-cards/", "card-orders/"}
    of_no_case |= {"card-orders/<slug:name>/", "card-orders/hand-over/"}  # a card after the decision
    assert {address for address in addresses if "uuid:public_id" not in address} <= of_no_case
    assert client.post(LIST, {"action": "approve", "_selected_action": str(case.pk)}).status_code == 405
    case.refresh_from_db()
    assert case.state == State.SUBMITTED


@pytest.mark.requirement("RV-3")
def test_who_may_not_claim_or_remind_is_refused_and_written_down() -> None:
    case = cases.submitted()
    client = desk(cases.officer("auditor", ("jma", "AUDITOR")))
    for name in ("claim", "remind"):
        assert client.post(f"{LIST}bulk/{name}/", {"case": str(case.public_id)}).status_code == 403
    assert Entry.objects.filter(kind="worklist.refused").count() == 2
    foreign = desk(cases.officer("medis", ("medis", "EXAMINER")))
    for name in BULK:  # an attempt is a 404 and an entry (RV-4)
        assert foreign.post(f"{LIST}bulk/{name}/", {"case": str(case.public_id)}).status_code == 404
    assert Entry.objects.filter(kind="case.refused", subject=str(case.public_id)).count() == len(BULK)
    case.refresh_from_db()
    assert case.state == State.SUBMITTED
    assert bulk(foreign, "claim", case="' OR 1=1").status_code == 400
    assert reverse("admin:enrollment_bulk", args=["claim"]) == f"{LIST}bulk/claim/"
