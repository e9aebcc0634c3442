"""An officer's browser that asks for what no page of the desk offers: refused, never a 500, nothing told."""

import pytest
from django.urls import reverse

from enrollment.flow import State
from ledger.models import Entry
from tests.enrollment.desk.test_desk import desk
from tests.support import cases
from vault import files

pytestmark = pytest.mark.django_db
WORKLIST = "admin:enrollment_application_changelist"


@pytest.mark.parametrize(
    "query",
    [
        *(
            "state=%00",
            "state=nothing",
            "qualification=%00",
            "qualification__exact=doctor",
            "qualification=x",
            "hold=everybody",
            "order=claimed_by__password",
            "after=1",
            "before=%00",
            "p=-1",
        ),
        *(
            "person_key=abc",
            "certificate_fingerprint=x",
            "registration_number__startswith=4",
            "state__regex=(((",
        ),
        *("submitted_at__year=999999999999", "submitted_at__gte=x", "claimed_by__password__startswith=s"),
        *(
            "applicant__email__contains=a",
            "receipt_number__regex=(a%2B)%2B$",
            "id__in=1,2",
            "state__in=draft,%00",
        ),
    ],
)
def test_the_worklist_answers_only_the_questions_of_its_own_filters(query: str) -> None:
    cases.submitted("jma")
    client = desk(cases.officer("examiner", ("jma", "EXAMINER")))
    assert client.get(f"{reverse(WORKLIST)}?{query}").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=submitted",
        "state=all",
        "qualification=doctor",
        "number=%00",
        "number=%25",
        "number=" + "9" * 5000,
        "hold=mine",
        "age=late&order=newest",
        "after=00000000-0000-4000-8000-000000000000",
    ],
)
def test_what_the_page_offers_works(query: str) -> None:
    cases.submitted("jma")
    client = desk(cases.officer("examiner", ("jma", "EXAMINER")))
    assert client.get(f"{reverse(WORKLIST)}?{query}").status_code == 200


@pytest.mark.parametrize("query", ["", "?original"])
def test_a_lost_file_is_not_found_and_leaves_an_alarm(query: str) -> None:
    case = cases.submitted("jma")
    row = case.attachments.get()
    files.erase(row.shown_file)
    files.erase(row.original_file)
    client = desk(cases.officer("examiner", ("jma", "EXAMINER")))
    url = reverse("admin:enrollment_case_file", args=[case.public_id, row.public_id])
    assert client.get(url + query).status_code == 404
    assert Entry.objects.filter(kind="file.damaged", subject=str(row.public_id)).exists()


@pytest.mark.parametrize("name", ["order", "deliver", "submit", "withdraw", "lapse", "nothing"])
def test_no_officer_can_make_a_move_of_somebody_else(name: str) -> None:
    case = cases.submitted("jma")
    client = desk(cases.officer("both", ("jma", "EXAMINER"), ("jma", "APPROVER")))
    url = reverse("admin:enrollment_case_move", args=[case.public_id, name])
    assert client.post(url).status_code == 404
    case.refresh_from_db()
    assert case.state == State.SUBMITTED
