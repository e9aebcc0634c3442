"""Every page of a phone's binding as a person sees it: accessible, within 360 pixels, in Chromium with its WebAuthn."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page

from ledger import clock
from signing import links
from signing.models import Authenticator, EnrollmentLink, SigningSession
from tests.support.beside import IN_CHROMIUM, aside
from tests.support.browser import VirtualAuthenticator, chromium, complaints, inspect, visit
from tests.support.credentials import active_credential
from vault import tokens

pytestmark = IN_CHROMIUM
_numbers = itertools.count(1)


def look(page: Page, name: str) -> None:
    inspect(page, f"phone-{next(_numbers):02d}-{name}")


def with_cookie(page: Page, site: str, name: str, value: str) -> None:
    page.context.add_cookies([{"name": name, "value": value, "url": site}])


def shows(page: Page, site: str, credential: Any) -> None:
    """The PC after an authentication."""
    token = tokens.new_token()
    at = clock.now()
    aside(lambda: links.show(credential, means="hpki_card", browser_token=token, at=at))
    with_cookie(page, site, settings.BROWSER_COOKIE_NAME, token)
    page.goto("/card/phone/qr/")


def address_on(page: Page) -> str:
    return str(page.locator("details .mono").text_content()).strip()


@pytest.mark.requirement("BD-04", "BD-06", "BD-09", "RV-9")
def test_a_qr_code_is_scanned_by_a_second_browser_while_the_first_waits(site: str) -> None:
    credential = active_credential(at=clock.now())
    with chromium() as browser, visit(browser, site, phone=False) as pc, visit(browser, site) as phone:
        shows(pc, site, credential)
        look(pc, "pc-qr")
        VirtualAuthenticator(phone)
        phone.goto(address_on(pc))
        look(phone, "open")
        phone.get_by_role("button", name="ログインして登録へ進む").click()
        look(phone, "register-by-qr")
        pc.get_by_role("heading", name="スマートフォンで、登録を進めてください").wait_for()
        look(pc, "pc-opened")
        assert pc.locator(".pick-number").text_content() == phone.locator(".pick-number").text_content()
        with visit(browser, site) as third:
            complaints(third).expect("409")
            third.goto(aside(lambda: f"/r/{EnrollmentLink.objects.get().shown_token}/"))
            third.get_by_text("別の端末かブラウザで、登録が始まっています").wait_for()
            look(third, "elsewhere")
        phone.get_by_role("button", name="登録する").click()
        phone.get_by_role("heading", name="端末を登録しました").wait_for()
        pc.get_by_role("heading", name="端末を登録しました").wait_for()
        look(pc, "pc-done")

        shows(pc, site, credential)
        look(pc, "pc-asking")
        pc.get_by_role("button", name="いいえ、やめる").click()
        pc.get_by_role("heading", name="登録をやめました").wait_for()
        look(pc, "pc-stopped")
        complaints(pc).expect("404")
        pc.goto("/card/phone/qr/")
        look(pc, "pc-none")
        shows(pc, site, credential)
        pc.get_by_role("button", name="はい、登録し直す").click()
        complaints(pc).expect("410")
        aside(lambda: EnrollmentLink.objects.filter(state="open").update(expires_at=clock.now()))
        pc.get_by_text("QRコードの有効時間が過ぎました").wait_for()
        look(pc, "pc-expired")
    assert Authenticator.objects.get().state == "active"


@pytest.mark.requirement("BD-07", "BD-11")
def test_each_failure_has_a_page_that_fits_a_phone(site: str) -> None:
    credential = active_credential(at=clock.now())
    with chromium() as browser, visit(browser, site) as page:
        complaints(page).expect("422")
        complaints(page).expect("410")
        new = aside(lambda: links.create(credential, at=clock.now()))
        page.goto(new.url_path)
        page.get_by_label("登録用パスワード").fill(new.password)
        page.get_by_role("button", name="次へ進む").click()
        page.get_by_role("heading", name="この端末を登録します").wait_for()
        for error in ("NoBiometrics", "NotAllowedError", "AbortError", "Unsupported", "Unknown"):
            page.goto(new.url_path)
            page.evaluate(
                "error => { const form = document.querySelector('form[data-webauthn]');"
                " form.elements.error.value = error; form.submit(); }",
                error,
            )
            page.get_by_role("heading", name="端末は、まだ登録されていません").wait_for()
            look(page, f"failed-{error.lower()}")
        aside(lambda: EnrollmentLink.objects.update(expires_at=clock.now()))
        page.goto(new.url_path)
        look(page, "link-expired")
        with in_line(browser, site) as line:
            second = aside(lambda: links.create(credential, at=clock.now()))
            line.goto(f"{site}{second.url_path}")
            line.get_by_role("heading", name="LINEの中の画面で開いています").wait_for()
            look(line, "in-app")


class in_line:  # noqa: N801  (reads as a place: with in_line(...))
    """The browser inside LINE on an iPhone."""

    AGENT = (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Line/14.0"
    )

    def __init__(self, browser: Browser, site: str) -> None:
        self.context = browser.new_context(
            user_agent=self.AGENT, viewport={"width": 360, "height": 740}, locale="ja-JP", base_url=site
        )

    def __enter__(self) -> Page:
        return self.context.new_page()

    def __exit__(self, *_: object) -> None:
        self.context.close()


@pytest.mark.requirement("BD-15")
def test_the_signers_own_page_of_the_phone_fits_too(site: str) -> None:
    credential = active_credential(at=clock.now())
    token, now = tokens.new_token(), clock.now()
    Authenticator.objects.create(
        credential=credential,
        webauthn_id=b"id",
        public_key=b"key",
        label="iPhone（iCloud キーチェーン）2026-11-20",
        is_backup_eligible=True,
        bound_at=now,
    )
    SigningSession.objects.create(
        token_digest=tokens.digest(token),
        credential=credential,
        means="my_number_card",
        started_at=now,
        expires_at=now + timedelta(hours=18),
    )
    with chromium() as browser, visit(browser, site) as page:
        with_cookie(page, site, settings.SIGNER_COOKIE_NAME, token)
        page.goto("/me/phone/")
        look(page, "mine")
        page.get_by_role("button", name="登録を取り消す").click()
        look(page, "mine-undo")
        page.get_by_role("link", name="やめる").click()
        page.get_by_role("button", name="お知らせに登録URLを送る").click()
        look(page, "mine-link-sent")
        page.goto("/me/phone/")
        page.get_by_role("button", name="端末の登録を削除する").click()
        look(page, "mine-remove")
        page.get_by_role("button", name="削除する").click()
        look(page, "mine-removed")
        complaints(page).expect("403")
        aside(lambda: SigningSession.objects.update(started_at=now - timedelta(minutes=11)))
        page.goto("/me/phone/")
        look(page, "mine-stale")
        page.get_by_role("button", name="QRコードを表示して登録する").click()
        look(page, "mine-refused")
