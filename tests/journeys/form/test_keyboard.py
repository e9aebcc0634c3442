"""The whole application with the keyboard alone: every control is reached, filled and left; the focus is seen."""

from playwright.sync_api import expect

from tests.journeys.city import City
from tests.journeys.eyes import Eyes
from tests.journeys.hands import KeyboardOnly
from tests.journeys.stories import DOCTOR


def test_the_keyboard_alone_leads_from_the_start_page_to_the_receipt(town: City) -> None:
    person = town.hero(DOCTOR, Eyes("keyboard", is_strict=False), phone=False)
    person.hands = KeyboardOnly(person.page)
    person.begins()
    person.fills_everything()
    assert person.signs()
    person.withdraws()


def test_the_first_tab_leads_past_the_header_and_an_errors_line_leads_into_its_field(town: City) -> None:
    """The skip link comes first; a line of the error summary puts the cursor into the control that it names."""
    person = town.hero(DOCTOR, Eyes("keyboard", is_strict=False), phone=False)
    person.signs_in()
    person.page.goto("/apply/")
    keys = person.page.keyboard
    keys.press("Tab")
    keys.press("Enter")
    expect(person.page.locator("#main")).to_be_focused()
    person.hands.presses(person.page.locator("main .actions a.button-primary").first)
    person.goes_on()
    expect(person.page.locator(".error-summary")).to_be_focused()
    for line in range(person.page.locator(".error-summary a").count()):
        link = person.page.locator(".error-summary a").nth(line)
        wanted = str(link.get_attribute("href")).removeprefix("#")
        link.focus()
        keys.press("Enter")
        expect(person.page.locator(f"[id='{wanted}']")).to_be_focused()
