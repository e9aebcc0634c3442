"""The reader's last button pressed twice: the second answer of one reading leads to where the first one led (ST-11)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from pytest_django import Settings

from cards.exchange import CardResponse
from enrollment import drafts, flow
from enrollment.applicants import readings
from enrollment.models import ApplicantSession, Application, CardReading
from enrollment.views.door import BROWSER_COOKIE
from tests.enrollment.test_races import together
from tests.support.people import Applying

pytestmark = pytest.mark.requirement("ST-11")
LATER = readings.ECHO + timedelta(seconds=1)


def step(slug: str) -> str:
    return reverse("step", args=[slug])


def failure(response: CardResponse) -> CardResponse:
    return CardResponse(operation=response.operation, state=response.state, outcome="wrong_pin", tries_left=2)


def at_the_card() -> tuple[Applying, CardResponse]:
    person = Applying()
    person.until("card")
    return person, person.read_card(person.get("card"))


@pytest.mark.django_db
@pytest.mark.parametrize("later", [timedelta(0), LATER], ids=["at once", "later"])
def test_what_the_card_says_leads_on_twice(later: timedelta, settings: Settings) -> None:
    person, response = at_the_card()
    assert person.answer(response).url == step("card-check")
    kept = drafts.answers(person.application, "card")
    settings.CLOCK_OFFSET = later
    assert person.answer(response).url == step("card-check")
    assert drafts.answers(person.application, "card") == kept != {}


@pytest.mark.django_db
def test_what_went_wrong_at_the_reader_is_said_twice() -> None:
    person, response = at_the_card()
    failed = CardResponse(
        operation=response.operation, state=response.state, outcome="wrong_pin", tries_left=2
    )
    for _press in range(2):
        page = person.answer(failed)
        assert page.status_code == 409 and "暗証番号が違います" in page.content.decode()


@pytest.mark.django_db
def test_another_reading_another_session_and_another_browser_are_led_nowhere(settings: Settings) -> None:
    person, response = at_the_card()
    person.answer(response)
    unknown = replace(response, state="00000000-0000-4000-8000-000000000000")
    assert person.answer(unknown).status_code == 409
    thief = Applying()  # the same account, a session of its own
    thief.sign_in()
    assert thief.answer(response).status_code == 409
    thief.browser.cookies[BROWSER_COOKIE] = person.browser.cookies[BROWSER_COOKIE].value
    assert thief.answer(response).status_code == 409
    person.browser.post(reverse("sign_out"))
    assert person.answer(response).status_code == 409


@pytest.mark.django_db
def test_after_half_a_minute_an_answer_does_nothing_anew(settings: Settings) -> None:
    """A failure is not tried again with the same reading, nor is a day opened with it."""
    person, response = at_the_card()
    person.answer(failure(response))
    signing_in = Applying()
    sent = signing_in.read_card(signing_in.browser.get(reverse("sign_in")))
    browser = signing_in.browser.cookies[BROWSER_COOKIE].value
    signing_in.answer(sent)
    settings.CLOCK_OFFSET = LATER
    assert person.answer(response).status_code == 409 and not drafts.answers(person.application, "card")
    signing_in.browser.cookies.clear()
    signing_in.browser.cookies[BROWSER_COOKIE] = browser
    assert signing_in.answer(sent).status_code == 409


@pytest.mark.django_db
def test_a_sign_in_whose_first_answer_was_lost_opens_one_session() -> None:
    """The second press ends the first request before its cookie arrives: the account opens once, for the second."""
    person = Applying()
    response = person.read_card(person.browser.get(reverse("sign_in")))
    browser = person.browser.cookies[BROWSER_COOKIE].value
    first = person.answer(response)
    person.browser.cookies.clear()
    person.browser.cookies[BROWSER_COOKIE] = browser
    assert person.answer(response).url == first.url
    assert ApplicantSession.objects.filter(ended_at=None).count() == 1
    assert person.browser.get(reverse("tasks")).status_code == 200
    assert django_settings.APPLICANT_COOKIE_NAME in person.browser.cookies


def _sign() -> tuple[Applying, CardResponse, str]:
    person = Applying()
    person.until(flow.SIGN)
    return person, person.read_card(person.get(flow.SIGN)), step(flow.DONE)


def _read() -> tuple[Applying, CardResponse, str]:
    return *at_the_card(), step("card-check")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ready", [_read, _sign])
def test_several_at_one_moment_all_lead_on(ready: Callable[[], tuple[Applying, CardResponse, str]]) -> None:
    """A second answer waits for the work of the first, however long a signature takes to check."""
    person, response, where = ready()
    pages: list[Any] = together(lambda _number: person.answer(response))
    assert [(page.status_code, page["Location"]) for page in pages] == [(302, where)] * len(pages)
    assert Application.objects.count() == 1 and CardReading.objects.filter(spent_at=None).count() == 0
