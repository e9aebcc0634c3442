"""The checklist: a version per authority, kept line by line, frozen with the decision, in the way while open (RV-2)."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from enrollment import authorities, checklists, review
from enrollment.authority_data.checklists import CHECKLISTS
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import Application, ChecklistSheet
from enrollment.review import sheets
from ledger import clock
from staff.models import Officer
from tests.enrollment.desk.test_desk import LINES, PASSED, desk
from tests.support import cases

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("RV-2")]
ALL = dict.fromkeys(LINES, "pass")
JSON = {"HTTP_ACCEPT": "application/json"}


def url(case: Application, name: str = "") -> str:
    return reverse("admin:enrollment_case", args=[case.public_id]) + (f"{name}/" if name else "")


def held() -> tuple[Application, Officer]:
    officer = cases.officer("examiner", ("jma", "EXAMINER"))
    case = cases.submitted()
    review.claim(case, officer, clock.now())
    return case, officer


def keep(case: Application, officer: Officer, **lines: tuple[str, str]) -> sheets.Sheet:
    return sheets.keep(case, officer, lines, clock.now())


@pytest.mark.parametrize("authority", ["jma", "medis", "jpa"])
def test_each_authority_asks_what_the_sources_name_and_says_which_version(authority: str) -> None:
    asked = checklists.checklist(authority, date(2026, 11, 26))
    assert [line.slug for line in asked.lines] == [*LINES, "licence_back", "licence_name_proof", "name_proof"]
    assert asked.version.startswith(authority)
    always = [line.slug for line in asked.lines_for(frozenset())]
    assert always == list(LINES)
    kinds = next(line.question for line in asked.lines if line.slug == "name_proof")
    papers = authorities.fields(authority, date(2026, 11, 26)).name_proofs
    assert any(paper[:4] in kinds for paper in papers)  # 戸籍謄本, 旧姓を記…


def test_a_new_version_is_asked_of_what_is_handed_in_from_its_day_on(monkeypatch: pytest.MonkeyPatch) -> None:
    case, officer = held()
    keep(case, officer, photo=("pass", ""))
    row = CHECKLISTS["jma"][0]
    tomorrow = clock.today(clock.now()).replace(year=2030)
    newer = row._replace(since=tomorrow, version="jma-2", lines=row.lines[:2])
    monkeypatch.setitem(CHECKLISTS, "jma", (row, newer))
    assert sheets.asked(case).version == "jma-1" and len(sheets.lines(case)) == 4
    assert sheets.of(case, officer).answers == {"photo": "pass"}
    assert checklists.checklist("jma", tomorrow).version == "jma-2"


def test_answers_keep_themselves_and_outlive_the_page(later: None = None) -> None:
    case, officer = held()
    client = desk(officer)
    told = client.post(url(case, "checklist"), {"line-photo": "pass", "note-photo": "鮮明"}, **JSON).json()
    assert told["state"] == "saved" and told["left"] == list(LINES[1:])
    client.post(
        url(case, "checklist"), {"line-identity_kind": "fail", "note-identity_kind": "期限切れ"}, **JSON
    )
    client.logout()
    page = desk(officer).get(url(case)).content.decode()
    assert 'name="line-photo" value="pass" checked' in page and 'value="鮮明"' in page
    assert 'name="line-identity_kind" value="fail" checked' in page
    row = ChecklistSheet.objects.get()
    assert (row.application, row.round, row.officer, row.version) == (case, 1, officer, "jma-1")


def test_two_pages_of_one_officer_do_not_undo_each_other() -> None:
    case, officer = held()
    keep(case, officer, photo=("pass", ""))
    keep(case, officer, identity_kind=("fail", "期限切れ"))
    assert sheets.of(case, officer).answers == {"photo": "pass", "identity_kind": "fail"}
    keep(case, officer, photo=("", ""))
    assert sheets.of(case, officer).answers == {"identity_kind": "fail"}


@pytest.mark.parametrize(
    ("answer", "note", "is_open"),
    [
        ("pass", "", False),
        ("fail", "", True),
        ("", "見た", True),
        ("not_applicable", "", True),
        ("not_applicable", "書類なし", False),
    ],
)
def test_a_line_is_open_unless_it_passes_or_does_not_apply_for_a_reason(
    answer: str, note: str, is_open: bool
) -> None:
    case, officer = held()
    answers, notes = {**ALL, "photo": answer}, {"photo": note}
    if is_open:
        with pytest.raises(Refused, match="checklist_open") as refused:
            review.recommend(case, officer, "", answers, clock.now(), notes)
        assert refused.value.detail["line"] == "photo"
    else:
        review.recommend(case, officer, "", answers, clock.now(), notes)
    case.refresh_from_db()
    assert (case.state == State.IN_REVIEW) is is_open and case.decisions.exists() is not is_open


def test_the_button_is_disabled_beside_its_reason_and_a_link_to_the_line() -> None:
    case, officer = held()
    client = desk(officer)
    page = client.get(url(case)).content.decode()
    bar = page.split('class="desk-decide"')[1]
    assert "まだ選べません。" in bar and 'href="#line-photo"' in bar and "（全部で4件）" in bar
    assert "data-when-whole disabled" in bar and 'id="line-photo"' in page
    refused = client.post(url(case, "recommend"), {"note": "見えるところにある言葉"})
    assert refused.status_code == 409 and 'href="#line-photo"' in refused.content.decode()
    assert "見えるところにある言葉" in refused.content.decode()
    client.post(url(case, "checklist"), PASSED)
    assert "data-when-whole disabled" not in client.get(url(case)).content.decode()
    assert client.post(url(case, "recommend"), {}).status_code == 302


def test_the_second_officer_reads_the_first_ones_notes_on_an_empty_sheet_of_their_own() -> None:
    case, officer = held()
    sheets.keep(
        case,
        officer,
        {slug: ("pass", "顔はよく見える" if slug == "photo" else "") for slug in LINES},
        clock.now(),
    )
    desk(officer).post(url(case, "recommend"), {"note": "全体の言葉"})
    second = cases.officer("second", ("jma", "APPROVER"))
    page = desk(second).get(url(case)).content.decode()
    assert "顔はよく見える" in page and "全体の言葉" in page and " checked" not in page
    assert "data-when-whole disabled" in page
    assert desk(second).post(url(case, "approve"), {}).status_code == 409
    case.refresh_from_db()
    assert case.state == State.RECOMMENDED
    assert desk(second).post(url(case, "approve"), PASSED).status_code == 302
    first_word, last_word = case.decisions.order_by("pk")
    assert (first_word.checklist, first_word.line_notes) == (ALL, {"photo": "顔はよく見える"})
    assert (last_word.checklist, last_word.checklist_version, last_word.line_notes) == (ALL, "jma-1", {})


def test_what_is_frozen_stays_when_the_sheet_is_begun_anew() -> None:
    case, officer = held()
    second = cases.officer("second", ("jma", "APPROVER"))
    review.recommend(case, officer, "", ALL, clock.now())
    review.send_back(case, second, "もう一度", clock.now())
    assert not ChecklistSheet.objects.exists()  # looked at again means: on an empty sheet
    review.claim(case, officer, clock.now())
    keep(case, officer, photo=("fail", ""))
    assert case.decisions.get(verdict="recommended").checklist == ALL


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"line-nothing": "pass"}, 409),
        ({"line-photo": "maybe"}, 409),
        ({"note-photo": "x" * 100_000}, 200),
        ({"note-photo": "\x00"}, 200),
        ({}, 200),
    ],
)
def test_odd_answers_are_refused_or_cut_and_never_a_500(data: dict[str, Any], status: int) -> None:
    case, officer = held()
    answer = desk(officer).post(url(case, "checklist"), data, **JSON)
    assert answer.status_code == status
    assert len(sheets.of(case, officer).notes.get("photo", "")) <= sheets.LONGEST_NOTE


def test_only_whose_turn_it_is_answers() -> None:
    case, _officer = held()
    colleague = cases.officer("colleague", ("jma", "EXAMINER"), ("jma", "APPROVER"))
    answer = desk(colleague).post(url(case, "checklist"), {"line-photo": "pass"}, **JSON)
    assert answer.status_code == 409 and "審査者examiner" in answer.json()["text"]
    auditor = desk(cases.officer("auditor", ("jma", "AUDITOR")))
    assert auditor.post(url(case, "checklist"), {"line-photo": "pass"}).status_code == 403
    assert not ChecklistSheet.objects.exists()


def test_a_line_that_failed_proposes_what_to_ask_for() -> None:
    case, officer = held()
    sheets.keep(case, officer, {"licence_agrees": ("fail", "番号の桁が違う")}, clock.now())
    page = desk(officer).get(url(case)).content.decode()
    panel = page.split("修正を求める <kbd>b</kbd>")[1].split("</form>")[0]
    first = panel.split("<select")[1]
    assert 'name="reason:licence-front:"' in first and '<option value="mismatch" selected>' in first
    assert 'value="番号の桁が違う"' in panel
