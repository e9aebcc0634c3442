"""Ways through the form that are not the straight one: without scripts, in two tabs, twice, backwards, and too late.

Whatever happens, nothing that was typed or uploaded is lost, and one application is sent once.
"""

from typing import Any

from playwright.sync_api import Error, Page, expect

from tests.journeys.applicants import NEXT, Applicant
from tests.journeys.city import City
from tests.journeys.eyes import Eyes, refusal, slug_of
from tests.journeys.form.proofs import holds_the_files, reads_every_value
from tests.journeys.hands import Impatient
from tests.journeys.stories import ALIAS, DENTIST, MAIDEN_NAME, PHARMACIST
from tests.support.browser import complaints

SEEN = Eyes("seen", is_strict=False)
EYES = Eyes("ways")
IDLE = 31 * 60  # seconds: longer than a session may rest (ST-21)
WARNED = 29 * 60 - 30  # seconds: within its last two minutes


def reaches(person: Applicant, slug: str) -> None:
    """Signed in and at this step, whoever left the draft where."""
    person.signs_in()
    person.opens(slug)
    if slug_of(person.page) != slug:
        person.fills_everything(until=slug)


# --- without scripts ----------------------------------------------------------------------------------------------


def test_without_javascript_the_whole_way_goes_to_the_receipt(town: City) -> None:
    """Spellings and hints come after a round trip, files go with the form; also several files, also the reader."""
    person = town.hero(PHARMACIST, SEEN, java_script_enabled=False)
    person.has_script = False
    person.begins()
    person.fills_everything(until="check")
    reads_every_value(person, PHARMACIST)
    person.fills_everything()
    receipt = person.signs()
    holds_the_files(town.product.tells("kept", receipt)[receipt], person.sent)
    person.withdraws()


def test_without_javascript_an_error_says_the_same_and_loses_nothing(town: City) -> None:
    person = town.hero(DENTIST, SEEN, java_script_enabled=False)
    person.has_script = False
    reaches(person, "workplace")
    person.gives("has_workplace", "yes")
    person.gives("name", "見本歯科医院")
    person.gives("address", "")
    person.goes_on()
    assert person.page.title().startswith("エラー")
    link = person.page.locator(".error-summary a").first
    link.click()
    assert person.page.url.endswith(str(link.get_attribute("href")))
    assert person.page.locator("[name=name]").input_value() == "見本歯科医院"


# --- two tabs -----------------------------------------------------------------------------------------------------


def another_tab(person: Applicant) -> Applicant:
    """The same person, the same sign-in, a second tab."""
    page = person.page.context.new_page()
    return Applicant(person.product, page, person.person, person.eyes, person.story)


def test_two_tabs_do_not_overwrite_each_other(town: City) -> None:
    """Both answers are shown and the person chooses field by field; neither was lost."""
    first = town.hero(DENTIST, EYES)
    first.eyes = SEEN
    reaches(first, "workplace")
    first.answers("workplace")
    first.eyes = EYES
    first.opens("workplace")
    second = another_tab(first)
    second.opens("workplace")
    second.gives("name", "あとの画面の歯科医院")
    second.gives("address", "東京都千代田区永田町９－９－１")
    second.goes_on_from("workplace")
    first.gives("name", "はじめの画面の歯科医院")
    with first.page.expect_navigation():
        first.page.locator(NEXT).click()
    shown = first.page.locator("main").inner_text()
    assert "はじめの画面の歯科医院" in shown and "あとの画面の歯科医院" in shown
    EYES.look(first.page, "conflict")
    first.page.get_by_label("はじめの画面の歯科医院").check()
    first.page.get_by_label("東京都千代田区永田町９－９－１").check()
    first.goes_on()
    first.opens("workplace")
    assert first.page.locator("[name=name]").input_value() == "はじめの画面の歯科医院"
    assert first.page.locator("[name=address]").input_value() == "東京都千代田区永田町９－９－１"


# --- twice, and backwards -----------------------------------------------------------------------------------------


def statements(town: City, receipt: str) -> dict[str, Any]:
    return dict(town.product.tells("kept", receipt)[receipt])


def test_double_clicks_save_once_and_send_one_application(town: City) -> None:
    """Without scripts nothing holds the second click back: the server takes it for what it is (ST-11)."""
    person = town.hero(MAIDEN_NAME, SEEN, java_script_enabled=False)
    person.has_script = False
    person.hands = Impatient(person.page)
    person.signs_in()
    person.fills_everything(until="check")
    reads_every_value(person, MAIDEN_NAME)
    person.fills_everything()
    receipt = person.signs()
    kept = statements(town, receipt)
    assert kept["rounds"] == 1
    holds_the_files(kept, person.sent)
    person.page.goto("/status/")
    assert person.page.locator("section.card", has_text=receipt).count() == 1
    assert person.page.locator("section.card", has_text="申請中").count() == 1
    person.withdraws()


def test_back_through_the_whole_flow_finds_every_answer_and_forward_goes_on(town: City) -> None:
    person = town.hero(ALIAS, SEEN)
    person.begins()
    person.fills_everything(until="check")
    passed = []
    while (slug := goes_back(person)) not in ("", "card", "card-check"):  # behind them lies the reader
        assert person.page.locator("h1").count() == 1, person.page.url
        assert not person.page.locator(".error-summary").count(), person.page.url
        passed.append(slug)
        has_what_was_typed(person, slug)
    assert {"licence", "workplace", "delivery", "photo", "identity", "email"} <= set(passed), (
        person.looked_again
    )
    person.fills_everything(until="check")
    reads_every_value(person, ALIAS)
    person.fills_everything()
    assert person.signs()
    person.withdraws()


def goes_back(person: Applicant) -> str:
    """The browser's own button; the step that it leads to, "" where the form ends.

    A page that answered a POST (the reader, a second look at one's answer) is not shown again: Chromium asks first.
    """
    try:
        person.page.go_back()
    except Error as asked:
        assert "ERR_CACHE_MISS" in str(asked), (str(asked), person.looked_again)
        person.page.wait_for_url("chrome-error://**")
        return ""
    return slug_of(person.page)


def has_what_was_typed(person: Applicant, slug: str) -> None:
    """The text fields of a page that was left behind hold something again; secrets never do."""
    wanted = {
        "names": "family_kana",
        "licence": "registration_number",
        "workplace": "name",
        "email": "address",
    }
    if slug in wanted:
        assert person.page.locator(f"[name={wanted[slug]}]").input_value(), slug


# --- another card ------------------------------------------------------------------------------------------------


def test_another_card_stops_the_step_and_loses_nothing(town: City) -> None:
    """Sign-in with one card, ④ and ⑪ with another (ST-23): here the person's own, older card."""
    person = town.applicant("renewed", EYES, phone=False)
    person.signs_in()
    person.eyes = SEEN
    for slug, pin in (("card", "attributes_pin"), ("sign", "signature_password")):
        person.fills_everything(until=slug)
        person.expects_refused_request(409)
        person.reads_the_card(pin, card="renewed-before")
        assert "ログインに使用したマイナンバーカードをセットしてください" in refusal(person.page)
        EYES.look(person.page, f"{slug}-other-card")
        person.page.locator("main .actions a.button-primary").first.click()
        assert slug_of(person.page) == slug
        if slug == "card":
            person.answers(slug)
    person.eyes = EYES
    person.signs()
    assert person.status() == "申請中"
    EYES.look(person.page, "status")
    person.page.locator(".inbox a").first.click()
    EYES.look(person.page, "notice")
    person.withdraws()
    EYES.look(person.page, "status-withdrawn")


# --- too late -----------------------------------------------------------------------------------------------------


def test_a_session_warns_before_it_ends_and_gives_back_what_was_sent_too_late(town: City) -> None:
    """Two minutes before the end a dialog lets one stay without the card (WCAG 2.2.1).

    Half an hour over a page, by the product's own clock: then the button, the card, and the page as it was.
    """
    person = town.hero(DENTIST, SEEN)
    person.page.clock.install()
    reaches(person, "workplace")
    late(town, person.page, WARNED)
    person.page.clock.fast_forward(WARNED * 1000)
    dialog = person.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    EYES.look(person.page, "session-warning")
    dialog.get_by_role("button").first.click()
    expect(dialog).to_be_hidden()
    late(town, person.page, IDLE)
    person.fills("workplace")
    person.gives("name", "遅れて送った歯科医院")
    with person.page.expect_navigation():
        person.page.locator(NEXT).click()
    assert "/apply/sign-in/" in person.page.url
    EYES.look(person.page, "sign-in-ended")
    person.reads_the_card("authentication_pin")
    if slug_of(person.page) != "workplace":
        person.opens("workplace")
    EYES.look(person.page, "workplace-given-back")
    assert person.page.locator("[name=name]").input_value() == "遅れて送った歯科医院"
    person.goes_on_from("workplace")


def late(town: City, page: Page, seconds: int) -> None:
    """The product's clock goes on while the page stays open."""
    complaints(page).expect("ERR_CONNECTION_REFUSED")
    before = int(town.product.env.get("INKAN_CLOCK_OFFSET", "0"))
    town.product.env["INKAN_CLOCK_OFFSET"] = str(before + seconds)
    town.product.restart()
