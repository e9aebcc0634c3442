"""The reader's last button pressed twice at /me/: the second answer of one reading leads to where the first one led."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection
from django.test import Client
from pytest_django import Settings

from ledger import clock
from ledger.models import Entry
from signing import ceremonies
from signing.models import CardBinding, Ceremony, Credential, SigningSession
from tests.support.cards import Card
from tests.support.credentials import active_credential
from tests.support.signed_in import Ehr, hidden

pytestmark = [pytest.mark.usefixtures("at_noon"), pytest.mark.requirement("SG-3")]
SIGN_IN, STOPPED = ("/me/sign-in/", "active", "/me/"), ("/me/stopped/", "suspended", "/me/stopped/choice/")
BOTH = pytest.mark.parametrize("door", [SIGN_IN, STOPPED], ids=["sign-in", "stopped"])
LATER = ceremonies.ECHO + timedelta(seconds=1)
THREADS = 16
Door = tuple[str, str, str]


class Pressing:
    """A browser with the card's answer in hand, at one of the two doors."""

    def __init__(self, card: Card, door: Door, **changes: object) -> None:
        self.path, state, self.where = door
        self.credential = active_credential(state=state, at=clock.now())
        CardBinding.objects.create(
            credential=self.credential, fingerprint=card.fingerprint, bound_at=clock.now()
        )
        self.browser = Client(enforce_csrf_checks=True)
        self.text = card.answer(hidden(self.browser.get(self.path), "request"), **changes)

    def press(self, browser: Client | None = None, text: str = "") -> Any:
        return (browser or self.browser).post(f"{self.path}card/", {"response": text or self.text})

    def cookie(self) -> str:
        return self.browser.cookies[configured.SIGNER_COOKIE_NAME].value

    def without_reply(self) -> Client:
        """The same browser, to which the first reply's cookie has not come."""
        browser = Client(enforce_csrf_checks=True)
        name = configured.BROWSER_COOKIE_NAME
        browser.cookies[name] = self.browser.cookies[name].value
        return browser

    def opened(self) -> int:
        """How many sessions and proofs there are."""
        proofs = Ceremony.objects.filter(purpose__in=("stopped_act", "stopped_end"))
        return SigningSession.objects.count() + proofs.count()

    def is_led(self, answer: Any) -> bool:
        return (answer.status_code, answer.headers.get("Location")) == (303, self.where)


@pytest.mark.django_db
@BOTH
@pytest.mark.parametrize("later", [timedelta(0), LATER], ids=["at once", "later"])
def test_it_leads_on_twice_and_opens_once(
    door: Door, later: timedelta, card: Card, settings: Settings
) -> None:
    person = Pressing(card, door)
    assert person.is_led(person.press())
    token, entries = person.cookie(), Entry.objects.count()
    settings.CLOCK_OFFSET += later
    assert person.is_led(person.press())
    assert (person.opened(), person.cookie(), Entry.objects.count()) == (1, token, entries)
    assert person.browser.get(person.where).status_code == 200


@pytest.mark.django_db
@BOTH
def test_a_reply_that_was_lost_is_given_again_for_half_a_minute(
    door: Door, card: Card, settings: Settings
) -> None:
    person = Pressing(card, door)
    person.press()
    again = person.without_reply()
    assert person.is_led(person.press(again)) and person.opened() == 1
    assert again.get(person.where).status_code == person.browser.get(person.where).status_code == 200
    settings.CLOCK_OFFSET += LATER
    assert person.press(person.without_reply()).status_code == 422
    assert person.opened() == 1


@pytest.mark.django_db
@BOTH
def test_another_browser_and_another_answer_are_led_nowhere(door: Door, card: Card) -> None:
    """Not even one that has stolen the answer and the session's cookie; nor does the challenge take a second answer."""
    person = Pressing(card, door)
    assert person.is_led(person.press())
    thief = Client(enforce_csrf_checks=True)
    thief.get(person.path)
    assert person.press(thief).status_code == 422
    name = configured.SIGNER_COOKIE_NAME
    thief.cookies[name] = person.cookie()
    assert person.press(thief).status_code == 422
    other = json.dumps({**json.loads(person.text), "medium": "phone"})
    assert person.press(text=other).status_code == 422
    assert person.opened() == 1


@pytest.mark.django_db
@BOTH
def test_what_went_wrong_is_said_twice_and_opens_nothing(door: Door, card: Card) -> None:
    person = Pressing(card, door, outcome="wrong_pin", tries_left=2, signature=b"")
    pages = [person.press() for _press in range(2)]
    assert [page.status_code for page in pages] == [422, 422]
    assert all("暗証番号が違います" in page.content.decode() for page in pages)
    right = card.answer(_request_of(person))
    assert person.press(text=right).status_code == 422 and person.opened() == 0


def _request_of(person: Pressing) -> str:
    """The very challenge that was answered wrongly."""
    state = json.loads(person.text)["state"]
    return ceremonies.card_request(Ceremony.objects.get(public_id=state), "/back/")


@pytest.mark.django_db
@BOTH
def test_what_has_ended_since_is_not_led_to(door: Door, card: Card) -> None:
    person = Pressing(card, door)
    person.press()
    if door is SIGN_IN:
        person.browser.post("/me/end/", {"csrfmiddlewaretoken": _csrf(person)})
        assert SigningSession.objects.exclude(ended_at=None).exists()
    else:
        Credential.objects.update(state="active")
    for browser in (person.browser, person.without_reply()):
        assert person.press(browser).status_code == 422
    assert SigningSession.objects.filter(ended_at=None).count() == 0


def _csrf(person: Pressing) -> str:
    return hidden(person.browser.get("/me/"), "csrfmiddlewaretoken")


@pytest.mark.django_db
def test_a_person_asked_again_by_a_system_is_led_back_to_it_twice(card: Card) -> None:
    """The day's session is proved once; the second answer does not make the proof any younger."""
    person = Pressing(card, SIGN_IN)
    person.press()
    page = person.browser.get(Ehr().authorize_path(prompt="login"))
    text = card.answer(hidden(page, "request"))
    first = person.press(text=text)
    proved = SigningSession.objects.get().proved_at
    assert (first.status_code, proved is not None) == (303, True)
    second = person.press(text=text)
    assert (second.status_code, second["Location"]) == (303, first["Location"])
    assert SigningSession.objects.get().proved_at == proved
    assert person.press(person.without_reply(), text).status_code == 422


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
@BOTH
def test_of_sixteen_equal_answers_one_opens_and_all_lead_on(door: Door, card: Card) -> None:
    person = Pressing(card, door)
    browsers = [person.without_reply() for _number in range(THREADS)]
    pages = _at_once(lambda number: person.press(browsers[number]))
    assert all(person.is_led(page) for page in pages) and person.opened() == 1
    name = configured.SIGNER_COOKIE_NAME
    assert len({browser.cookies[name].value for browser in browsers}) == 1


def _at_once(act: Callable[[int], Any]) -> list[Any]:
    gate = threading.Barrier(THREADS)

    def run(number: int) -> Any:
        gate.wait(30)
        try:
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))
