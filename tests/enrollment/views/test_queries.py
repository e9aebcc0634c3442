"""How often each page asks the database: so many times at most, however much there is to show."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enrollment import checks, flow, review
from enrollment.models import Application
from ledger import clock
from outbox import notices
from tests.deploy.landed import at_the_desk
from tests.enrollment.retention.rows import attach
from tests.support import cases
from tests.support.people import Applying

pytestmark = pytest.mark.django_db
# The session, the application, its answers, its sealed PIN, its files, and the step's own row; more is named here.
EVERY_STEP = 6
MORE = {
    "qualification": 3,  # an authority's dated notices, the day's matrix
    "home": 2,  # the postal code
    "licence": 1,  # the register of card holders
    "licence-front": 3,
    "workplace": 3,
    "photo": 4,
    "identity": 3,
    "email": 2,
    "email-code": 2,
    "check": 3,  # all pictures at once, the files of the statement, the statement before
    "consent": 3,
    "sign": 2,
}
TASKS, STATUS, WORKLIST, CASE = 9, 7, 16, 36


def queries(browser: Client, address: str) -> int:
    """How many one look takes, once everything that is kept in the process is there."""
    assert browser.get(address).status_code == 200
    with CaptureQueriesContext(connection) as captured:
        browser.get(address)
    return len(captured)


def test_no_page_of_the_application_asks_more_often_than_its_table_says() -> None:
    person = Applying("doctor")
    person.until(flow.SIGN)
    found = {
        row.slug: queries(person.browser, reverse("step", args=[row.slug]))
        for row in flow.STEPS
        if row.slug != flow.DONE and person.get(row.slug).status_code == 200
    }
    assert len(found) > 15
    assert {slug: count for slug, count in found.items() if count > EVERY_STEP + MORE.get(slug, 0)} == {}
    assert queries(person.browser, reverse("tasks")) <= TASKS


def _more_pictures(case: Application) -> None:
    for slot in ("licence_back", "name_proof", "licence_name_proof"):
        attach(case, clock.now(), slot)


def _more_history(case: Application) -> None:
    for number in range(20):
        case.timeline.create(kind="claim", happened_at=clock.now() + timedelta(seconds=number))
        notices.post(case.applicant.public_id, "n1", f"お知らせ{number}", "本文")


@pytest.mark.parametrize("more", [_more_pictures, _more_history])
def test_the_check_page_and_the_status_do_not_ask_once_per_row(more: Callable[[Application], None]) -> None:
    person = Applying("doctor")
    person.until(flow.CHECK)
    addresses = [reverse("step", args=[flow.CHECK]), reverse("tasks"), reverse("status")]
    before = [queries(person.browser, address) for address in addresses]
    more(person.application)
    assert [queries(person.browser, address) for address in addresses] == before
    assert before[2] <= STATUS


def test_the_desk_does_not_ask_once_per_case_or_per_finding() -> None:
    examiner = cases.officer("examiner", ("jma", "EXAMINER"))
    first = cases.submitted()
    checks.run_all(str(first.public_id))
    review.claim(first, examiner, clock.now())
    cases.submitted()  # so that there is a next case
    desk = at_the_desk(examiner)
    worklist = reverse("admin:enrollment_application_changelist")
    screen = reverse("admin:enrollment_case", args=[first.public_id])
    few = queries(desk, worklist), queries(desk, screen)
    for _ in range(12):
        checks.run_all(str(cases.submitted().public_id))
    _more_history(first)
    assert (queries(desk, worklist), queries(desk, screen)) == few
    assert few[0] <= WORKLIST
    assert few[1] <= CASE
