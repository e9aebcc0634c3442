"""Signing in at a browser that is another device: it shows a QR code, the phone proves its owner, it goes on."""

import re
import threading
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client

from ledger import clock
from ledger.models import Entry
from signing.errors import Refused
from signing.models import Authenticator, Ceremony, ShownSignIn, SigningSession
from signing.phones import shown_codes, shown_sign_in
from tests.support.phone import Phone
from tests.support.signed_in import IPHONE, WINDOWS, Ehr, SignerBrowser, answer_to, qr_path, query_of
from vault import tokens

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SG-2")]
QR, STATE = "/me/sign-in/qr/", "/me/sign-in/qr/state/"


class Desk:
    """A PC at a system's request, and a bound phone before it."""

    def __init__(self, ehr: Ehr | None = None) -> None:
        self.person = SignerBrowser()
        self.pc = Client(enforce_csrf_checks=True, headers={"User-Agent": WINDOWS})
        self.phone = Client(enforce_csrf_checks=True, headers={"User-Agent": IPHONE})
        self.page = self.pc.get(ehr.authorize_path() if ehr else "/me/sign-in/").content.decode()
        self.carried = unescape(re.search(r'name="next" value="([^"]*)"', self.page)[1])  # type: ignore[index]

    def wish(self, wish: str) -> Any:
        page = self.pc.get(QR).content.decode()
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]*)"', page) or re.search(
            r'name="csrfmiddlewaretoken" value="([^"]*)"', self.page
        )
        assert found is not None
        fields = {"wish": wish, "next": self.carried, "csrfmiddlewaretoken": found[1]}
        return self.pc.post(QR, fields)

    def show(self) -> str:
        """The path behind the QR code."""
        assert self.wish("show")["Location"] == QR
        return qr_path(self.pc.get(QR))

    def state(self) -> tuple[str, Any]:
        told = self.pc.get(STATE).json()
        return told["state"], told.get("number")

    def enter(self, path: str, phone: Client | None = None) -> Any:
        return (phone or self.phone).post(path, {"enter": "1"}, follow=True)

    def prove(self, path: str, key: Phone | None = None, phone: Client | None = None) -> Any:
        browser = phone or self.phone
        return browser.post(path, answer_to(browser.get(path), key or self.person.phone))


def test_the_pc_goes_on_to_the_system_that_asked(db: None) -> None:
    ehr = Ehr()
    desk = Desk(ehr)
    path = desk.show()
    asked = desk.phone.get(path).content.decode()
    assert "電子カルテ" in asked and "Windows" in asked and desk.state() == ("shown", None)
    held = desk.enter(path).content.decode()
    state, number = desk.state()
    assert state == "opened" and 10 <= number <= 99
    assert f">{number}<" in held and f">{number}<" in desk.pc.get(QR).content.decode()
    assert "iPhone が、このQRコードを開きました" in desk.pc.get(QR).content.decode()
    assert "本人確認が済みました" in desk.prove(path).content.decode()
    assert desk.state()[0] == "proved" and not SigningSession.objects.exists()
    assert 'value="take"' in desk.pc.get(QR).content.decode()
    answer = desk.wish("take")
    assert answer.status_code == 303 and answer["Location"].startswith("/me/sign-in/done/?next=")
    assert query_of(desk.pc.get(desk.carried))["code"]
    session = SigningSession.objects.get()
    assert session.means == "authenticator" and session.credential == desk.person.credential
    assert session.authenticator is not None
    row = ShownSignIn.objects.get()
    assert row.state == "taken" and row.shown_token is None
    kinds = Entry.objects.filter(subject=str(desk.person.credential.public_id)).values_list("kind", flat=True)
    assert {"signing.sign_in_proved", "signing.session_opened", "signing.caller_admitted"} <= set(kinds)


def test_the_phone_gets_no_session_of_its_own() -> None:
    desk = Desk()
    path = desk.show()
    desk.enter(path)
    desk.prove(path)
    desk.wish("take")
    assert desk.phone.get("/me/")["Location"] == "/me/sign-in/"
    assert desk.pc.get("/me/").status_code == 200


def test_within_a_living_day_it_is_a_light_re_check() -> None:
    ehr = Ehr()
    desk = Desk(ehr)
    desk.person.sign_in()
    desk.pc.cookies.update(desk.person.client.cookies)
    page = desk.pc.get(ehr.authorize_path(prompt="login")).content.decode()
    desk.carried = unescape(re.search(r'name="next" value="([^"]*)"', page)[1])  # type: ignore[index]
    path = desk.show()
    desk.enter(path)
    desk.prove(path)
    desk.wish("take")
    assert SigningSession.objects.get().proved_at is not None
    assert query_of(desk.pc.get(desk.carried))["code"]


def test_it_is_taken_once_and_by_the_browser_that_shows_it() -> None:
    desk, stranger = Desk(), Desk()
    path = desk.show()
    stranger.show()
    desk.enter(path)
    desk.prove(path)
    assert stranger.wish("take")["Location"] == QR
    assert not SigningSession.objects.exists()
    desk.wish("take")
    assert desk.wish("take")["Location"] == QR
    assert SigningSession.objects.count() == 1


def test_nothing_is_taken_before_the_phone_has_proved_its_owner() -> None:
    desk = Desk()
    path = desk.show()
    assert desk.wish("take")["Location"] == QR
    desk.enter(path)
    assert desk.wish("take")["Location"] == QR
    assert not SigningSession.objects.exists()


def test_one_phone_holds_it_and_a_look_holds_nothing() -> None:
    desk = Desk()
    path = desk.show()
    other = Client(headers={"User-Agent": "Mozilla/5.0 (Linux; Android 16; Pixel 9) Mobile Safari"})
    other.get(path)
    assert desk.state()[0] == "shown"
    desk.enter(path)
    refused = desk.enter(path, other)
    assert refused.status_code == 409 and "別の端末かブラウザで" in refused.content.decode()
    assert other.get(path).status_code == 409
    assert desk.phone.get(path).status_code == 200  # the holder may come back


def test_a_strangers_phone_shows_other_digits() -> None:
    numbers = set()
    for _ in range(6):
        desk = Desk()
        desk.enter(desk.show())
        numbers.add(desk.state()[1])
    assert len(numbers) > 1


def test_a_newer_code_or_giving_up_ends_it() -> None:
    desk = Desk()
    first = desk.show()
    desk.enter(first)
    second = desk.show()
    assert desk.phone.get(first).status_code == 410
    assert desk.phone.post(first, {"credential": "x", "ceremony": "x"}).status_code == 410
    assert desk.wish("stop")["Location"].startswith("/me/sign-in/")
    assert desk.phone.get(second).status_code == 410
    assert desk.pc.get(QR).status_code == 410 and desk.pc.get(STATE).status_code == 404


def test_it_lives_ten_minutes_even_when_it_is_proved() -> None:
    desk = Desk()
    path = desk.show()
    row = ShownSignIn.objects.get()
    assert row.expires_at - row.shown_at == timedelta(minutes=10)
    desk.enter(path)
    desk.prove(path)
    ShownSignIn.objects.update(expires_at=clock.now())
    desk.wish("take")
    assert not SigningSession.objects.exists()
    assert desk.phone.get(path).status_code == 410


def test_a_proof_for_another_sign_in_proves_nothing() -> None:
    """Also the other way: a challenge of this page opens no session at the phone's own sign-in page."""
    desk, other = Desk(), Desk()
    path, elsewhere = desk.show(), other.show()
    other.phone = desk.phone
    desk.enter(path)
    other.enter(elsewhere)
    page = desk.phone.get(elsewhere).content.decode()
    options, ceremony = (
        unescape(re.search(pattern, page)[1])  # type: ignore[index]
        for pattern in (r'data-options="([^"]*)"', r'name="ceremony" value="([^"]*)"')
    )
    answer = {"ceremony": ceremony, "credential": desk.person.phone.sign_in(options)}
    refused = desk.phone.post(path, answer)
    assert refused.status_code == 422 and desk.state()[0] == "opened"
    page = desk.phone.get(path).content.decode()
    options, ceremony = (
        unescape(re.search(pattern, page)[1])  # type: ignore[index]
        for pattern in (r'data-options="([^"]*)"', r'name="ceremony" value="([^"]*)"')
    )
    lax = Client()
    lax.cookies.update(desk.phone.cookies)
    answer = {"ceremony": ceremony, "credential": desk.person.phone.sign_in(options), "next": "/me/"}
    assert lax.post("/me/sign-in/phone/", answer).status_code == 422
    assert not SigningSession.objects.exists()


@pytest.mark.parametrize("error", ["NotAllowedError", "Unsupported", "x", ""])
def test_a_failed_proof_may_be_tried_again(error: str) -> None:
    desk = Desk()
    path = desk.show()
    desk.enter(path)
    assert desk.phone.post(path, {"error": error}).status_code == 422
    assert desk.prove(path).status_code == 200


def test_an_unknown_phone_and_a_suspended_credential_prove_nothing() -> None:
    desk = Desk()
    path = desk.show()
    desk.enter(path)
    stranger = SignerBrowser()
    Authenticator.objects.filter(credential=stranger.credential).update(state="removed")
    assert desk.prove(path, stranger.phone).status_code == 422
    type(desk.person.credential).objects.update(state="suspended")
    assert desk.prove(path).status_code == 422
    assert desk.state()[0] == "opened"


def test_a_phone_removed_between_proof_and_going_on_opens_nothing() -> None:
    desk = Desk()
    path = desk.show()
    desk.enter(path)
    desk.prove(path)
    Authenticator.objects.update(state="removed")
    page = desk.wish("take")
    assert page.status_code == 422 and not SigningSession.objects.exists()
    assert "この端末は登録されていません" in page.content.decode()


def test_no_digest_is_a_token_and_the_address_stays_secret() -> None:
    desk = Desk()
    path = desk.show()
    token = path.rstrip("/").rpartition("/")[2]
    assert bytes(ShownSignIn.objects.get().token_digest) == tokens.digest(token)
    assert desk.phone.get(path)["Referrer-Policy"] == "no-referrer"
    assert desk.phone.get(path)["Cache-Control"] == "no-store"
    desk.enter(path)
    assert ShownSignIn.objects.get().shown_token is None
    assert token not in desk.pc.get(QR).content.decode()


def test_showing_one_wants_djangos_form_token() -> None:
    desk = Desk()
    assert desk.pc.post(QR, {"wish": "show", "next": "/me/"}).status_code == 403
    assert not ShownSignIn.objects.exists()


@pytest.mark.parametrize(
    "next_path", ["https://evil.example/", "//evil.example/", "/admin/", "/oauth2/authorize"]
)
def test_it_leads_nowhere_else(next_path: str) -> None:
    desk = Desk()
    desk.carried = next_path
    desk.show()
    assert ShownSignIn.objects.get().next_path == "/me/"


def test_the_phones_page_speaks_english_too() -> None:
    desk = Desk()
    path = desk.show()
    answer = desk.phone.post(path, {"language": "en"})
    assert answer["Location"] == path and answer.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"
    assert desk.phone.post(path, {"language": "xx"})["Location"] == path


def test_without_scripts_the_pages_go_on_by_themselves_and_by_a_button() -> None:
    desk = Desk()
    path = desk.show()
    assert '<meta http-equiv="refresh" content="20">' in desk.pc.get(QR).content.decode()
    desk.enter(path)
    desk.prove(path)
    page = desk.pc.get(QR).content.decode()
    assert "refresh" not in page and "次へ進む" in page


def test_on_a_phone_the_phone_itself_comes_first() -> None:
    on_phone = Client(headers={"User-Agent": IPHONE}).get("/me/sign-in/").content.decode()
    on_pc = Client(headers={"User-Agent": WINDOWS}).get("/me/sign-in/").content.decode()
    assert on_phone.index("この端末で確認する") < on_phone.index("QRコードを表示する")
    assert on_pc.index("QRコードを表示する") < on_pc.index("この端末で確認する")


def test_what_nobody_finished_is_forgotten() -> None:
    Desk().show()
    at = clock.now()
    assert shown_codes.forget_overdue(at) == 0
    assert shown_codes.forget_overdue(at + timedelta(days=2)) == 1
    assert not Ceremony.objects.filter(purpose="shown_sign_in").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="one writer at a time")
def test_two_at_once_take_it_once() -> None:
    desk = Desk()
    path = desk.show()
    desk.enter(path)
    desk.prove(path)
    token = desk.pc.cookies[settings.BROWSER_COOKIE_NAME].value
    start, won = threading.Barrier(8), []

    def take() -> None:
        start.wait(10)
        try:
            won.append(shown_sign_in.take(token, clock.now()))
        except Refused:
            pass
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(won) == 1 and SigningSession.objects.count() == 1
