"""Two at once: one draft, one submission, one account (CA-13, ST-11)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from enrollment import drafts, flow
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import Applicant, Application, TimelineEntry
from ledger import clock
from outbox.models import Job, Notice
from tests.support.people import Applying

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 4


def together(act: Callable[[int], Any]) -> list[Any]:
    """The same act from several threads, each with its own connection, let go at one moment."""
    gate = Barrier(AT_ONCE)

    def run(number: int) -> Any:
        gate.wait()
        try:
            return act(number)
        except Refused as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(run, range(AT_ONCE)))


def test_a_card_that_signs_in_several_times_at_once_has_one_account() -> None:
    people = [Applying() for _number in range(AT_ONCE)]
    answers = [person.read_card(person.browser.get(reverse("sign_in"))) for person in people]
    pages = together(lambda number: people[number].answer(answers[number]))
    assert {page.status_code for page in pages} == {302}
    assert Applicant.objects.count() == Application.objects.count() == 1


@pytest.mark.requirement("CA-13")
def test_several_beginnings_leave_one_draft() -> None:
    person = Applying()
    person.sign_in()
    Application.objects.all().delete()
    session = person.session
    found = together(lambda number: drafts.begin(session, clock.now()).pk)
    assert len(set(found)) == 1 and Application.objects.count() == 1
    assert TimelineEntry.objects.filter(kind="begin").count() == 1


@pytest.mark.requirement("CA-13", "ST-11")
def test_several_signatures_of_one_statement_are_one_submission() -> None:
    people = [Applying() for _number in range(AT_ONCE)]
    people[0].until(flow.SIGN)
    for person in people[1:]:
        person.sign_in()
    answers = [person.read_card(person.get(flow.SIGN)) for person in people]
    pages = together(lambda number: people[number].answer(answers[number]))
    assert sorted(page.status_code for page in pages) == [302, 409, 409, 409]
    assert Application.objects.get().state == State.SUBMITTED
    assert Job.objects.filter(kind="enrollment.submitted").count() == Notice.objects.count() == 1
    assert TimelineEntry.objects.filter(kind="submit").count() == 1


def test_two_tabs_saving_at_once_lose_nothing_silently() -> None:
    person = Applying()
    person.until("home")
    application = person.application
    codes = [f"100000{number}" for number in range(AT_ONCE)]

    def save(number: int) -> str:
        raw = {"postal_code": [codes[number]]}
        values = {"postal_code": codes[number]}
        drafts.save(application, "home", raw=raw, values=values, version=0, at=clock.now())
        return codes[number]

    found = together(save)
    assert found.count("stale") == AT_ONCE - 1
    assert drafts.answers(application, "home")["postal_code"] in found
