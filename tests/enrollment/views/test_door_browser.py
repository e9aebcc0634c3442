"""The door in Chromium: a phone reads for a PC, the session warns, and every page of it is looked at in both widths."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from enrollment.models import ApplicantSession, CardReading, UnsentForm
from ledger import clock
from tests.support.beside import IN_CHROMIUM, aside
from tests.support.browser import (
    DESK,
    NARROWEST,
    assert_accessible,
    assert_fits,
    chromium,
    complaints,
    shoot,
    visit,
)
from tests.support.people import Applying

pytestmark = [*IN_CHROMIUM, pytest.mark.usefixtures("demo_people")]


def look(page: Page, name: str, path: str = "") -> None:
    """Both widths of one page; without a path the page that is open."""
    if path:
        page.goto(path)
    before = page.viewport_size
    for size, width in ((NARROWEST, "360"), (DESK, "1280")):
        page.set_viewport_size(size)
        assert_fits(page)
        shoot(page, f"door-{name}-{width}")
    assert_accessible(page)
    assert page.locator("h1").count() == 1
    page.set_viewport_size(before or NARROWEST)


def reads(page: Page, pin: str, card: str = "doctor") -> None:
    """From the portal's button over the reader to what the portal says."""
    page.locator("form[action='/reader/'] button").click()
    page.locator(f"input[name=card][value='{card}']").check()
    page.locator("input[name=pin]").fill(pin)
    page.locator("button[value=read]").click()


def test_the_door_is_accessible_and_fits_plain_and_in_error(server: str) -> None:
    with chromium() as browser, visit(browser, server) as page:
        for name, path in (
            ("start", "/"),
            ("start-yes", "/?qualification=doctor&hpki_card=none&reading=phone"),
            ("start-no", "/?qualification=doctor&hpki_card=waiting&reading=phone"),
            ("start-error", "/?qualification=doctor"),
            ("sign-in", "/apply/sign-in/"),
            ("sign-in-ended", "/apply/sign-in/?ended=kept&way=reader"),
            ("sign-in-qr", "/apply/sign-in/?way=qr"),
            ("card-holders", "/card/"),
            ("reader-idle", "/reader/"),
        ):
            look(page, name, path)
        complaints(page).expect("status of 409")
        page.goto("/apply/sign-in/?way=android")
        page.locator("form[action='/reader/'] button").click()
        look(page, "reader")
        page.locator("input[name=card][value=locked]").check()
        page.locator("input[name=pin]").fill("1234")
        page.locator("button[value=read]").click()
        look(page, "reader-locked")
        page.get_by_role("button", name="申請の画面に戻る").click()
        look(page, "locked")
        page.goto("/apply/sign-in/")
        reads(page, "1234", "phone")
        page.get_by_role("button", name="続ける").click()
        look(page, "phone-certificate")
        page.goto("/apply/sign-in/")
        reads(page, "1234")
        look(page, "reader-done")
        page.get_by_role("button", name="続ける").click()
        look(page, "qualification", reverse("step", args=["qualification"]))
        page.locator("input[name=hpki_card][value=have]").check()
        page.locator("input[name=qualification][value=pharmacist]").check()
        expect(page.locator("input[name=authority][value=jma]")).to_be_hidden()
        expect(page.locator("input[name=authority][value=jpa]")).to_be_visible()
        page.locator("main form .actions button.button-primary").click()
        look(page, "qualification-error")
        page.locator("input[name=hpki_card][value=none]").check()
        page.locator("input[name=authority][value=medis]").check()
        page.locator("main form .actions button.button-primary").click()
        look(page, "card")
        look(page, "card-by-qr", f"{reverse('step', args=['card'])}?way=qr")


@pytest.mark.requirement("ST-26")
def test_a_phone_reads_the_card_and_the_pc_goes_on_by_itself(server: str) -> None:
    with chromium() as browser, visit(browser, server, phone=False) as pc:
        pc.goto("/apply/sign-in/?way=qr")
        pc.get_by_role("button", name="QRコードを表示する").click()
        look(pc, "qr")
        number, address = pc.locator(".pick-number").inner_text(), pc.locator(".mono").text_content()
        path = str(address).partition("/apply/")[2]
        with visit(browser, server) as phone:
            look(phone, "qr-phone", f"/apply/{path}")
            phone.get_by_role("button", name=number, exact=True).click()
            look(phone, "qr-phone-card")
            expect(pc.locator("[data-qr-status]")).to_contain_text("数字が選ばれました")
            reads(phone, "1234")
            phone.get_by_role("button", name="続ける").click()
            expect(phone.locator("h1")).to_have_text("パソコンの画面に戻ってください")
            look(phone, "qr-phone-done")
            pc.wait_for_url("**/apply/")
            assert not [
                one for one in phone.context.cookies() if one["name"] == settings.APPLICANT_COOKIE_NAME
            ]
        expect(pc.locator("h1")).to_be_visible()


def test_a_wrong_number_and_the_end_of_the_time_are_said_on_the_pc(server: str) -> None:
    with chromium() as browser, visit(browser, server, phone=False) as pc:
        pc.goto("/apply/sign-in/?way=qr")
        pc.get_by_role("button", name="QRコードを表示する").click()
        number, address = pc.locator(".pick-number").inner_text(), pc.locator(".mono").text_content()
        with visit(browser, server) as phone:
            complaints(phone).expect("status of 409")
            phone.goto(f"/apply/{str(address).partition('/apply/')[2]}")
            phone.locator(f".pick-button:not([value='{number}'])").first.click()
            look(phone, "qr-phone-wrong")
        expect(pc.locator("h1")).to_have_text("QRコードは使えなくなりました")
        look(pc, "qr-refused")
        pc.get_by_role("link", name="新しいQRコードで、やり直す").click()
        pc.get_by_role("button", name="QRコードを表示する").click()
        expect(pc.locator(".qr svg")).to_be_visible()
        aside(lambda: CardReading.objects.update(expires_at=clock.now()))
        expect(pc.locator("h1")).to_have_text("QRコードの有効時間が過ぎました")
        look(pc, "qr-expired")


def _seen(minutes: float) -> None:
    ApplicantSession.objects.update(last_seen_at=clock.now() - timedelta(minutes=minutes))


@pytest.mark.requirement("ST-21")
def test_two_minutes_before_the_end_every_tab_warns_and_one_button_extends_all(server: str) -> None:
    person = Applying()
    person.until("home")
    cookie = person.browser.cookies[settings.APPLICANT_COOKIE_NAME].value
    with chromium() as browser, visit(browser, server) as page:
        _carry(browser, page, server, cookie)
        other = page.context.new_page()
        other.clock.install()
        other.goto("/apply/")
        page.clock.install()
        page.goto("/apply/home/")
        page.locator("[name=postal_code]").fill("100")
        page.locator(
            "[name=postal_code]"
        ).blur()  # its change is kept now, not when the other tab comes to the front
        page.clock.fast_forward("00:30")
        expect(page.locator("[data-autosave-line]")).to_contain_text("保存しました")  # typing is a use of it
        page.locator("[name=postal_code]").focus()
        aside(_seen, 28.5)
        page.clock.fast_forward("28:30")  # one clock for every tab
        for tab in (other, page):
            tab.bring_to_front()
            expect(tab.locator("dialog")).to_be_visible()
        expect(page.get_by_role("button", name="ログインを続ける")).to_be_focused()
        expect(page.locator("[data-session-count]")).to_contain_text("あと 1 分")
        look(page, "idle")
        page.keyboard.press("Escape")  # let me go on
        expect(page.locator("dialog")).to_be_hidden()
        expect(other.locator("dialog")).to_be_hidden()
        expect(page.locator("[name=postal_code]")).to_be_focused()
        assert aside(lambda: ApplicantSession.objects.get().last_seen_at) > clock.now() - timedelta(minutes=1)
        other.close()
        aside(_seen, 31)
        page.clock.fast_forward("30:00")
        expect(page.get_by_text("入力した文字は、この画面に残っています。")).to_be_visible()
        look(page, "idle-over")
        page.get_by_role("button", name="入力の画面に戻る").click()
        page.locator("[name=postal_code]").fill("113-00")
        page.locator("main form .actions button.button-primary").click()
        expect(page.get_by_text("お預かりしました")).to_be_visible()
        assert aside(UnsentForm.objects.count) == 1
        reads(page, "1234")
        page.get_by_role("button", name="続ける").click()
        expect(page.locator("[name=postal_code]")).to_have_value("113-00")


def _carry(browser: Browser, page: Page, server: str, cookie: str) -> None:
    page.context.add_cookies([{"name": settings.APPLICANT_COOKIE_NAME, "value": cookie, "url": server}])
