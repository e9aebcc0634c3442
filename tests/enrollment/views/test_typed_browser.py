"""Dates, numbers and postal codes in Chromium: shown back while typed, never overwritten, accessible in each state."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.enrollment.views.test_door_browser import aside
from tests.support.beside import IN_CHROMIUM
from tests.support.browser import (
    DESK,
    NARROWEST,
    assert_accessible,
    assert_fits,
    chromium,
    shoot,
    visit,
)
from tests.support.people import Applying

pytestmark = [*IN_CHROMIUM, pytest.mark.usefixtures("demo_people")]
NEXT = "main form[method=post] .actions button[type=submit].button-primary"


def signed_in(server: str) -> list[Any]:
    """The cookies of a person for whom ⑥ and ⑦ are open."""

    def go() -> list[Any]:
        person = Applying()
        person.until("names")
        return [
            {"name": name, "value": one.value, "url": server} for name, one in person.browser.cookies.items()
        ]

    found: list[Any] = aside(go)
    return found


def look(page: Page, name: str) -> None:
    """Both widths of the page as it stands."""
    before = page.viewport_size
    for size, width in ((NARROWEST, "360"), (DESK, "1280")):
        page.set_viewport_size(size)
        assert_fits(page)
        shoot(page, f"typed-{name}-{width}")
    assert_accessible(page)
    page.set_viewport_size(before or NARROWEST)


def goes_on(page: Page) -> None:
    with page.expect_navigation():
        page.locator(NEXT).click()


def field(page: Page, name: str) -> Any:
    return page.locator(f"[name={name}]")


@pytest.mark.requirement("DQ-04", "DQ-16", "DQ-18")
def test_what_is_typed_is_understood_at_once(server: str) -> None:
    with chromium() as browser, visit(browser, server) as page:
        page.context.add_cookies(signed_in(server))
        page.goto("/apply/licence/")
        field(page, "registered_on").fill("昭和五十三年四月一日")
        expect(page.locator("#id_registered_on_echo")).to_contain_text("1978年4月1日（昭和53年4月1日）")
        field(page, "reissued_on").fill("昭和64年1月8日")
        field(page, "reissued_on").blur()
        expect(page.locator("#id_reissued_on_echo")).to_contain_text("平成元年1月8日ですか")
        look(page, "licence")
        goes_on(page)
        look(page, "licence-error")
        _workplace(page)
        _delivery(page)
        _home(page)


def _workplace(page: Page) -> None:
    page.goto("/apply/workplace/")
    look(page, "workplace")
    page.check("[name=has_workplace][value=yes]")
    field(page, "name").fill("霞が関診療所")
    found, address = page.locator("[data-postal-found]"), field(page, "address")
    field(page, "postal_code").fill("１００－００１４")
    expect(address).to_have_value("東京都千代田区永田町")
    field(page, "postal_code").fill("100-0013")
    expect(address).to_have_value("東京都千代田区霞が関")  # ours, not typed: it follows the code
    address.fill("東京都千代田区霞が関１－２－２")
    field(page, "postal_code").fill("4980000")
    expect(found).to_contain_text("複数の住所があります")
    expect(address).to_have_value("東京都千代田区霞が関１－２－２")  # typed: nothing is overwritten unasked
    look(page, "workplace-choices")
    found.get_by_role("button", name="木曽岬町").click()
    expect(address).to_have_value("三重県桑名郡木曽岬町")
    found.get_by_role("button", name="元に戻す").click()
    expect(address).to_have_value("東京都千代田区霞が関１－２－２")
    field(page, "postal_code").fill("9999999")
    expect(found).to_contain_text("通常の郵便番号を入力してください")
    field(page, "institution_code").fill("1310110048")
    field(page, "institution_code").blur()
    expect(page.locator("#id_institution_code_echo")).to_contain_text("1310110048（東京都・医科）")
    expect(page.locator("#id_institution_code_echo")).to_contain_text("検査数字")
    goes_on(page)
    look(page, "workplace-doubt")
    page.get_by_role("button", name="このまま進む").click()
    page.wait_for_url(lambda url: "workplace" not in url)


def _delivery(page: Page) -> None:
    page.goto("/apply/delivery/")
    field(page, "phone").fill("+81 80-1234-5678")
    expect(page.locator("#id_phone_echo")).to_contain_text("080-1234-5678")
    page.check("[name=send_to][value=elsewhere]")
    field(page, "postal_code").fill("100-8066")
    expect(field(page, "address")).to_have_value("東京都千代田区大手町1丁目3-7")
    look(page, "delivery")
    field(page, "phone").fill("110")
    goes_on(page)
    look(page, "delivery-error")


def _home(page: Page) -> None:
    page.goto("/apply/home/")
    field(page, "postal_code").fill("530-0001")
    expect(page.locator("[data-postal-found]")).to_contain_text("大阪府大阪市北区梅田")
    goes_on(page)
    look(page, "home-doubt")
    field(page, "postal_code").fill("113-0021")
    expect(page.locator("[data-postal-found]")).to_contain_text("東京都文京区本駒込")
    expect(page.locator(".field-doubt")).to_have_count(0)
    look(page, "home")


@pytest.mark.requirement("DQ-16")
def test_without_a_script_a_button_brings_the_address_and_enter_still_saves(server: str) -> None:
    with chromium() as browser, visit(browser, server, java_script_enabled=False) as page:
        page.context.add_cookies(signed_in(server))
        page.goto("/apply/workplace/")
        page.check("[name=has_workplace][value=yes]")
        field(page, "name").fill("霞が関診療所")
        field(page, "postal_code").fill("100-0014")
        page.get_by_role("button", name="住所を入れる").click()
        expect(field(page, "address")).to_have_value("東京都千代田区永田町")
        expect(field(page, "name")).to_have_value("霞が関診療所")
        assert page.locator(".error-summary").count() == 0
        field(page, "address").fill("")
        field(page, "name").press("Enter")
        expect(page.locator(".error-summary")).to_contain_text("勤務先の住所を入力してください")


@pytest.mark.requirement("DQ-22")
def test_a_pin_can_be_seen_while_it_is_typed_and_is_gone_after_an_error(server: str) -> None:
    with chromium() as browser, visit(browser, server) as page:
        page.context.add_cookies(signed_in(server))
        page.goto("/apply/card-pin/")
        look(page, "card-pin")
        field(page, "pin").fill("1234")
        field(page, "again").fill("1234")
        page.get_by_role("button", name="暗証番号を表示する").click()
        expect(field(page, "pin")).to_have_attribute("type", "text")
        page.get_by_role("button", name="暗証番号を隠す").click()
        expect(field(page, "pin")).to_have_attribute("type", "password")
        goes_on(page)
        expect(field(page, "pin")).to_have_value("")
        look(page, "card-pin-error")
