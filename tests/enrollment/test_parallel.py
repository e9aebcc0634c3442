"""The same applicant sixteen times at the same moment (security.md faults 16, 17, 28): one effect, and never a 500."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from cards.exchange import to_json
from enrollment import flow
from enrollment.flow import State
from enrollment.models import ApplicantSession, Application, Statement
from ledger.models import Entry
from outbox.models import Job, Notice
from tests.support.people import Applying

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time"),
]
THREADS = 16


def together(browser: Client, act: Callable[[Client], Any]) -> Counter[int]:
    """The statuses of sixteen requests with this browser's cookies, sent at once."""
    start, found = threading.Barrier(THREADS), Counter[int]()

    def run() -> None:
        mine = Client()
        mine.cookies = browser.cookies
        start.wait(30)
        try:
            found[act(mine).status_code] += 1
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert found.total() == THREADS, found
    assert max(found) < 500, found
    return found


@pytest.mark.requirement("ST-11", "CA-13")
def test_sixteen_signed_answers_are_one_submission() -> None:
    person = Applying()
    person.until(flow.SIGN)
    answer = {"response": to_json(person.read_card(person.get(flow.SIGN)))}
    together(person.browser, lambda browser: browser.post(reverse("card_answer"), answer))
    application = person.application
    assert application.state == State.SUBMITTED
    assert Statement.objects.filter(application=application).count() == 1
    assert Job.objects.filter(kind="enrollment.submitted").count() == 1
    assert Entry.objects.filter(kind="application.submit").count() == 1
    assert Notice.objects.filter(owner=person.applicant.public_id).count() == 1


def test_sixteen_sign_ins_with_one_answer_open_one_session() -> None:
    person = Applying()
    page = person.browser.get(reverse("sign_in"), {"next": "apply"})
    answer = {"response": to_json(person.read_card(page))}
    found = together(
        person.browser, lambda browser: browser.post(f"{reverse('card_answer')}?next=apply", answer)
    )
    assert (
        found[302] >= 1
    )  # a button pressed again leads on; of sixteen some may be told to wait where it is slow
    assert found[302] + found[503] == 16
    living = ApplicantSession.objects.filter(ended_at=None)
    assert living.count() == Application.objects.count() == 1


@pytest.mark.requirement("CA-12", "CA-13")
def test_sixteen_beginnings_are_one_application() -> None:
    person = Applying()
    person.sign_in("status")
    assert settings.APPLICANT_COOKIE_NAME in person.browser.cookies and not Application.objects.exists()
    together(person.browser, lambda browser: browser.post(reverse("tasks")))
    assert Application.objects.count() == 1
    assert Entry.objects.filter(kind="application.begin").count() == 1


def test_sixteen_uploads_leave_one_picture_and_its_two_files() -> None:
    person = Applying()
    person.until("photo")
    files = len(list(settings.STORAGE_ROOT.rglob("*")))
    given = person.answers("photo")
    content = given["file"].read()

    def send(browser: Client) -> Any:
        named = person.picture("photo")
        return browser.post(reverse("step", args=["photo"]), {**given, "version": 0, "file": named})

    together(person.browser, send)
    assert content and person.application.attachments.filter(slot="photo").count() == 1
    assert len([path for path in settings.STORAGE_ROOT.rglob("*") if path.is_file()]) <= files + 2


def test_sixteen_withdrawals_are_one() -> None:
    person = Applying()
    application = person.submit()
    together(person.browser, lambda browser: browser.post(reverse("withdraw", args=[application.public_id])))
    application.refresh_from_db()
    assert application.state == State.WITHDRAWN
    assert Entry.objects.filter(kind="application.withdraw").count() == 1
