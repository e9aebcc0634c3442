"""/card/ with and without a front that takes HPKI cards (decision 40, BD-11, BD-18)."""

import pytest
from django.test import Client
from pytest_django import Settings

from enrollment import authorities
from tests.support.card_site import hpki
from tests.support.card_site.nginx import SECRET

pytestmark = pytest.mark.django_db


def test_the_start_page_leads_holders_to_a_page_that_says_what_they_can_do() -> None:
    assert 'href="/card/"' in Client().get("/").content.decode()
    answer = Client().get("/card/")
    page = answer.content.decode()
    assert answer.status_code == 200 and page.count("<h1") == 1
    assert "このサイトでは使えません" in page and 'href="/me/"' in page
    assert "HPKIカードで登録" not in page
    for office in authorities.all_authorities():
        assert office.contact in page and office.site in page


@pytest.mark.parametrize("purpose", ["my_number_card", "phone", "certificate", "session"])
def test_without_nginx_each_way_says_so_and_what_else_one_can_do(purpose: str) -> None:
    page = Client().get(f"/card/sign-in/{purpose}/").content.decode()
    assert "このサイトでは使えません" in page and 'href="/me/sign-in/"' in page and "#offices" in page
    assert "https://" not in page.split("<main")[1].split("</main")[0]


@pytest.mark.requirement("BD-11", "BD-18")
def test_with_nginx_the_page_lists_what_is_needed_and_names_the_browsers(settings: Settings) -> None:
    settings.CARD_ORIGIN, settings.PROXY_SECRET = hpki.CARD_ORIGIN, SECRET
    page = Client().get("/card/").content.decode()
    for needed in (
        "HPKIカード、マイナンバーカード、ICカードリーダー、JPKI利用者ソフト",
        "生体認証",
        "タブレット",
    ):
        assert needed in page
    for browser in ("Microsoft Edge", "Google Chrome", "Safari", "Android では Chrome"):
        assert browser in page
    for purpose in ("my_number_card", "phone", "certificate"):
        assert f'href="/card/sign-in/{purpose}/"' in page
        start = Client().get(f"/card/sign-in/{purpose}/").content.decode()
        assert f'href="{hpki.CARD_ORIGIN}/card/hpki/?visit=' in start and "暗証番号（PIN）" in start


def test_a_purpose_that_is_none_does_not_exist(settings: Settings) -> None:
    settings.CARD_ORIGIN, settings.PROXY_SECRET = hpki.CARD_ORIGIN, SECRET
    assert Client().get("/card/sign-in/admin/").status_code == 404


@pytest.mark.parametrize("query", ["", "?reason=", "?reason=<script>", "?reason=hpki_none%00"])
def test_a_reason_that_is_none_of_ours_leads_to_the_start(query: str) -> None:
    assert Client().get(f"/card/refused/{query}")["Location"] == "/card/"


def test_a_refusal_names_all_offices_where_the_card_says_nothing() -> None:
    answer = Client().get("/card/refused/?reason=hpki_none&authority=evil.example")
    page = answer.content.decode().split("<main")[1].split("</main")[0]
    assert answer.status_code == 403 and "evil" not in page
    assert all(office.site in page for office in authorities.all_authorities())


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_is_sent_to_it(method: str) -> None:
    assert getattr(Client(), method)("/card/").status_code == 405
