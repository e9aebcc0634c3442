"""Signing in, staying signed in, and what a card that says no is told."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from cards import reader
from cards.exchange import request_from_json
from enrollment.models import ApplicantSession, CardReading
from ledger import clock
from tests.support.people import Applying

pytestmark = pytest.mark.django_db


@pytest.mark.requirement("ST-21")
def test_every_page_says_until_when_and_the_session_is_extended_without_the_card() -> None:
    person = Applying()
    person.sign_in()
    page = person.browser.get(reverse("tasks")).content.decode()
    until = ApplicantSession.objects.get().last_seen_at + timedelta(minutes=30)
    assert f"{until.astimezone(clock.JST):%H:%M}</span>まで有効です" in page
    assert 'data-session="/apply/session/"' in page and "enrollment/idle.js" in page
    seen = clock.now() - timedelta(minutes=28, seconds=30)
    ApplicantSession.objects.update(last_seen_at=seen)
    for _tab in range(2):
        left = person.browser.get(reverse("session")).json()["seconds"]
        assert 80 <= left <= 90  # to ask is no use of it
    assert person.browser.post(reverse("session")).json()["seconds"] > 1790
    assert CardReading.objects.filter(spent_at=None).count() == 0
    ApplicantSession.objects.update(last_seen_at=clock.now() - timedelta(minutes=30))
    assert person.browser.post(reverse("session")).json() == {
        "seconds": 0
    }  # too late: it does not rise again
    assert person.browser.get(reverse("tasks")).status_code == 302


def test_a_stranger_has_no_session_to_extend_and_a_forged_form_extends_none() -> None:
    assert Client().get(reverse("session")).json() == {"seconds": 0}
    person = Applying()
    person.sign_in()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = person.browser.cookies
    assert strict.post(reverse("session")).status_code == 403


@pytest.mark.requirement("ST-06")
@pytest.mark.parametrize(
    ("slug", "name", "times"),
    [("", "利用者証明用電子証明書の暗証番号（数字4桁）", "3回"),
     ("card", "券面事項入力補助用の暗証番号（数字4桁）", "3回"),
     ("sign", "署名用電子証明書の暗証番号（英数字6〜16文字）", "5回")],
)  # fmt: skip
def test_a_locked_card_names_the_pin_the_tries_and_the_place_once(slug: str, name: str, times: str) -> None:
    person = Applying()
    if slug:
        person.until(slug)
    page = person.get(slug) if slug else person.browser.get(reverse("sign_in"))
    asked = request_from_json(person.asked(page))
    before = CardReading.objects.count()
    told = person.answer(reader.failed(asked, "locked", "card", 0)).content.decode()
    assert f"{name}が使えなくなっています" in told and f"{times}続けて間違えた" in told and "残り0回" in told
    assert "市区町村の窓口" in told and told.count('class="notice notice-error refusal"') == 1
    assert ("コンビニの端末" in told) is (slug == "sign")
    assert (
        CardReading.objects.count() == before and "<form" not in told.partition("<footer")[0]
    )  # nothing by itself


@pytest.mark.requirement("ST-06")
def test_a_wrong_pin_says_how_many_tries_are_left() -> None:
    person = Applying()
    asked = request_from_json(person.asked(person.browser.get(reverse("sign_in"))))
    told = person.answer(reader.failed(asked, "wrong_pin", "card", 2)).content.decode()
    assert "あと2回まちがえると使えなくなります" in told


@pytest.mark.requirement("ST-04")
def test_every_way_asks_for_the_physical_card_and_the_four_digits() -> None:
    for way in ("iphone", "android", "reader", "qr"):
        page = Client().get(reverse("sign_in"), {"way": way}).content.decode()
        assert "利用者証明用電子証明書の暗証番号" in page and "数字 4 桁" in page
        assert "プラスチックのマイナンバーカードそのもの" in page and 'type="password"' not in page


@pytest.mark.requirement("ST-03", "ST-12", "K-04")
@pytest.mark.parametrize("wanted", ["apply", "status"])
def test_a_phone_held_certificate_opens_neither_the_application_nor_the_status(wanted: str) -> None:
    person = Applying("phone")
    told = person.sign_in(wanted).content.decode()
    assert (
        "医療等分野の電子署名利用申請は、スマホ用電子証明書に対応していないため、利用できません。"
        "マイナンバーカードを利用して再度ログインしてください。" in told
    )
    assert "※ 申請状況照会には利用できません。" in told
    assert person.browser.get(reverse("status")).url.startswith(reverse("sign_in"))
