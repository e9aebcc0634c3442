"""The officer's desk: twenty cases by keyboard alone, and two officers who reach for the same one (RV-1 to RV-3)."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.city import City, city
from tests.journeys.eyes import Eyes
from tests.journeys.officers import Officer
from tests.support.browser import NARROWEST, assert_fits, complaints, shoot
from tests.support.product import ROOT, Product

SEED = "import django; django.setup(); from tests.journeys import morning; morning.main()"
CASES = 20


class Day(NamedTuple):
    city: City
    receipts: list[str]
    second: dict[str, Any]


@pytest.fixture(scope="module")
def day(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """A product with a morning's work in it."""
    with Product.embedded(tmp_path_factory.mktemp("desk")) as product, city(product, browser) as town:
        done = subprocess.run(
            [sys.executable, "-c", SEED, str(CASES + 1)],
            cwd=ROOT,
            env={**product.env, "DJANGO_SETTINGS_MODULE": "deploy.settings"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        told = json.loads(done.stdout.splitlines()[-1])
        yield Day(town, told["receipts"], told["officer"])


def receipt_on(page: Page) -> str:
    return page.locator(".desk-head .mono").inner_text()


def claims(page: Page) -> None:
    page.wait_for_load_state("domcontentloaded")  # the keys are there
    page.keyboard.press("c")
    expect(page.locator("#sheet")).to_be_attached()
    page.wait_for_load_state("domcontentloaded")


def passes(page: Page) -> None:
    page.keyboard.press("j")
    for _ in range(page.locator("#sheet fieldset").count()):
        page.keyboard.press("1")
    expect(page.locator(".desk-say button")).to_be_enabled()
    page.keyboard.press("a")


def returns(page: Page) -> None:
    """The licence does not agree: the line's own note goes to the applicant."""
    for _ in range(4):
        page.keyboard.press("j")
    page.keyboard.press("2")
    page.keyboard.press("m")
    page.keyboard.type("番号が読めません")
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    expect(page.locator("[name='reason:licence-front:']")).to_have_value("mismatch")
    page.keyboard.press("Control+Enter")


def rejects(page: Page) -> None:
    page.keyboard.press("x")
    expect(
        page.locator(".desk-ask[open] :focus")
    ).to_be_attached()  # the panel has opened and taken the focus
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+Enter")


@pytest.mark.requirement("RV-1", "RV-2", "RV-3")
def test_two_officers_reach_for_one_case_and_the_second_is_told_who_has_it(day: Day) -> None:
    eyes = Eyes("desk")
    first = day.city.officer("jma-examiner", eyes)
    second = Officer(day.city.page(phone=False), day.second, Eyes("second", is_strict=False))
    second.signs_in()
    for officer in (first, second):
        officer.opens_worklist()
        officer.page.keyboard.press("n")
        expect(officer.page.locator(".desk-head .mono")).to_have_text(day.receipts[0])
    eyes.look(first.page, "case-before-claim")
    claims(first.page)
    complaints(second.page).expect("409")
    second.page.keyboard.press("c")
    told = second.page.locator("[data-clash]")
    expect(told).to_contain_text("「審査を始める」は行われませんでした")
    expect(told).to_contain_text("から担当しています")
    shoot(second.page, "desk-collision")
    assert "見本　花子" not in second.page.locator("body").inner_text()
    second.page.keyboard.press("n")
    expect(second.page.locator(".desk-head .mono")).to_have_text(day.receipts[1])
    passes(first.page)
    expect(first.page.locator(".messagelist")).to_contain_text("承認を推薦する：完了しました")


@pytest.mark.requirement("RV-1", "RV-2", "RV-3")
def test_an_officer_works_twenty_cases_by_keyboard_alone(day: Day) -> None:
    eyes = Eyes("twenty")
    page = day.city.officer("jma-examiner", eyes).page
    complaints(page).expect("409")  # an answer on its way while the decision, which holds it too, is made
    page.goto("/admin/enrollment/application/")
    eyes.look(page, "worklist")
    page.keyboard.press("?")
    expect(page.locator("#desk-keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    done = []
    for number in range(CASES):
        expect(page.locator(".desk-decide button[data-key=c]")).to_be_visible()
        done.append(receipt_on(page))
        claims(page)
        if number == 0:
            eyes.look(page, "case")
        {4: returns, 9: rejects}.get(number % 10, passes)(page)
        expect(page.locator(".messagelist")).to_contain_text(done[-1])
    assert done == day.receipts[1:]
    page.goto("/admin/enrollment/application/?state=all")
    states = page.locator("#result_list tbody tr").all_inner_texts()
    for word, count in (("承認待ち", 17), ("再提出待ち", 2), ("不承認", 2)):
        assert sum(word in row for row in states) == count
    page.set_viewport_size(NARROWEST)
    assert_fits(page)
    page.locator("#result_list tbody a").first.click()
    assert_fits(page)


@pytest.mark.requirement("RV-4")
def test_an_auditor_looks_says_why_and_finds_nothing_to_press(day: Day) -> None:
    eyes = Eyes("auditor")
    page = day.city.officer("auditor", eyes).page
    page.goto("/admin/enrollment/application/?state=all")
    page.locator("#result_list tbody a", has_text=day.receipts[0]).click()
    expect(page.locator("body")).to_contain_text("何のために、この申請を見ますか")
    assert "見本　花子" not in page.locator("body").inner_text()  # nothing before the purpose
    eyes.look(page, "purpose")
    page.locator("[name=purpose][value=audit]").check()
    page.get_by_role("button", name="目的を記録して、申請を見る").click()
    expect(page.locator("body")).to_contain_text("見本　花子")
    shown = page.locator(".viewer-stage img").first
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    assert page.locator("[data-decide] button, #sheet").count() == 0
    eyes.look(page, "case")
    page.locator("a[href$='/looks/']").click()
    rows = page.locator(".desk-table tbody tr")
    expect(rows.first).to_be_visible()
    mine = [row for row in rows.all_inner_texts() if "監査 太郎" in row]
    assert any("監査" in row.split("監査 太郎")[1] for row in mine)
    eyes.look(page, "looks")
