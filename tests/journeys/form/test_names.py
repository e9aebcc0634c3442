"""⑥ in Chromium: what appears beside a name while it is typed, and the same without JavaScript."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.journeys.applicants import Applicant
from tests.journeys.city import City
from tests.journeys.eyes import Eyes, slug_of
from tests.support.browser import assert_accessible, assert_fits

EYES = Eyes("names")


def at_the_names(town: City, slug: str, *, phone: bool, **options: Any) -> tuple[Applicant, Page]:
    page = town.page(phone=phone, **options)
    one = Applicant(town.product, page, town.person(slug), EYES)
    one.signs_in()
    one.opens("names")
    if slug_of(page) != "names":
        one.fills_everything(until="names")
    return one, page


def top(page: Page, name: str) -> float:
    box = page.locator(f"[name={name}]").bounding_box()
    assert box
    return box["y"]


def options(page: Page, name: str) -> list[str]:
    return page.locator(f"[name={name}] option").evaluate_all("all => all.map(one => one.value)")  # type: ignore[no-any-return]


def test_candidates_hints_and_the_print_follow_what_is_typed(town: City) -> None:
    one, page = at_the_names(town, "doctor", phone=False)
    for name in ("family_kana", "given_kana"):
        page.locator(f"[name={name}]").fill("")
    before = top(page, "manual")
    page.locator("[name=family_kana]").press_sequentially("さとう", delay=20)
    expect(page.locator("[data-face-romaji]")).to_have_text("SATO")
    assert options(page, "family_romaji") == ["SATO", "SATOH", "SATOU"]
    assert top(page, "manual") == before, "the page jumped when the candidates came"
    assert page.evaluate("document.activeElement.name") == "family_kana"
    expect(page.locator("[data-romaji-status]")).to_contain_text("SATO")
    page.locator("[name=family_romaji]").select_option("SATOH")
    page.locator("[name=given_kana]").press_sequentially("キヨウコ", delay=20)
    hint = page.locator("[data-hint=given_kana]")
    expect(hint).to_contain_text("小さい文字ではありませんか")
    expect(page.locator("[name=family_romaji]")).to_have_value("SATOH")  # a choice that still fits is kept
    expect(page.locator("[data-face-romaji]")).to_have_text("SATOH Kiyoko")
    assert_accessible(page)
    hint.get_by_role("button", name="「キョウコ」にする").click()
    expect(page.locator("[data-face-romaji]")).to_have_text("SATOH Kyoko")
    expect(hint).to_be_empty()
    page.locator("[name=printed_name]").fill("\u9ad9木　一郎")
    expect(page.locator("[data-hint=printed_name]")).to_contain_text("1文字目「\u9ad9」")
    page.get_by_role("button", name="「高木　一郎」にする").click()
    expect(page.locator("[data-face-name]")).to_have_text("高木　一郎")
    page.locator("[name=manual]").check()
    page.locator("[name=family_typed]").fill("satoo")
    page.get_by_role("button", name="「SATOO」にする").click()
    expect(page.locator("[name=family_typed]")).to_have_value("SATOO")
    page.locator("[name=manual]").uncheck()
    expect(page.locator("[name=family_typed]")).to_have_value("")  # RJ-34
    expect(page.locator("[data-face-romaji]")).to_have_text("SATOH Kyoko")
    one.goes_on_from("names")  # the list was seen while typing: no second look


def test_the_other_name_is_drawn_on_the_card_as_it_is_chosen(town: City) -> None:
    one, page = at_the_names(town, "maiden-name", phone=True)
    one.answers("names")
    one.opens("other-name")
    page.locator("[name=kind][value=former]").check()
    page.locator("[name=former_from_card]").check()
    page.locator("[name=family_kana]").fill("おおにし")
    expect(page.locator("[data-face-other-row]")).to_contain_text("大西 ONISHI")
    expect(page.locator("[name=given_kana]")).to_be_hidden()
    assert_fits(page)
    assert_accessible(page)
    page.locator("[name=former_from_card]").uncheck()
    page.locator("[name=family_kanji]").fill("佐藤")
    page.locator("[name=given_kanji]").fill("花")
    expect(page.locator("[data-face-other]")).to_have_text("佐藤　花")
    page.locator("[name=kind][value=none]").check()
    expect(page.locator("[data-face-other-row]")).to_be_hidden()
    one.goes_on_from("other-name")


def test_the_same_without_javascript(town: City) -> None:
    one, page = at_the_names(town, "revoked", phone=True, java_script_enabled=False)
    page.locator("[name=family_kana]").fill("さとう")
    page.locator("[name=given_kana]").fill("キヨウコ")
    page.locator("[name=printed_name]").fill("\u9ad9木　一郎")
    page.locator("[name=given_kana]").press("Enter")  # the first button of the form is "next", not an offer
    page.get_by_role("button", name="「キョウコ」にする").click()
    page.get_by_role("button", name="「高木　一郎」にする").click()
    assert page.locator("[name=given_kana]").input_value() == "キョウコ"
    assert page.locator("[name=printed_name]").input_value() == "高木　一郎"
    page.locator("[name=family_romaji]").select_option("SATOU")
    page.locator("[name=manual]").check()
    page.locator("[name=family_typed]").fill("satou")
    page.locator("[name=given_typed]").fill("Kyoko")
    one.goes_on()
    page.get_by_role("button", name="「SATOU」にする").click()
    assert page.locator("[name=family_typed]").input_value() == "SATOU"
    assert "SATOU Kyoko" in page.locator("[data-face]").inner_text()
    one.goes_on_from("names")
