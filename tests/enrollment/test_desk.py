import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django_otp import DEVICE_ID_SESSION_KEY

from enrollment import checks
from enrollment.flow import State
from ledger.models import Entry
from staff.models import Officer
from tests.support import cases

pytestmark = pytest.mark.django_db
LINES = ("photo", "identity_kind", "identity_face", "licence_agrees")
PASSED = {f"line-{line}": "pass" for line in LINES}


def desk(officer: Officer) -> Client:
    """A browser whose session has passed the second factor."""
    client = Client()
    client.force_login(officer)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = officer.totp_device().persistent_id
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
    assert mine.receipt_number in text and other.receipt_number not in text


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
    assert unanswered.status_code == 422 and "残る言葉" in unanswered.content.decode()  # type: ignore[attr-defined]
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
        assert answer.status_code in (302, 422)  # type: ignore[attr-defined]
