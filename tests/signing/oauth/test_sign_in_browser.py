"""The factor-neutral sign-in page in Chromium: a phone at 360 px beside a PC that goes on by itself; and no scripts."""

from typing import Any

import pytest
from playwright.sync_api import Page

from ledger import clock
from signing import links
from signing.models import ShownSignIn, SigningSession
from tests.support.beside import IN_CHROMIUM
from tests.support.browser import VirtualAuthenticator, chromium, complaints, inspect, visit
from tests.support.credentials import active_credential
from tests.support.signed_in import Ehr

pytestmark = [*IN_CHROMIUM, pytest.mark.requirement("SG-2")]


def look(page: Page, name: str) -> None:
    inspect(page, f"sign-in-qr-{name}")


def bind(page: Page, new: links.NewLink) -> None:
    page.goto(new.url_path)
    page.get_by_label("登録用パスワード").fill(new.password)
    page.get_by_role("button", name="次へ進む").click()
    page.get_by_role("button", name="登録する").click()
    page.get_by_role("heading", name="端末を登録しました").wait_for()


def address(page: Page) -> str:
    """What the phone reads: the same address stands beside the picture."""
    page.get_by_text("カメラで写せないとき").click()
    return page.locator("details p.mono").inner_text()


def test_the_pc_goes_on_by_itself_when_the_phone_has_proved_its_owner(site: str) -> None:
    new = links.create(active_credential(at=clock.now()), at=clock.now())
    ehr = Ehr(redirect_uri=f"{site}/healthz")
    with chromium() as browser, visit(browser, site, phone=False) as pc, visit(browser, site) as phone:
        complaints(pc).expect("favicon")  # the EHR's page is plain JSON here
        VirtualAuthenticator(phone)
        bind(phone, new)
        pc.goto(ehr.authorize_path())
        look(pc, "page")
        pc.get_by_role("button", name="QRコードを表示する").click()
        pc.locator("svg.qr-picture").wait_for()
        look(pc, "shown")
        phone.goto(address(pc))
        look(phone, "asked")
        phone.get_by_role("button", name="確認へ進む").click()
        phone.get_by_role("heading", name="数字を比べてください").wait_for()
        look(phone, "number")
        pc.get_by_role("heading", name="スマートフォンで、確認を進めてください").wait_for()
        look(pc, "opened")
        assert pc.locator(".pick-number").inner_text() == phone.locator(".pick-number").inner_text()
        phone.get_by_role("button", name="同じ数字なので、確認する").click()
        phone.get_by_text("本人確認が済みました").wait_for()
        look(phone, "done")
        pc.get_by_role("link", name="電子カルテ へ進む").click()  # it came here by itself
        pc.wait_for_url("**/healthz?code=*")
    assert SigningSession.objects.get().means == "authenticator"


def test_the_small_screen_holds_every_way(site: str) -> None:
    ehr = Ehr(redirect_uri=f"{site}/healthz")
    with chromium() as browser, visit(browser, site) as page:
        page.goto(ehr.authorize_path())
        look(page, "small")
        page.get_by_role("button", name="QRコードを表示する").click()
        page.locator("svg.qr-picture").wait_for()
        look(page, "small-shown")
        page.get_by_role("button", name="やめる").click()
        page.get_by_role("heading", name="本人確認").wait_for()
    assert ShownSignIn.objects.get().state == "void"


def test_without_scripts_the_code_is_shown_and_given_up(site: str) -> None:
    ehr = Ehr(redirect_uri=f"{site}/healthz")
    with chromium() as browser:
        context: Any = browser.new_context(java_script_enabled=False, base_url=site, locale="ja-JP")
        page = context.new_page()
        page.goto(ehr.authorize_path())
        page.get_by_role("button", name="QRコードを表示する").click()
        page.locator("svg.qr-picture").wait_for()
        page.reload()
        page.get_by_role("button", name="やめる").click()
        page.get_by_role("heading", name="本人確認").wait_for()
        context.close()
