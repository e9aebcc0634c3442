"""Drafts: nothing typed is lost, two tabs do not overwrite each other, a changed authority clears what it must."""

import pytest
from django.urls import reverse

from enrollment import drafts, flow
from enrollment.errors import Refused
from enrollment.models import Application, SealedPin, Statement
from ledger import clock
from tests.support.people import Applying

pytestmark = pytest.mark.django_db


def test_half_an_answer_survives_signing_in_elsewhere() -> None:
    person = Applying()
    person.until("licence")
    page = person.post("licence", {"registration_number": "41-2345", "registered_on": "平成"})
    assert "エラー" in page.content.decode()
    elsewhere = Applying()
    elsewhere.sign_in()
    content = elsewhere.get("licence").content.decode()
    assert "41-2345" in content and "平成" in content
    assert not flow.STEP["licence"].is_complete(drafts.load(person.application, clock.now()))


def test_two_tabs_do_not_overwrite_each_other() -> None:
    person = Applying()
    person.until("home")
    url = reverse("step", args=["home"])
    assert person.browser.post(url, {"version": "0", "postal_code": "1130021"}).status_code == 302
    page = person.browser.post(url, {"version": "0", "postal_code": "1000001"})
    content = page.content.decode()
    assert page.status_code == 200 and "1000001" in content and "1130021" in content
    assert drafts.answers(person.application, "home") == {"postal_code": "1130021"}
    chosen = {"version": "1", "resolve": "1", "postal_code": "1000001", "choose-postal_code": "mine"}
    assert person.browser.post(url, chosen).status_code == 302
    assert drafts.answers(person.application, "home") == {"postal_code": "1000001"}


def test_the_same_answer_sent_twice_is_no_conflict() -> None:
    person = Applying()
    person.until("home")
    url = reverse("step", args=["home"])
    for _click in range(2):
        assert person.browser.post(url, {"version": "0", "postal_code": "1130021"}).status_code == 302
    assert person.application.answers.get(step="home").version == 1


@pytest.mark.requirement("CA-17", "PH-03")
def test_another_authority_clears_consent_and_pin_and_asks_again_for_what_it_needs() -> None:
    person = Applying()
    person.until(flow.SIGN)
    assert SealedPin.objects.exists() and Statement.objects.count() == 1
    choice = {"hpki_card": "none", "qualification": "doctor", "authority": "medis"}
    assert person.post("qualification", choice).status_code == 302
    assert not SealedPin.objects.exists() and not Statement.objects.exists()
    draft = drafts.load(person.application, clock.now())
    assert flow.CONSENT not in draft.answers and flow.first_open(draft).slug == "card-pin"


@pytest.mark.requirement("ST-09")
def test_a_later_change_returns_to_the_check_page() -> None:
    person = Applying()
    person.until(flow.SIGN)
    assert person.post("home", {"postal_code": "1000001"}).url == reverse("step", args=["check"])
    assert not Statement.objects.exists()
    assert person.get(flow.SIGN).url == reverse("tasks")


def test_an_unchanged_answer_keeps_the_consent_and_goes_back_to_the_check_page() -> None:
    person = Applying()
    person.until(flow.SIGN)
    url = reverse("step", args=["home"]) + "?from=check"
    page = person.browser.post(url, {"version": "1", "postal_code": person.person.postal_code})
    assert page.url == reverse("step", args=["check"])
    assert Statement.objects.count() == 1


@pytest.mark.requirement("CA-12", "CA-13")
def test_one_person_has_one_draft_however_often_it_is_begun() -> None:
    person = Applying()
    person.sign_in()
    for _click in range(3):
        person.browser.post(reverse("tasks"))
    assert Application.objects.count() == 1


@pytest.mark.requirement("CA-12")
def test_a_second_application_is_refused_while_one_is_pending() -> None:
    person = Applying()
    person.submit()
    for page in (person.browser.get(reverse("tasks")), person.browser.post(reverse("tasks"))):
        assert "審査中の申請があるため" in page.content.decode()
    again = Applying()
    assert "審査中の申請があるため" in again.sign_in().content.decode()
    assert Application.objects.count() == 1


def test_a_step_that_is_closed_cannot_be_saved_by_hand() -> None:
    person = Applying()
    application = person.submit()
    with pytest.raises(Refused, match="not_now"):
        drafts.save(application, "home", raw={}, values={}, version=1, at=clock.now())


def test_an_answer_larger_than_any_honest_one_is_not_kept() -> None:
    person = Applying()
    person.until("home")
    person.post("home", {"postal_code": "1" * 30_000})
    assert person.application.answers.get(step="home").data["raw"] == {}
