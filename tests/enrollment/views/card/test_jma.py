"""JMA's way as its holder walks it (seed 001 annex 2, 3/6; BD-08, BD-13)."""

from datetime import timedelta

import pytest
from django.conf import settings as configured
from django.test import Client
from pytest_django import Settings

from enrollment import authorities
from enrollment.authority_data import rows
from enrollment.authority_data.kinds import FlagRow
from ledger import clock
from outbox.models import Mail
from signing.models import Authenticator
from tests.enrollment.applicants.test_card_numbers import (
    CARD_ID,
    NUMBER,
    TestTheWayBack,
    code_in_the_mail,
    credential,
    holder,
)

pytestmark = pytest.mark.django_db
NUMBERS, CODE = "/card/jma/numbers/", "/card/jma/code/"


def text(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined, no-any-return]


def give(browser: Client, number: str = NUMBER, card_id: str = CARD_ID) -> object:
    return browser.post(NUMBERS, {"number": number, "card_id": card_id})


@pytest.mark.requirement("BD-13")
def test_the_page_asks_first_and_no_leads_to_the_advice_with_its_link() -> None:
    page = text(Client().get("/card/jma/"))
    assert (
        "既に医師資格証をお持ちですか" in page and f'href="{NUMBERS}"' in page and 'href="?holds=no"' in page
    )
    advice = text(Client().get("/card/jma/?holds=no"))
    assert "新規に医師資格証を申請いただければ、同時にセカンド電子証明書も発行されます" in advice
    assert authorities.authority("jma").site in advice and NUMBERS not in advice


@pytest.mark.requirement("BD-08", "BD-13", "RV-9")
def test_the_whole_way_to_a_qr_code_in_this_browser() -> None:
    holder(), credential()
    browser = Client()
    assert give(browser, "第２６５４３２号", "j2-0265 432a")["Location"] == CODE  # type: ignore[index]
    page = text(browser.get(CODE))
    assert "s•••@people.example" in page and "saeki@" not in page
    told = browser.post(CODE, {"code": code_in_the_mail()})
    assert told["Location"] == "/card/phone/qr/"
    assert 'class="qr"' in text(browser.get(told["Location"]))
    assert browser.get(CODE)["Location"] == "/card/jma/"


@pytest.mark.requirement("BD-13")
def test_wrong_pairs_get_the_same_page_and_the_sixth_says_that_it_is_locked() -> None:
    holder()
    pages = []
    for number, card_id in ((NUMBER, "WRONG"), ("999999", CARD_ID)):
        answer = give(Client(), number, card_id)
        assert answer.status_code == 422  # type: ignore[attr-defined]
        page = text(answer).split("<main")[1].split("</main")[0]
        pages.append(page.replace(number, "N").replace(card_id, "C").split("csrfmiddlewaretoken")[0])
    assert pages[0] == pages[1] and "どちらか" not in pages[0]
    for _ in range(4):
        give(Client(), NUMBER, "WRONG")
    assert "24時間止めています" in text(give(Client()))
    assert not Mail.objects.exists()


@pytest.mark.parametrize(("number", "card_id"), [("", ""), ("abc", "あ"), ("0", "A" * 17), ("12345678", "!")])
def test_what_cannot_be_the_numbers_costs_no_try(number: str, card_id: str) -> None:
    holder()
    for _ in range(6):
        assert give(Client(), number, card_id).status_code == 422  # type: ignore[attr-defined]
    assert give(Client()).status_code == 302  # type: ignore[attr-defined]


def test_a_code_is_sent_again_as_at_the_application(settings: Settings) -> None:
    holder(), credential()
    browser = Client()
    give(browser)
    answer = browser.post(CODE, {"resend": "1"}, follow=True)
    assert "秒待つと再送できます" in text(answer) and Mail.objects.filter(kind="n2").count() == 1
    settings.CLOCK_OFFSET += timedelta(seconds=61)
    browser.post(CODE, {"resend": "1"})
    assert Mail.objects.filter(kind="n2").count() == 2
    assert browser.post(CODE, {"code": "12345"}).status_code == 422
    assert browser.post(CODE, {"code": code_in_the_mail()}).status_code == 302


@pytest.mark.requirement("BD-08")
def test_a_living_phone_is_answered_with_the_other_ways(settings: Settings) -> None:
    holder()
    Authenticator.objects.create(
        credential=credential(), webauthn_id=b"old", public_key=b"k", label="iPhone", bound_at=clock.now()
    )
    browser = Client()
    give(browser)
    answer = browser.post(CODE, {"code": code_in_the_mail()})
    page = text(answer)
    assert answer.status_code == 409 and "すでに登録されています" in page
    assert 'href="/me/"' in page and "認証局の窓口" in page and "iPhone" not in page


@pytest.mark.requirement("BD-13")
def test_the_way_back_asks_on_get_and_undoes_on_post() -> None:
    holder(), credential()
    way = TestTheWayBack()
    link = way.shown(clock.now())
    address = f"/card/jma/undo/{way.undo_token()}/"
    browser = Client(enforce_csrf_checks=True)
    for _ in range(3):  # mail scanners
        page = browser.get(address)
        assert "取り消しますか" in text(page) and "no-store" in page["Cache-Control"]
    link.refresh_from_db()
    assert link.state == "open"
    token = browser.cookies[configured.CSRF_COOKIE_NAME].value
    assert browser.post(address).status_code == 403
    assert "取り消しました" in text(browser.post(address, {"csrfmiddlewaretoken": token}))
    link.refresh_from_db()
    assert link.state == "void"
    assert "取り消しました" in text(browser.get(address))
    assert Client().get("/card/jma/undo/unknown/").status_code == 404


def test_where_the_authority_does_not_take_numbers_there_is_no_such_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert 'href="/card/jma/"' in text(Client().get("/card/"))
    closed = {
        **rows.CARD_NUMBERS,
        "jma": (*rows.CARD_NUMBERS["jma"], FlagRow(clock.today(clock.now()), False)),
    }
    monkeypatch.setattr(rows, "CARD_NUMBERS", closed)
    for path in ("/card/jma/", NUMBERS, CODE):
        assert Client().get(path).status_code == 404
    assert "/card/jma/" not in text(Client().get("/card/"))
    assert not authorities.takes_card_numbers("medis", clock.today(clock.now()))
