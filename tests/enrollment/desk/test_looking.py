"""RV-4: nobody sees a case without a purpose; who looked, when and why stands in the ledger and is read by auditors."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from enrollment import review
from enrollment.desk import purposes
from enrollment.flow import State
from enrollment.models import Application, CaseView, StatedPurpose
from ledger import clock
from ledger.models import Entry
from staff.models import Officer
from tests.enrollment.desk.test_desk import LINES, _case_url, desk
from tests.support import cases

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("RV-4")]
NAME = "見本　花子"
PASSED = dict.fromkeys(LINES, "pass")


def why(case: Application, officer: Officer, kind: str = "case.viewed") -> list[str]:
    entries = Entry.objects.filter(
        kind=kind, subject=str(case.public_id), actor_id=str(officer.public_id)
    ).order_by("pk")
    return [entry.data["purpose"] for entry in entries]


@pytest.fixture
def wait(settings: Settings) -> Callable[[timedelta], None]:
    def move(time: timedelta) -> None:
        settings.CLOCK_OFFSET += time

    return move


def asked(client: Client, case: Application) -> bool:
    """The officer is led to the page that asks, and has seen nothing of the person."""
    answer = client.get(_case_url(case))
    assert NAME not in answer.content.decode()
    led = answer.status_code == 302 and answer.headers["Location"] == f"{_case_url(case)}purpose/"
    return led and NAME not in client.get(f"{_case_url(case)}purpose/").content.decode()


def test_the_purpose_of_ones_own_work_is_plain(wait: Callable[[timedelta], None]) -> None:
    case = cases.submitted()
    first, second = cases.officer("first", ("jma", "EXAMINER")), cases.officer("second", ("jma", "APPROVER"))
    for step in ("waiting", "claimed"):
        assert NAME in desk(first).get(_case_url(case)).content.decode(), step
        if step == "waiting":
            review.claim(case, first, clock.now())
    assert why(case, first) == ["review", "review"]
    assert asked(desk(second), case)
    review.recommend(case, first, "", PASSED, clock.now())
    desk(second).get(_case_url(case))
    assert why(case, second) == ["approval"]
    desk(first).get(_case_url(case))
    assert why(case, first)[-1] == "own_decision"
    wait(timedelta(minutes=31))
    assert asked(desk(first), case)


def test_a_colleagues_case_needs_a_purpose_until_the_claim_has_lapsed(
    wait: Callable[[timedelta], None],
) -> None:
    case = cases.submitted()
    first, second = cases.officer("first", ("jma", "EXAMINER")), cases.officer("second", ("jma", "EXAMINER"))
    review.claim(case, first, clock.now())
    assert asked(desk(second), case)
    assert "審査者first" in desk(second).get(f"{_case_url(case)}purpose/").content.decode()
    wait(review.CLAIM)
    assert desk(second).get(_case_url(case)).status_code == 200
    assert why(case, second) == ["review"]


def test_a_stated_purpose_opens_one_case_for_half_an_hour_and_stands_in_each_entry(
    wait: Callable[[timedelta], None],
) -> None:
    case, other = cases.submitted(), cases.submitted()
    auditor = cases.officer("auditor", ("jma", "AUDITOR"))
    client, picture = desk(auditor), f"{_case_url(case)}files/{case.attachments.get().public_id}/"
    assert asked(client, case)
    assert client.get(picture).headers["Location"] == f"{_case_url(case)}purpose/"
    words = {"purpose": "inquiry", "note": "電話での問い合わせ", "next": picture}
    assert client.post(f"{_case_url(case)}purpose/", words).headers["Location"] == picture
    assert client.get(picture).status_code == client.get(f"{picture}?original").status_code == 200
    assert NAME in client.get(_case_url(case)).content.decode()
    assert why(case, auditor) == why(case, auditor, "case.purpose_stated") == ["inquiry"]
    seen = Entry.objects.filter(kind="file.viewed").order_by("pk")
    assert [(entry.data["purpose"], entry.data["original"]) for entry in seen] == [
        ("inquiry", False),
        ("inquiry", True),
    ]
    assert {entry.data["case"] for entry in seen} == {str(case.public_id)}
    assert asked(client, other)
    assert asked(desk(cases.officer("auditor2", ("jma", "AUDITOR"))), case)
    wait(timedelta(minutes=30))
    assert asked(client, case) and client.get(picture).status_code == 302


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ({}, "閲覧の目的を選んでください。"),
        ({"purpose": "curiosity"}, "閲覧の目的を選んでください。"),
        ({"purpose": "review"}, "閲覧の目的を選んでください。"),  # only the work itself says so
        ({"purpose": "other"}, "何のために見るのかを書いてください。"),
        ({"purpose": "other", "note": " 　"}, "何のために見るのかを書いてください。"),
        ({"purpose": "audit", "note": "\x00"}, "NULL"),
    ],
)
def test_what_is_no_purpose_is_told_and_opens_nothing(words: dict[str, str], problem: str) -> None:
    case = cases.submitted()
    client = desk(cases.officer("auditor", ("jma", "AUDITOR")))
    answer = client.post(f"{_case_url(case)}purpose/", words)
    assert answer.status_code == 422
    assert problem in answer.content.decode() or problem == "NULL"
    assert asked(client, case) and not StatedPurpose.objects.exists()


@pytest.mark.parametrize("wish", ["https://evil.example/", "//evil.example", "/me/", "{case}\\..\\", ""])
def test_stating_a_purpose_leads_to_the_case_and_nowhere_else(wish: str) -> None:
    case = cases.submitted()
    client = desk(cases.officer("auditor", ("jma", "AUDITOR")))
    words = {"purpose": "audit", "next": wish.format(case=_case_url(case))}
    assert client.post(f"{_case_url(case)}purpose/", words).headers["Location"] == _case_url(case)


def test_what_an_officer_writes_is_no_entry_of_the_ledger_but_stands_in_the_access_log() -> None:
    case = cases.submitted()
    auditor = cases.officer("auditor", ("jma", "AUDITOR"))
    client = desk(auditor)
    client.post(f"{_case_url(case)}purpose/", {"purpose": "other", "note": "見本さんの件"})
    client.get(_case_url(case))
    client.get(f"{_case_url(case)}files/{case.attachments.get().public_id}/")
    assert not [entry for entry in Entry.objects.all() if "見本さん" in str(entry.data)]
    page = client.get(f"{_case_url(case)}looks/").content.decode()
    for told in (
        "審査者auditor（auditor）",
        "申請の画面を見た",
        "画像を見た：資格免許証（表）",
        "見本さんの件",
    ):
        assert told in page
    assert "この閲覧の記録を見た" in page  # the reader stands in it, too


def test_the_access_log_is_for_auditors_of_the_authority_and_tells_refused_tries() -> None:
    case = cases.submitted()
    for name, role in (("examiner", "EXAMINER"), ("approver", "APPROVER")):
        assert desk(cases.officer(name, ("jma", role))).get(f"{_case_url(case)}looks/").status_code == 404
    stranger = cases.officer("stranger", ("medis", "AUDITOR"))
    assert desk(stranger).get(_case_url(case)).status_code == 404
    page = desk(cases.officer("auditor", ("jma", "AUDITOR"))).get(f"{_case_url(case)}looks/")
    assert page.content.decode().count("開こうとして断られた") == 3
    assert NAME not in page.content.decode()


def test_a_form_that_is_wrong_shows_no_case_to_one_who_may_not_see_it() -> None:
    case = cases.submitted()
    review.claim(case, cases.officer("first", ("jma", "EXAMINER")), clock.now())
    second = desk(cases.officer("second", ("jma", "EXAMINER")))
    answer = second.post(f"{_case_url(case)}recommend/", {})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "審査者first" in page and NAME not in page  # who came first, and nothing of the person
    case.refresh_from_db()
    assert case.state == State.IN_REVIEW


def test_too_many_cases_in_a_day_are_written_down_once(
    monkeypatch: pytest.MonkeyPatch, wait: Callable[[timedelta], None]
) -> None:
    monkeypatch.setattr(purposes, "MOST_STATED", 2)
    auditor = cases.officer("auditor", ("jma", "AUDITOR"))
    found = [cases.submitted() for _ in range(4)]
    for case in (*found, *found):
        purposes.state(case, auditor, "audit", "", clock.now())
        desk(auditor).get(_case_url(case))
    over = Entry.objects.get(kind="staff.view_budget_exceeded")
    assert (over.subject, over.data["cases"], over.data["stated"]) == (str(auditor.public_id), 3, True)
    assert CaseView.objects.count() == 4
    wait(timedelta(days=1))
    for case in found[:3]:
        purposes.state(case, auditor, "audit", "", clock.now())
        desk(auditor).get(_case_url(case))
    assert Entry.objects.filter(kind="staff.view_budget_exceeded").count() == 2
