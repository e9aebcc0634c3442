"""One exchange with a card reader: for this browser, once, with the card of the sign-in."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from cards.exchange import CardResponse, to_json
from enrollment.models import Applicant, ApplicantSession, Application, CardReading
from ledger import clock
from tests.support.people import Applying

pytestmark = pytest.mark.django_db
PHONE = (
    "医療等分野の電子署名利用申請は、スマホ用電子証明書に対応していないため、利用できません。"
    "マイナンバーカードを利用して再度ログインしてください。"
)


def answered(person: Applying, **changed: object) -> tuple[CardResponse, object]:
    response = person.read_card(person.browser.get(reverse("sign_in")))
    return response, person.answer(replace(response, **changed))  # type: ignore[arg-type]


@pytest.mark.requirement("ST-03")
@pytest.mark.parametrize("wanted", ["apply", "status"])
def test_a_phone_held_certificate_reads_the_source_s_own_sentence(wanted: str) -> None:
    page = Applying("phone").sign_in(wanted)
    assert PHONE in page.content.decode()
    assert "申請状況照会には利用できません" in page.content.decode()
    assert not Applicant.objects.exists()


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("cancelled", "中止しました"),
        ("wrong_pin", "暗証番号が違います"),
        ("locked", "市区町村の窓口"),
        ("removed", "残り回数は減っていません"),
        ("error", "カードを読み取れませんでした"),
    ],
)
@pytest.mark.requirement("ST-06", "ST-27")
def test_what_the_reader_could_not_do_is_said_with_the_way_on(outcome: str, words: str) -> None:
    person = Applying()
    sent = person.read_card(person.browser.get(reverse("sign_in")))
    failed = CardResponse(operation=sent.operation, state=sent.state, outcome=outcome, tries_left=2)  # type: ignore[arg-type]
    page = person.answer(failed)
    assert page.status_code == 409 and words in page.content.decode()
    assert not Applicant.objects.exists()
    assert person.sign_in().status_code == 302


def test_an_answer_is_spent_once() -> None:
    """The account that it opened is led on to where it led; once that is closed, or for anybody else, it is nothing."""
    person = Applying()
    response, page = answered(person)
    assert page.status_code == 302  # type: ignore[attr-defined]
    sessions = ApplicantSession.objects.count()
    assert person.answer(response).url == page.url  # type: ignore[attr-defined]
    assert (ApplicantSession.objects.count(), CardReading.objects.filter(spent_at=None).count()) == (
        sessions,
        0,
    )
    other = Applying()
    other.sign_in()
    assert other.answer(response).status_code == 409
    person.browser.post(reverse("sign_out"))
    assert person.answer(response).status_code == 409


def test_another_browser_cannot_use_the_answer() -> None:
    """A stolen or planted answer (login CSRF) finds no row for its own browser."""
    person, thief = Applying(), Client()
    response = person.read_card(person.browser.get(reverse("sign_in")))
    thief.get(reverse("sign_in"))
    page = thief.post(reverse("card_answer"), {"response": to_json(response)})
    assert page.status_code == 409 and "このブラウザー" in page.content.decode()
    assert not Applicant.objects.exists()


def test_an_answer_dies_after_ten_minutes() -> None:
    person = Applying()
    response = person.read_card(person.browser.get(reverse("sign_in")))
    CardReading.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert person.answer(response).status_code == 409


def test_a_signature_over_another_challenge_opens_nothing() -> None:
    person = Applying()
    old = person.read_card(person.browser.get(reverse("sign_in")))
    CardReading.objects.update(challenge=b"x" * 32)
    page = person.answer(old)
    assert "確認できませんでした" in page.content.decode()
    assert not Applicant.objects.exists()


@pytest.mark.requirement("ST-23")
def test_another_card_at_the_reading_is_refused_and_nothing_is_lost() -> None:
    person = Applying()
    person.until("card")
    page = person.answer(person.read_card(person.get("card"), card="dentist"))
    assert "ログインに使用したマイナンバーカードをセットしてください" in page.content.decode()
    assert not person.application.answers.filter(step="card").exists()
    assert person.application.answers.filter(step="qualification").exists()
    assert person.do("card").url == reverse("step", args=["card-check"])


@pytest.mark.requirement("NM-01", "NM-02", "NM-03")
def test_the_name_is_kept_code_point_by_code_point() -> None:
    person = Applying("variant-kanji")
    person.until("card-check")
    card = person.application.answers.get(step="card").data["values"]
    assert card["name"] == "\u9ad9\u6a4b\u3000\U00020bb7\u4e43"


@pytest.mark.requirement("CA-12")
def test_the_draft_exists_from_the_first_second() -> None:
    person = Applying()
    person.sign_in()
    assert Application.objects.get().state == "draft"


@pytest.mark.requirement("ST-05")
def test_no_pin_reaches_the_portal() -> None:
    person = Applying()
    response = person.read_card(person.browser.get(reverse("sign_in")))
    assert person.person.authentication_pin not in {response.state} and '"pin' not in to_json(response)
