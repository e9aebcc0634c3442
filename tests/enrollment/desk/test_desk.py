import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_otp import DEVICE_ID_SESSION_KEY

from enrollment import checks, review
from enrollment.desk.offers import offers
from enrollment.desk.worklist import queue
from enrollment.errors import Refused
from enrollment.flow import State
from ledger import clock
from ledger.models import Entry
from outbox.models import Notice
from staff.models import Officer
from tests.support import cases

pytestmark = pytest.mark.django_db
LINES = ("photo", "identity_kind", "identity_face", "licence_agrees")
PASSED = {f"line-{line}": "pass" for line in LINES}


def desk(officer: Officer) -> Client:
    """A browser whose session has passed the second factor, just now."""
    client = Client()
    client.force_login(officer)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = officer.totp_device().persistent_id
    session["staff.confirmed_at"] = clock.now().timestamp()
    session.save()
    return client


def _case_url(case: object) -> str:
    return reverse("admin:enrollment_case", args=[case.public_id])  # type: ignore[attr-defined]


def _move(client: Client, case: object, name: str, **data: str) -> object:
    return client.post(f"{_case_url(case)}{name}/", data)


def test_the_worklist_holds_the_cases_of_ones_own_authority_only() -> None:
    mine, other = cases.submitted("jma"), cases.submitted("medis")
    page = desk(cases.officer("examiner", ("jma", "EXAMINER"))).get(
        reverse("admin:enrollment_application_changelist")
    )
    text = page.content.decode()
    assert str(mine.receipt_number) in text and str(other.receipt_number) not in text


def test_a_case_of_another_authority_is_not_there_and_the_attempt_is_written_down() -> None:
    other = cases.submitted("medis")
    client = desk(cases.officer("examiner", ("jma", "EXAMINER")))
    assert client.get(_case_url(other)).status_code == 404
    assert _move(client, other, "claim").status_code == 404  # type: ignore[attr-defined]
    assert Entry.objects.filter(kind="case.refused", subject=str(other.public_id)).count() == 2
    assert client.get(reverse("admin:enrollment_case", args=[uuid.uuid4()])).status_code == 404
    picture = other.attachments.get().public_id
    assert client.get(f"{_case_url(other)}files/{picture}/").status_code == 404
    other.refresh_from_db()
    assert other.state == State.SUBMITTED


def test_an_operator_sees_no_case_at_all() -> None:
    case = cases.submitted("jma")
    client = desk(cases.officer("operator", ("", "OPERATOR")))
    assert client.get(_case_url(case)).status_code == 404
    assert client.get(reverse("admin:enrollment_application_changelist")).status_code == 403


def test_the_case_screen_shows_signed_data_documents_and_findings_and_each_look_is_logged() -> None:
    case = cases.submitted()
    checks.run_all(str(case.public_id))
    client = desk(cases.officer("auditor", ("jma", "AUDITOR")))
    client.post(f"{_case_url(case)}purpose/", {"purpose": "audit"})
    page = client.get(_case_url(case)).content.decode()
    assert "見本　花子" in page and "電子署名と失効" in page and "資格免許証（表）" in page
    assert "<button" not in page.split('class="desk-decide"')[1].split("</div>")[0]
    picture = client.get(f"{_case_url(case)}files/{case.attachments.get().public_id}/")
    assert picture.headers["Content-Type"] == "image/jpeg" and "no-store" in picture.headers["Cache-Control"]
    original = client.get(f"{_case_url(case)}files/{case.attachments.get().public_id}/?original")
    assert original.headers["Content-Disposition"].startswith("attachment")
    assert Entry.objects.filter(kind="case.viewed").count() == 1
    assert Entry.objects.filter(kind="file.viewed").count() == 2


def test_two_officers_carry_a_case_to_approval_on_the_screen() -> None:
    case = cases.submitted()
    first = desk(cases.officer("first", ("jma", "EXAMINER")))
    _move(first, case, "claim")
    _move(first, case, "recommend", **PASSED, note="よい")
    second = desk(cases.officer("second", ("jma", "APPROVER")))
    page = second.get(_case_url(case)).content.decode()
    assert "よい" in page and "checked" not in page  # the second officer decides on an unfilled sheet
    _move(second, case, "approve", **PASSED)
    case.refresh_from_db()
    assert case.state == State.APPROVED


def test_an_open_or_failed_line_stops_a_recommendation_and_says_so() -> None:
    case = cases.submitted()
    client = desk(cases.officer("examiner", ("jma", "EXAMINER")))
    _move(client, case, "claim")
    unanswered = _move(client, case, "recommend", note="残る言葉")
    assert unanswered.status_code == 409 and "残る言葉" in unanswered.content.decode()  # type: ignore[attr-defined]
    failed = _move(client, case, "recommend", **{**PASSED, "line-photo": "fail"})
    assert "「不適合」の項目があります" in failed.content.decode()  # type: ignore[attr-defined]
    case.refresh_from_db()
    assert case.state == State.IN_REVIEW


def test_a_return_names_fields_and_other_needs_words() -> None:
    case = cases.submitted()
    client = desk(cases.officer("examiner", ("jma", "EXAMINER")))
    _move(client, case, "claim")
    empty = _move(client, case, "return_to_applicant")
    assert "少なくとも1つ" in empty.content.decode()  # type: ignore[attr-defined]
    place = {"reason:licence:registration_number": "other"}
    assert _move(client, case, "return_to_applicant", **place).status_code == 422  # type: ignore[attr-defined]
    _move(
        client,
        case,
        "return_to_applicant",
        **place,
        **{"note:licence:registration_number": "桁が足りません。"},
    )
    case.refresh_from_db()
    assert case.state == State.RETURNED
    assert case.return_items.get().note == "登録番号：桁が足りません。"


def test_an_officer_who_reads_english_writes_to_the_applicant_in_japanese() -> None:
    case = cases.submitted()
    client = desk(cases.officer("examiner", ("jma", "EXAMINER")))
    client.cookies["inkan-language"] = "en"
    page = _move(client, case, "claim") and client.get(_case_url(case))
    assert "Registration number" in page.content.decode()  # type: ignore[attr-defined]
    _move(client, case, "return_to_applicant", **{"reason:licence:registration_number": "mismatch"})
    assert case.return_items.get().note == "登録番号：書類の記載と一致しません。"
    page = client.get(_case_url(case))
    assert "Asked for corrections" in page.content.decode()


def test_a_colleague_reads_who_holds_the_case_and_cannot_decide() -> None:
    case = cases.submitted()
    _move(desk(cases.officer("first", ("jma", "EXAMINER"))), case, "claim")
    second = desk(cases.officer("second", ("jma", "EXAMINER")))
    second.post(f"{_case_url(case)}purpose/", {"purpose": "colleague"})
    page = second.get(_case_url(case)).content.decode()
    assert "審査者first" in page and "ほかの審査者が審査しています。" in page
    answer = second.post(f"{_case_url(case)}recommend/", PASSED, follow=True)
    assert "ほかの審査者がすでに処理したか" in answer.content.decode()


def test_an_unknown_move_and_garbage_give_no_500() -> None:
    case = cases.submitted()
    client = desk(cases.officer("examiner", ("jma", "EXAMINER"), ("jma", "APPROVER")))
    assert _move(client, case, "deliver").status_code == 404  # type: ignore[attr-defined]
    for name in ("claim", "release", "recommend", "approve", "reject", "return_to_applicant", "take_back"):
        answer = _move(client, case, name, note="\x00", reason="\x00" * 10, **{"line-photo": "x" * 10_000})
        assert answer.status_code in (302, 409, 422)  # type: ignore[attr-defined]


def test_the_worklist_speaks_the_officers_words_and_counts_by_state() -> None:
    cases.submitted()
    held = cases.submitted()
    first = cases.officer("first", ("jma", "EXAMINER"))
    _move(desk(first), held, "claim")
    checks.run_all(str(held.public_id))  # findings must not multiply the counts
    page = desk(first).get(reverse("admin:enrollment_application_changelist")).content.decode()
    assert "<h1>審査の一覧</h1>" in page and "表示するapplication" not in page
    assert "審査待ち <b>1</b>" in page and "審査中 <b>1</b>" in page and "審査が必要なもの <b>2</b>" in page
    for heading in ("受付番号", "資格", "状態", "経過日数", "期限", "要確認", "審査者", "提出日時"):
        assert heading in page.split("<thead>")[1].split("</thead>")[0]
    assert "自分（" in page and "申請中" not in page


def test_an_empty_worklist_says_what_will_come() -> None:
    client = desk(cases.officer("first", ("jma", "EXAMINER")))
    url = reverse("admin:enrollment_application_changelist")
    assert "新しい申請が届くと" in client.get(url).content.decode()
    assert "番号を確かめるか" in client.get(url, {"number": "000000"}).content.decode()


def test_the_next_case_is_the_oldest_on_which_the_officer_may_act() -> None:
    now = clock.now()
    old, middle, new = (cases.submitted(at=now - timedelta(days=days)) for days in (3, 2, 1))
    cases.submitted("medis", at=now - timedelta(days=9))
    first = cases.officer("first", ("jma", "EXAMINER"), ("jma", "APPROVER"))
    second = cases.officer("second", ("jma", "APPROVER"))
    assert queue.following(first) == old and queue.following(first, old) == middle
    assert queue.following(second) is None
    _move(desk(first), old, "claim")
    _move(desk(first), old, "recommend", **PASSED)
    assert queue.following(first) == middle  # one's own recommendation waits for somebody else
    assert queue.following(second) == old
    _move(desk(first), middle, "claim")
    for officer in (first, second):
        for found in queue.actionable(officer):
            assert offers(found, officer, clock.now())
    page = desk(first).get(_case_url(new)).content.decode()
    assert f'href="{_case_url(middle)}" data-key="n"' in page


def test_an_approval_shows_its_undo_for_ten_seconds_and_then_no_more(settings: Any) -> None:
    case = cases.submitted()
    first, second = cases.officer("first", ("jma", "EXAMINER")), cases.officer("second", ("jma", "APPROVER"))
    _move(desk(first), case, "claim")
    _move(desk(first), case, "recommend", **PASSED)
    _move(desk(second), case, "approve", **PASSED)
    page = desk(second).get(_case_url(case)).content.decode()
    assert 'class="desk-undo" data-seconds="' in page and "承認済み（発行待ち）" in page
    assert 'class="desk-undo"' not in desk(first).get(_case_url(case)).content.decode()
    settings.CLOCK_OFFSET += timedelta(seconds=11)
    assert 'class="desk-undo"' not in desk(second).get(_case_url(case)).content.decode()


@pytest.mark.parametrize(("days", "mark"), [(0, ""), (13, ""), (14, "care"), (27, "care"), (28, "wrong")])
def test_age_is_marked_from_two_and_from_four_weeks(days: int, mark: str) -> None:
    at = clock.now()
    assert queue.age_mark(cases.submitted(at=at - timedelta(days=days)), at) == (days, mark)


def test_a_reload_after_a_refused_form_leads_back_to_the_case_and_changes_nothing() -> None:
    case = cases.submitted()
    client = desk(cases.officer("examiner", ("jma", "EXAMINER")))
    answer = client.get(f"{_case_url(case)}claim/")
    assert (answer.status_code, answer.headers["Location"]) == (302, _case_url(case))
    assert client.get(f"{_case_url(case)}order/").status_code == 404
    case.refresh_from_db()
    assert case.state == State.SUBMITTED


UNDONE = {
    "recommend": (PASSED, State.IN_REVIEW),
    "return_to_applicant": ({"reason:licence:registration_number": "mismatch"}, State.IN_REVIEW),
    "reject": ({"code": "not_qualified"}, State.IN_REVIEW),
}


@pytest.mark.requirement("RV-3")
@pytest.mark.parametrize("name", UNDONE)
def test_each_word_can_be_taken_back_on_the_next_case_before_anything_leaves(
    name: str, settings: Any
) -> None:
    case, following = cases.submitted(at=clock.now() - timedelta(days=2)), cases.submitted()
    officer = cases.officer("first", ("jma", "EXAMINER"))
    client = desk(officer)
    data, before = UNDONE[name]
    _move(client, case, "claim")
    answer = _move(client, case, name, **data)
    assert answer.headers["Location"] == f"{_case_url(following)}?done={case.public_id}"  # type: ignore[attr-defined]
    page = client.get(answer.headers["Location"]).content.decode()  # type: ignore[attr-defined]
    assert 'class="desk-undo" data-seconds="' in page and f"{_case_url(case)}take_back/" in page
    _move(client, case, "take_back")
    case.refresh_from_db()
    assert (case.state, case.claimed_by, case.recommended_by) == (before, officer, None)
    assert not case.return_items.exists() and case.rejected_by is None
    cases.leaves(case)  # the job that was ordered finds nothing to tell
    assert not Notice.objects.filter(kind__in=("n3", "n10")).exists()
    _move(client, case, name, **data)
    settings.CLOCK_OFFSET += timedelta(seconds=11)
    review.leave(str(case.public_id))
    review.leave(str(case.public_id))
    told = Notice.objects.filter(kind__in=("n3", "n10")).count()
    assert told == (0 if name == "recommend" else 1)
    assert _move(client, case, "take_back").status_code == 409  # type: ignore[attr-defined]


@pytest.mark.requirement("RV-3")
def test_a_correction_that_the_applicant_has_begun_is_not_taken_from_them() -> None:
    case, officer = cases.submitted(), cases.officer("first", ("jma", "EXAMINER"))
    _move(desk(officer), case, "claim")
    _move(desk(officer), case, "return_to_applicant", **UNDONE["return_to_applicant"][0])
    type(case).objects.filter(pk=case.pk).update(changed_at=clock.now() + timedelta(seconds=1))
    assert _move(desk(officer), case, "take_back").status_code == 409  # type: ignore[attr-defined]
    case.refresh_from_db()
    assert case.state == State.RETURNED and case.return_items.exists()


@pytest.mark.requirement("RV-3")
def test_an_approvers_rejection_leads_back_to_the_recommendation() -> None:
    case = cases.submitted()
    first, second = cases.officer("first", ("jma", "EXAMINER")), cases.officer("second", ("jma", "APPROVER"))
    review.claim(case, first, clock.now())
    review.recommend(case, first, "", dict.fromkeys(LINES, "pass"), clock.now())
    review.reject(case, second, "資格を確認できません。", clock.now(), "not_qualified")
    with pytest.raises(Refused, match="not_now"):
        review.take_back(case, first, clock.now())
    review.take_back(case, second, clock.now())
    assert (case.state, case.recommended_by, case.rejected_by) == (State.RECOMMENDED, first, None)
