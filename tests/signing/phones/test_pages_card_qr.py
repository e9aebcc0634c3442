"""The PC's page with the QR code beside the phone's pages: two browsers, one link."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from ledger import clock
from signing import links
from signing.models import Authenticator, EnrollmentLink, SigningSession
from tests.support.credentials import active_credential
from tests.support.phone import Phone
from vault import tokens

pytestmark = pytest.mark.django_db
QR, STATE = "/card/phone/qr/", "/card/phone/qr/state/"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 20_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari"
ANDROID = "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 Chrome/150.0 Mobile Safari/537.36"


class Desk:
    """A PC that shows a QR code, and the phone before it."""

    def __init__(self, means: str = "hpki_card") -> None:
        self.credential = active_credential(at=clock.now())
        token = tokens.new_token()
        self.pc = Client()
        self.pc.cookies[settings.BROWSER_COOKIE_NAME] = token
        self.token = token
        shown = links.show(self.credential, means=means, browser_token=token, at=clock.now())
        self.path = shown.url_path
        self.phone = Client(enforce_csrf_checks=True, headers={"User-Agent": IPHONE})
        self.key = Phone(settings.ORIGIN, settings.WEBAUTHN_RP_ID)

    def page(self) -> str:
        return self.pc.get(QR).content.decode()

    def state(self) -> str:
        return str(self.pc.get(STATE).json()["state"])

    def open(self, phone: Client | None = None) -> Any:
        return (phone or self.phone).post(self.path, {"enter": "1"}, follow=True)

    def finish(self) -> Any:
        page = self.phone.get(self.path).content.decode()
        options = unescape(re.search(r'data-options="([^"]*)"', page)[1])  # type: ignore[index]
        ceremony = re.search(r'name="ceremony" value="([^"]*)"', page)[1]  # type: ignore[index]
        answer = {"ceremony": ceremony, "credential": self.key.register(options)}
        return self.phone.post(self.path + "complete/", answer, follow=True)


@pytest.mark.requirement("BD-04", "BD-06", "BD-09", "BD-17")
def test_a_phone_is_bound_and_both_screens_end_by_themselves() -> None:
    desk = Desk()
    page = desk.page()
    assert "qr-picture" in page
    assert desk.credential.signer.person_id in page
    assert "あと約 10 分" in page
    first = desk.phone.get(desk.path).content.decode()
    assert desk.credential.signer.person_id in first
    assert "医師" in first
    assert "日本医師会" in first
    assert desk.state() == "waiting"  # a GET holds nothing
    register = desk.open().content.decode()
    number = re.search(r'pick-number">(\d\d)<', register)[1]  # type: ignore[index]
    waiting = desk.page()
    assert "iPhone が" in waiting
    assert f'pick-number">{number}<' in waiting
    assert "qr-picture" not in waiting
    done = desk.finish().content.decode()
    label = Authenticator.objects.get().label
    assert label in done
    assert desk.state() == "bound"
    finished = desk.pc.get(QR)
    assert label in finished.content.decode()
    assert "ブラウザを閉じてください" in finished.content.decode()
    assert desk.pc.cookies[settings.BROWSER_COOKIE_NAME].value == ""
    again = Client()
    again.cookies[settings.BROWSER_COOKIE_NAME] = desk.token
    assert again.get(QR).status_code == 404


@pytest.mark.requirement("BD-04", "ST-20")
def test_a_scanner_consumes_nothing_and_a_second_phone_is_told_that_another_one_is_first() -> None:
    desk = Desk()
    before = EnrollmentLink.objects.values().get()
    for _ in range(10):
        response = Client().get(desk.path)
        assert response.status_code == 200
        assert not response.cookies
    assert EnrollmentLink.objects.values().get() == before
    desk.open()
    second = Client(headers={"User-Agent": ANDROID})
    for page in (second.get(desk.path), desk.open(second)):
        assert page.status_code == 409
        assert "別の端末かブラウザで、登録が始まっています" in page.content.decode()
    assert "登録する" in desk.phone.get(desk.path).content.decode()
    assert desk.finish().status_code == 200
    assert "使用済み" in second.get(desk.path).content.decode()


@pytest.mark.requirement("BD-05", "BD-18")
def test_the_pc_names_the_old_phone_and_no_leaves_it_as_it_is() -> None:
    desk = Desk()
    desk.open()
    desk.finish()
    old = Authenticator.objects.get()
    for wish, text in (("stop", "登録をやめました"), ("replace", "qr-picture")):
        links.show(desk.credential, means="hpki_card", browser_token=desk.token, at=clock.now())
        desk.pc.cookies[settings.BROWSER_COOKIE_NAME] = desk.token
        asked = desk.page()
        assert "現在のデバイスを削除して再度登録をし直しますか？" in asked
        assert old.label in asked
        assert "qr-picture" not in asked
        assert text in desk.pc.post(QR, {"wish": wish}, follow=True).content.decode()
        old.refresh_from_db()
        assert old.state == "active"


def test_the_button_makes_another_qr_code_and_ends_the_first() -> None:
    desk = Desk()
    desk.open()
    assert "qr-picture" in desk.pc.post(QR, {"wish": "new"}, follow=True).content.decode()
    assert desk.state() == "waiting"
    page = desk.phone.get(desk.path)
    assert page.status_code == 410
    assert "パソコンの画面に戻り" in page.content.decode()


@pytest.mark.requirement("BD-07")
def test_a_phone_that_fails_at_a_qr_code_starts_again_from_it_and_so_may_another() -> None:
    desk = Desk()
    desk.open()
    page = desk.phone.post(desk.path + "complete/", {"error": "NoBiometrics"})
    assert page.status_code == 422
    assert "QRコードを読み取るところからやり直します" in page.content.decode()
    assert desk.state() == "waiting"
    desk.open(second := Client(headers={"User-Agent": ANDROID}))
    assert "Android が" in desk.page()
    assert "登録する" in second.get(desk.path).content.decode()


@pytest.mark.requirement("BD-04")
def test_an_expired_qr_code_leads_back_to_the_start() -> None:
    desk = Desk()
    long_ago = clock.now() - timedelta(minutes=11)
    EnrollmentLink.objects.update(expires_at=clock.now(), authenticated_at=long_ago)
    assert desk.state() == "expired"
    page = desk.pc.get(QR)
    assert page.status_code == 410
    assert 'href="/card/"' in page.content.decode()
    assert "新しいQRコードにする" not in page.content.decode()
    assert desk.pc.post(QR, {"wish": "new"}).status_code == 403
    assert desk.phone.get(desk.path).status_code == 410
    assert desk.open().status_code == 410


@pytest.mark.requirement("BD-09")
def test_the_completion_page_ends_the_day_of_this_browser_too() -> None:
    desk = Desk("my_number_card")
    token = tokens.new_token()
    SigningSession.objects.create(
        token_digest=tokens.digest(token),
        credential=desk.credential,
        means="my_number_card",
        started_at=clock.now(),
        expires_at=clock.now() + timedelta(hours=18),
    )
    desk.pc.cookies[settings.SIGNER_COOKIE_NAME] = token
    desk.open()
    desk.finish()
    desk.pc.get(QR)
    assert SigningSession.objects.get().ended_at is not None


@pytest.mark.requirement("BD-11", "BD-18")
def test_the_page_says_how_to_scan_with_an_iphone_and_with_android() -> None:
    page = Desk().page()
    for words in (
        "「カメラ」",
        "Safari で開きます",
        "デフォルトのブラウザApp",
        "「Chrome」を開き",
        "タブレット",
    ):
        assert words in page, words


def test_a_browser_without_a_qr_code_is_told_where_to_begin() -> None:
    assert Client().get(QR).status_code == 404
    assert Client().post(QR, {"wish": "new"}).status_code == 404
    assert Client().get(STATE).json() == {"state": "unknown"}
