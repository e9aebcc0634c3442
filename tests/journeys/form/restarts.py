"""An application that is interrupted: parts of the product are killed while pages are open, files go and mails wait."""

import re

from playwright.sync_api import expect

from tests.journeys.applicants import NEXT, Applicant
from tests.journeys.city import City
from tests.journeys.eyes import eventually, slug_of
from tests.support.browser import complaints

SAVED = re.compile("保存しました")
# step -> what dies while its page is open and answered, but not sent
INTERRUPTIONS = {
    "names": "web",
    "licence": "all",
    "licence-front": "web",
    "workplace": "web",
    "photo": "worker",
    "email": "worker",
    "consent": "web",
    "sign": "all",
}


def kills(town: City, part: str) -> None:
    """SIGKILL to a part, or a restart of everything; the product answers again when this returns."""
    if part == "all":
        town.product.restart()
        return
    old = town.product.kill(part)
    town.product.wait_for_another(part, old)
    eventually(town.product.is_ready, "the product to be ready again")


def interrupts(town: City, person: Applicant, slug: str) -> None:
    """Half an answer is typed, the product dies, and the page is asked for anew: what was typed is there."""
    page = person.page
    complaints(page).expect("ERR_CONNECTION")
    complaints(page).expect("ERR_EMPTY_RESPONSE")
    typed = {}
    if slug in ("names", "licence", "workplace", "email"):
        person.fills(slug)
        typed = {
            str(one.get_attribute("name")): one.input_value()
            for one in page.locator("main form input[type=text], main form input[type=email]").all()
            if one.is_visible()
        }
        expect(page.locator("[data-autosave-line]")).to_have_text(SAVED, timeout=10_000)
    kills(town, INTERRUPTIONS[slug])
    page.reload()
    for name, value in typed.items():
        assert page.locator(f"main form [name='{name}']").first.input_value() == value, (slug, name)


def goes_on_while_nobody_answers(town: City, person: Applicant) -> None:
    """The button is pressed in the very moment of a death: the person tries again, and has lost nothing."""
    page = person.page
    slug = slug_of(page)
    town.product.stop()
    page.locator(NEXT).click()
    page.wait_for_load_state()
    town.product.start()
    person.opens(slug)


def applies_with_interruptions(town: City, person: Applicant) -> str:
    """From the first page to the receipt, with a death at every step of the table."""
    person.begins()
    for slug in INTERRUPTIONS:
        person.fills_everything(until=slug)
        interrupts(town, person, slug)
        if slug == "workplace":
            goes_on_while_nobody_answers(town, person)
    return person.signs()
