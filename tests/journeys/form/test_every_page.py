"""Every page of the flow as it is asked for, and in every state of error: looked at, measured, and kept as a picture.

axe finds nothing (WCAG 2.2 AA), nothing scrolls sideways, the console stays empty under the strict CSP; an error page
says エラー in its title, has the focus on its summary, leads to each control, and has lost nothing that was typed.
On a phone every error is made, at a desk every page and its empty answer.
"""

from pathlib import Path

import pytest
from PIL import Image

from tests.journeys.applicants import Applicant
from tests.journeys.city import City
from tests.journeys.eyes import Eyes, refusal, slug_of, told_of_errors
from tests.journeys.form import wrong_answers
from tests.journeys.form.wrong_answers import Wrong
from tests.journeys.stories import Story

NEVER_WRONG = ("check",)  # pages that only ask to go on
WALKS = {"phone": ("revoked", "工藤　誠"), "desktop": ("renewed", "瀬戸　雄大")}


def walker(profile: str) -> Story:
    """Two doctors before JMA, whose form asks the most; also for papers of a name and for the licence's back."""
    slug, name = WALKS[profile]
    says = {
        "names": {"printed_name": name},
        "other-name": {
            "kind": "former",
            "family_kanji": "見本",
            "given_kanji": "太郎",
            "family_kana": "ミホン",
            "given_kana": "タロウ",
        },
        "licence": {
            "registration_number": "367890",
            "registered_on": "H21.5.12",
            "has_notes_on_back": True,
            "is_changing_surname": True,
        },
    }
    return Story(slug, profile == "phone", says=says, shows={}, names={}, price=0)


def answers_nothing(person: Applicant, slug: str) -> None:
    """The page's button before anything was given: everything that is needed is asked for at once."""
    person.goes_on()
    assert slug_of(person.page) == slug, f"{slug} takes no answer for an answer"
    told_of_errors(person.page)
    person.eyes.look(person.page, f"{slug}-error-empty")


def answers_wrongly(person: Applicant, wrong: Wrong, folder: Path) -> None:
    person.opens(wrong.slug)
    for name, value in wrong.says.items():
        person.gives(name, value)
    if wrong.turn is not None:  # a bad file is told of at once
        person.chooses_file(wrong.turn(person.picture(wrong.slug), folder))
    else:
        if "printed_name" in wrong.says:  # only then are the kana right
            person.waits_for_candidates()
        person.goes_on()
    told = told_of_errors(person.page)
    assert wrong.told in told, (wrong.name, told)
    for name, value in wrong.says.items():
        control = person.page.locator(f"main form [name='{name}']").first
        if (
            isinstance(value, str)
            and name not in wrong_answers.SECRETS
            and control.get_attribute("type") != "radio"
        ):
            assert control.input_value() == value, f"{wrong.name}: {name} has lost what was typed"
    person.eyes.look(person.page, f"{wrong.slug}-error-{wrong.name}")


def walks(person: Applicant, folder: Path, *, every_error: bool) -> None:
    """From the list of steps to ⑪, making the errors of each page before its answer."""
    person.page.goto("/apply/")
    person.eyes.look(person.page, "tasks")
    person.page.locator("main .actions a.button-primary").first.click()
    while (slug := slug_of(person.page)) != "sign":
        person.page.wait_for_load_state()
        person.eyes.look(person.page, slug)
        if slug != "card" and slug not in NEVER_WRONG:
            answers_nothing(person, slug)
            for wrong in wrong_answers.of(slug) if every_error else ():
                answers_wrongly(person, wrong, folder)
            person.opens(slug)
        person.answers(slug)


def errors_at_the_reader(person: Applicant) -> None:
    """Nothing chosen, a PIN that cannot be one, a wrong one, and giving up: on the page that is open."""
    page = person.page
    page.locator("form[action='/reader/'] button").click()
    read = page.locator("button[value=read]")
    read.click()
    told_of_errors(page)
    person.eyes.look(page, "reader-error-empty")
    for name, pin in (("format", "12"), ("wrong", "9999")):
        page.locator(f"input[name=card][value='{person.card}']").check()
        page.locator("input[name=pin]").fill(pin)
        read.click()
        assert "暗証番号" in told_of_errors(page)
        assert page.locator("input[name=pin]").input_value() == ""  # a PIN is never drawn again
        person.eyes.look(page, f"reader-error-{name}")
    page.locator("button[value=cancel]").click()
    person.eyes.look(page, "reader-cancelled")
    person.expects_refused_request(409)
    page.get_by_role("button", name="申請の画面に戻る").click()
    assert "中止" in refusal(page)
    person.eyes.look(page, "reader-cancelled-refusal")


def is_no_blank(picture: Path) -> None:
    """A page has been drawn: text and ground, and more than one colour of them."""
    with Image.open(picture) as drawn:
        width, height = drawn.size
        colours = drawn.convert("RGB").resize((width // 4, height // 4)).getcolors(1_000_000)
    assert colours is None or len(colours) > 50, f"{picture.name} is blank"
    assert height >= 500, f"{picture.name} is {height} px high"


@pytest.mark.parametrize("profile", WALKS)
def test_every_page_and_every_error_of_it_can_be_seen_heard_and_used(
    town: City, profile: str, tmp_path: Path
) -> None:
    eyes = Eyes(f"form-{profile}")
    person = town.hero(walker(profile), eyes)
    person.page.goto("/")
    eyes.look(person.page, "start")
    person.page.goto("/apply/sign-in/?next=apply")
    errors_at_the_reader(person)
    person.signs_in()
    walks(person, tmp_path, every_error=profile == "phone")
    eyes.look(person.page, "sign")
    for picture in eyes.pictures:
        is_no_blank(picture)
