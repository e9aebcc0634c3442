"""A returned application: told seven days before its deadline, withdrawn at the very second (ST-13, ST-32)."""

from datetime import timedelta

import pytest
from django.urls import reverse

from enrollment import flow
from enrollment.flow import State
from enrollment.models import Application, SealedPin
from ledger import clock
from ledger.models import Entry
from outbox.models import Mail, Notice
from tests.enrollment.retention.rows import browser_of, jst, run, seal
from tests.support import cases
from tests.support.people import Applying
from vault import files

DEADLINE = jst(2027, 3, 1)  # 24:00 of the last day of February


def returned() -> Application:
    application = cases.submitted(at=jst(2027, 1, 20, 10))
    Application.objects.filter(pk=application.pk).update(state=State.RETURNED, return_until=DEADLINE)
    seal(application, jst(2027, 1, 20, 10))
    application.refresh_from_db()
    return application


@pytest.mark.requirement("ST-13")
@pytest.mark.django_db(transaction=True)
def test_at_the_deadline_it_is_withdrawn_and_one_second_before_it_is_not() -> None:
    application = returned()
    assert run("returned_lapsed", DEADLINE - timedelta(seconds=1)) == 0
    application.refresh_from_db()
    assert application.state == State.RETURNED

    run("returned_lapsed", DEADLINE)
    application.refresh_from_db()
    assert application.state == State.WITHDRAWN
    assert SealedPin.objects.count() == 0
    assert list(files.names()) == []
    assert [row.kind for row in application.timeline.all()] == ["lapse"]
    assert Entry.objects.get(kind="application.lapse").data == {"files": 1}
    assert "2027年2月28日" in Notice.objects.get().body
    assert Mail.objects.count() == 1

    run("returned_lapsed", DEADLINE + timedelta(days=1))
    assert Notice.objects.count() == 1


@pytest.mark.django_db
def test_whoever_submitted_in_time_is_left_alone() -> None:
    application = returned()
    Application.objects.update(state=State.SUBMITTED, return_until=None)
    run("returned_lapsed", DEADLINE + timedelta(days=1))
    application.refresh_from_db()
    assert application.state == State.SUBMITTED


@pytest.mark.requirement("ST-32")
@pytest.mark.django_db
def test_seven_days_before_the_deadline_the_applicant_is_reminded_once() -> None:
    application = returned()
    week_before = DEADLINE - timedelta(days=7)
    assert run("return_reminder", week_before - timedelta(seconds=1)) == 0
    assert run("return_reminder", week_before) == 1
    assert run("return_reminder", week_before + timedelta(hours=1)) == 0
    notice = Notice.objects.get(owner=application.applicant.public_id)
    assert notice.kind == "n4"
    assert "2027年2月28日" in notice.body
    assert Mail.objects.get().kind == "n4"


@pytest.mark.django_db
def test_a_second_return_is_reminded_of_again() -> None:
    application = returned()
    assert run("return_reminder", DEADLINE - timedelta(days=7)) == 1
    Application.objects.update(round=2, return_until=DEADLINE + timedelta(days=60))
    assert run("return_reminder", DEADLINE + timedelta(days=53)) == 1
    assert Notice.objects.filter(owner=application.applicant.public_id).count() == 2


@pytest.mark.django_db
def test_after_the_deadline_nobody_is_reminded() -> None:
    returned()
    assert run("return_reminder", DEADLINE) == 0


@pytest.mark.django_db
def test_the_applicant_reads_in_the_timeline_that_the_deadline_passed() -> None:
    application = returned()
    run("returned_lapsed", DEADLINE)
    page = browser_of(application.applicant).get(reverse("status")).content.decode()
    assert "修正の期限が過ぎ、申請は取下げになりました" in page


@pytest.mark.requirement("ST-13")
@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "status", "state"), [(120, 302, "submitted"), (0, 409, "returned")])
def test_a_correction_signed_after_the_deadline_is_refused_even_before_the_clock_has_struck(
    seconds: int, status: int, state: str
) -> None:
    person = Applying()
    person.until(flow.SIGN)
    until = clock.now() + timedelta(seconds=seconds)
    Application.objects.update(state=State.RETURNED, return_until=until)
    assert person.do(flow.SIGN).status_code == status
    assert person.application.state == state
