"""Drafts: nothing typed is lost, two tabs do not overwrite each other, a changed authority clears what it must."""

from typing import Any

import pytest
from django.urls import reverse

from enrollment import drafts, flow
from enrollment.errors import Refused
from enrollment.models import Application, SealedPin, Statement
from enrollment.steps import QUESTIONS
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


MEMBERS = ("1234567890", "1234567891")


def tab(person: Applying, version: int, number: str, **more: str) -> Any:
    """One tab's 保存して次へ at the page of the membership, as it was drawn at this version."""
    url = reverse("step", args=["membership"])
    return person.browser.post(url, {"version": version, "member": "yes", "number": number, **more})


def test_two_tabs_do_not_overwrite_each_other_and_the_person_chooses_field_by_field() -> None:
    person = Applying()
    person.until("membership")
    assert tab(person, 0, MEMBERS[0]).status_code == 302
    page = tab(person, 0, MEMBERS[1]).content.decode()
    for words in ("どちらの内容を残しますか", *MEMBERS, "この画面で入力した内容", "別の画面で保存された内容"):
        assert words in page, words
    assert page.count("<fieldset") == 1 and "所属している" not in page  # what both say alike is not asked
    assert "<title>エラー：" in page
    assert drafts.answers(person.application, "membership")["number"] == MEMBERS[0]
    assert tab(person, 1, MEMBERS[1], resolve="1", **{"choose-number": "other"}).status_code == 302
    assert drafts.answers(person.application, "membership")["number"] == MEMBERS[0]
    assert tab(person, 1, MEMBERS[1], resolve="1", **{"choose-number": "mine"}).status_code == 302
    assert drafts.answers(person.application, "membership")["number"] == MEMBERS[1]


def test_a_third_tab_meets_the_choice_too() -> None:
    person = Applying()
    person.until("membership")
    tab(person, 0, MEMBERS[0])
    tab(person, 1, "1234567899")
    chosen = tab(person, 1, MEMBERS[1], resolve="1", **{"choose-number": "mine"}).content.decode()
    assert "1234567899" in chosen and MEMBERS[1] in chosen


def test_the_same_answer_sent_twice_is_no_conflict() -> None:
    person = Applying()
    person.until("membership")
    for _click in range(2):
        assert tab(person, 0, MEMBERS[0]).status_code == 302
    assert person.application.answers.get(step="membership").version == 1


def test_what_is_typed_keeps_itself_right_or_wrong_and_counts_only_after_next() -> None:
    person = Applying()
    person.until("membership")
    told = tab(person, 0, "12", autosave="1").json()
    assert (told["state"], told["version"]) == ("saved", 1) and told["text"].startswith("保存しました ")
    told = tab(person, 1, "123", autosave="1").json()
    assert told["version"] == 2
    page = person.get("membership").content.decode()
    assert 'value="123"' in page and "エラー" not in page  # half typed is no mistake yet
    draft = drafts.load(person.application, clock.now())
    assert "membership" in draft.begun and not flow.STEP["membership"].is_complete(draft)
    assert tab(person, 2, MEMBERS[0]).status_code == 302
    assert tab(person, 3, MEMBERS[0], autosave="1").json()["version"] == 3
    assert flow.STEP["membership"].is_complete(drafts.load(person.application, clock.now()))


def test_next_pressed_while_the_same_text_is_being_kept_is_no_conflict() -> None:
    person = Applying()
    person.until("membership")
    assert tab(person, 0, MEMBERS[0], autosave="1").json()["version"] == 1
    assert tab(person, 0, MEMBERS[0]).status_code == 302
    assert drafts.answers(person.application, "membership")["number"] == MEMBERS[0]


def test_keeping_by_itself_overwrites_no_other_tab() -> None:
    person = Applying()
    person.until("membership")
    tab(person, 0, MEMBERS[0])
    told = tab(person, 0, "12", autosave="1").json()
    assert told["state"] == "kept" and "別の画面" in told["text"]
    assert drafts.answers(person.application, "membership")["number"] == MEMBERS[0]


def test_a_secret_never_keeps_itself() -> None:
    person = Applying()
    person.until("card-pin")
    url = reverse("step", args=["card-pin"])
    told = person.browser.post(url, {"version": "0", "pin": "8305", "again": "8305", "autosave": "1"})
    assert told.json()["state"] == "kept"
    assert "data-autosave" not in person.get("card-pin").content.decode()
    assert not SealedPin.objects.exists() and not person.application.answers.filter(step="card-pin").exists()


@pytest.mark.requirement("ST-02")
def test_pausing_keeps_half_an_answer_and_says_so() -> None:
    person = Applying()
    person.until("membership")
    page = person.browser.post(
        reverse("step", args=["membership"]),
        {"version": "0", "member": "yes", "number": "12", "pause": "1"},
        follow=True,
    )
    content = page.content.decode()
    assert page.redirect_chain == [(reverse("tasks"), 302)]
    assert "ここまでの入力を保存しました" in content and "続きから（会への所属）" in content
    assert 'value="12"' in person.get("membership").content.decode()


def test_a_page_whose_session_has_ended_keeps_nothing_and_leads_to_the_card() -> None:
    person = Applying()
    person.until("membership")
    person.session.delete()
    assert tab(person, 0, "12", autosave="1").url.startswith(reverse("sign_in"))


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


@pytest.mark.requirement("ST-09", "CA-17")
def test_a_later_change_returns_to_the_check_page() -> None:
    person = Applying()
    person.until(flow.SIGN)
    assert person.post("membership", {"member": "no"}).url == reverse("step", args=["check"])
    assert not Statement.objects.exists()
    assert person.get(flow.SIGN).url == reverse("tasks")


def test_an_unchanged_answer_keeps_the_consent_and_goes_back_to_the_check_page() -> None:
    person = Applying()
    person.until(flow.SIGN)
    url = reverse("step", args=["membership"]) + "?from=check"
    page = person.browser.post(url, {"version": "1", **person.answers("membership")})
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


def test_of_an_answer_larger_than_any_honest_one_only_the_beginning_is_kept() -> None:
    person = Applying()
    person.until("membership")
    tab(person, 0, "1" * 30_000)
    data = person.application.answers.get(step="membership").data
    assert data["raw"]["number"] == ["1" * drafts.LONGEST_TEXT] and data["values"] is None


def test_every_step_s_longest_texts_fit_together() -> None:
    for slug, form in QUESTIONS.items():
        names = form.base_fields
        assert sum(len(name) + drafts.LONGEST_TEXT for name in names) <= drafts.LARGEST_RAW, slug
        longest = [getattr(field, "max_length", None) or 0 for field in names.values()]
        assert max(longest, default=0) < drafts.LONGEST_TEXT, slug
