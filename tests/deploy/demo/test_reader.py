"""The demo's card reader as a browser meets it."""

import html
import logging
import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from cards.exchange import CardRequest, CardResponse, response_from_json, to_json
from cards.files import CardPin
from deploy.demo import people, reader

LOGIN = to_json(CardRequest("authenticate", challenge=b"c" * 32, return_to="/apply/login/", state="s1"))
READ = to_json(CardRequest("read_attributes", return_to="/apply/card/"))
SIGN = to_json(CardRequest("sign", digest=bytes(32), return_to="/apply/sign/"))


@pytest.fixture
def browser(home: Path) -> Client:
    return Client(raise_request_exception=True)


def post(browser: Client, request: str, **fields: str) -> tuple[int, str]:
    answer = browser.post("/reader/", {"request": request, **fields})
    return answer.status_code, answer.content.decode()


def answered(page: str) -> CardResponse:
    found = re.search(r'name="response" value="([^"]*)"', page)
    assert found
    return response_from_json(html.unescape(found[1]))


def read(browser: Client, request: str, card: str, pin: str, **more: str) -> str:
    status, page = post(browser, request, action="read", card=card, pin=pin, **more)
    assert status == 200
    return page


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (LOGIN, "利用者証明用電子証明書の暗証番号"),
        (READ, "券面事項入力補助用の暗証番号"),
        (SIGN, "署名用電子証明書の暗証番号"),
    ],
)
def test_the_page_names_the_pin_that_is_meant(browser: Client, request_: str, name: str) -> None:
    status, page = post(browser, request_)
    assert status == 200
    assert f'<p class="reader-pin">{name}</p>' in page
    assert page.count('type="radio"') in (14, 15)  # a forgotten HPKI card may lie there too (BD-02)
    assert "残り 5 回" in page if request_ is SIGN else "残り 3 回" in page
    assert "ロックされています" in page


def test_a_good_pin_ends_with_a_form_back_to_the_page_that_asked(browser: Client) -> None:
    page = read(browser, LOGIN, "doctor", "1234")
    assert "読み取りが終わりました" in page and "続ける" in page
    assert '<form method="post" action="/apply/login/">' in page
    response = answered(page)
    assert (response.outcome, response.state, response.medium) == ("ok", "s1", "card")


def test_the_signature_password_may_be_typed_in_lower_case(browser: Client) -> None:
    assert answered(read(browser, SIGN, "doctor", "abc123")).outcome == "ok"


@pytest.mark.requirement("ST-05")
def test_a_typed_pin_stands_in_no_page_and_no_log(browser: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    pages = [read(browser, LOGIN, "doctor", "7391"), read(browser, SIGN, "doctor", "QWE739")]
    assert all("7391" not in page and "QWE739" not in page for page in pages)
    assert "7391" not in caplog.text and "QWE739" not in caplog.text


@pytest.mark.requirement("ST-06")
def test_wrong_pins_stay_here_with_the_tries_left_and_then_lock(browser: Client) -> None:
    page = read(browser, READ, "doctor", "0000")
    assert "暗証番号が違います。残り 2 回です。" in page and "エラー：" in page
    assert "残り 1 回です。" in read(browser, READ, "doctor", "0001")
    warned = read(browser, READ, "doctor", "0002")
    assert "チェックを入れてください" in warned
    assert reader.tries_left("doctor", CardPin.ATTRIBUTES) == 1
    locked = read(browser, READ, "doctor", "0002", last_try="on")
    assert "暗証番号がロックされています" in locked and "申請の画面に戻る" in locked
    assert (answered(locked).outcome, answered(locked).tries_left) == ("locked", 0)
    assert answered(read(browser, LOGIN, "doctor", "1234")).outcome == "ok"  # another PIN, another counter


@pytest.mark.requirement("ST-07")
@pytest.mark.parametrize(
    ("request_", "pin"), [(LOGIN, "12345"), (LOGIN, "１２３４"), (SIGN, "ABCDEF"), (SIGN, "")]
)
def test_what_cannot_be_the_pin_costs_no_try(browser: Client, request_: str, pin: str) -> None:
    page = read(browser, request_, "doctor", pin)
    assert "エラー：" in page
    assert [reader.tries_left("doctor", which) for which in CardPin] == [3, 5, 3]


@pytest.mark.parametrize(
    ("request_", "pin", "name"),
    [(LOGIN, "1234", "利用者証明用"), (READ, "5678", "券面事項入力補助用"), (SIGN, "ABC123", "署名用")],
)
def test_the_locked_card_is_named_here_and_explained_by_the_portal(
    browser: Client, request_: str, pin: str, name: str
) -> None:
    page = read(browser, request_, "locked", pin)
    assert f"このカードの{name}の暗証番号は使えません" in page and 'class="refusal' not in page
    assert "別のカードで読み取る" in page
    assert answered(page).outcome == "locked"


@pytest.mark.requirement("ST-27")
def test_a_card_taken_away_early_costs_no_try_and_is_read_again(browser: Client) -> None:
    for request_, pin in ((LOGIN, "1234"), (READ, "5678"), (SIGN, "ABC123")):
        page = read(browser, request_, "doctor", pin, taken_away="on")
        assert "暗証番号の回数は減っていません" in page and "もう一度読み取る" in page
        assert answered(page).outcome == "removed"
    assert [reader.tries_left("doctor", which) for which in CardPin] == [3, 5, 3]
    again = post(browser, LOGIN)[1]
    for words in ("カードをセット", "動かさないでください", "取り外します", "読み取っています。"):
        assert words in again
    assert "カードを取り外してください" in read(browser, LOGIN, "doctor", "1234")


def test_a_phone_signs_in_and_reads_nothing(browser: Client) -> None:
    assert answered(read(browser, LOGIN, "phone", "1234")).medium == "phone"
    page = read(browser, READ, "phone", "5678")
    assert "スマートフォンの電子証明書では" in page
    assert (answered(page).outcome, answered(page).medium) == ("error", "phone")


def test_cancelling_sends_no_pin_and_answers(browser: Client) -> None:
    status, page = post(browser, LOGIN, action="cancel", card="doctor", pin="0000")
    assert (status, answered(page).outcome) == (200, "cancelled")
    assert reader.tries_left("doctor", CardPin.AUTHENTICATION) == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "\x00",
        LOGIN.replace("/apply/login/", "//evil.example/"),
        LOGIN.replace("/apply/login/", "javascript:x"),
    ],
)
def test_a_bent_request_is_a_clear_400(browser: Client, text: str) -> None:
    status, page = post(browser, text)
    assert status == 400
    assert "読み取りを始められません" in page and "エラー：" in page


@pytest.mark.parametrize("card", ["", "nobody", "../keys/web"])
def test_only_demo_cards_lie_on_the_reader(browser: Client, card: str) -> None:
    assert "エラー：" in read(browser, LOGIN, card, "1234")


def test_the_last_card_is_remembered_by_its_name_only(browser: Client) -> None:
    read(browser, LOGIN, "pharmacist", "1234")
    cookie = browser.cookies[reader.COOKIE]
    assert (cookie.value, cookie["httponly"], cookie["path"]) == ("pharmacist", True, "/reader/")
    page = post(browser, READ)[1]
    assert re.search(r'value="pharmacist"[^>]* checked', page)


def test_a_card_without_a_memory_is_a_card_that_is_gone(browser: Client) -> None:
    people.card_path("doctor").unlink()
    assert answered(read(browser, LOGIN, "doctor", "1234")).outcome == "removed"


def test_the_reader_wants_a_csrf_token_and_is_never_cached(home: Path) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/reader/", {"request": LOGIN}).status_code == 403
    idle = strict.get("/reader/")
    assert idle.status_code == 200 and "no-store" in idle["Cache-Control"]
    assert (Client().put("/reader/").status_code, Client().head("/reader/").status_code) == (405, 200)


def test_no_inline_style_or_script(browser: Client) -> None:
    for page in (
        post(browser, LOGIN)[1],
        read(browser, LOGIN, "doctor", "1234"),
        browser.get("/reader/").content.decode(),
    ):
        assert not re.search(r"<script(?! type=\"module\" src=)|<style|\sstyle=|\son[a-z]+=", page)


@pytest.mark.django_db
def test_the_portal_and_the_reader_understand_each_other(browser: Client) -> None:
    asked = re.search(r'name="request" value="([^"]*)"', browser.get(reverse("sign_in")).content.decode())
    assert asked
    page = read(browser, html.unescape(asked[1]), "doctor", "1234")
    back = re.search(r'<form method="post" action="([^"]*)">', page)
    assert back
    answer = browser.post(html.unescape(back[1]), {"response": to_json(answered(page))})
    assert (answer.status_code, answer["Location"]) == (302, reverse("tasks"))
