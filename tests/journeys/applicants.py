"""A person with a My Number Card before the portal: every act is named as the person would tell it."""

import re
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Page

from tests.journeys.eyes import Eyes, eventually, slug_of
from tests.support.browser import complaints
from tests.support.product import Product

LONGEST_WAY = 40
NEXT = "main form[method=post] .actions button[type=submit].button-primary"
PICTURES = {  # step -> the demo picture that is uploaded there
    "licence-front": "licence",
    "licence-back": "licence",
    "licence-name-proof": "name_proof",
    "name-proof": "name_proof",
    "photo": "photo",
    "identity": "identity",
}
CODE = re.compile(r"\b(\d{6})\b")


class Notice(NamedTuple):
    """What the inbox tells about a finished review."""

    link: str
    password: str


class Applicant:
    """One browser page in the hands of one demo person (a row of `manage.py demo_people`)."""

    def __init__(self, product: Product, page: Page, person: dict[str, Any], eyes: Eyes) -> None:
        self.product, self.page, self.person, self.eyes = product, page, person, eyes
        self.card = str(person["slug"])

    # --- the card ------------------------------------------------------------------------------------------------
    def reads_the_card(self, pin: str, *, card: str = "") -> None:
        """From a page with a reader button to the page after the reading; `pin` names the person's PIN."""
        self.page.locator("form[action='/reader/'] button").click()
        self.lays_on_the_reader(self.person[pin], card=card)
        self.page.get_by_role("button", name="続ける").click()

    def lays_on_the_reader(self, pin: str, *, card: str = "") -> None:
        """On the reader's own page: choose a card, type a PIN, let it be read."""
        self.eyes.look(self.page, f"reader-{len(pin)}-{self.page.locator('.reader-pin').inner_text()[:2]}")
        self.page.locator(f"input[name=card][value='{card or self.card}']").check()
        self.page.locator("input[name=pin]").fill(pin)
        self.page.locator("button[value=read]").click()

    def signs_in(self, *, wants: str = "apply", card: str = "") -> None:
        self.page.goto(f"/apply/sign-in/?next={wants}")
        self.eyes.look(self.page, "sign-in")
        self.reads_the_card("authentication_pin", card=card)

    def signs_out(self) -> None:
        self.page.locator("form[action='/apply/sign-out/'] button").first.click()

    # --- the questions -------------------------------------------------------------------------------------------
    def opens(self, slug: str) -> None:
        self.page.goto(f"/apply/{slug}/")

    def goes_on(self) -> None:
        """The button at the foot of the page."""
        self.page.locator(NEXT).click()

    def goes_on_from(self, slug: str) -> None:
        """… and the page really changes: otherwise the page's errors are told."""
        self.goes_on()
        assert slug_of(self.page) != slug, self.errors()

    def errors(self) -> str:
        shown = self.page.locator(".error-summary, .field-error, .refusal").all_inner_texts()
        return f"stayed on {self.page.url}: {' / '.join(shown)}"

    def fills_everything(self, *, until: str = "sign") -> None:
        """From the list of steps to the page `until`, as the task list leads; nothing is skipped."""
        self.page.goto("/apply/")
        self.eyes.look(self.page, "tasks")
        self.page.locator("main .actions a.button-primary").first.click()
        for _ in range(LONGEST_WAY):
            slug = slug_of(self.page)
            if slug == until:
                return
            self.eyes.look(self.page, slug)
            self.answers(slug)
        raise AssertionError(f"no end of the questions at {self.page.url}")

    def answers(self, slug: str) -> None:
        """One page, to the next."""
        self.page.wait_for_load_state()  # `count` below does not wait for a page that is still arriving
        if slug == "card":
            self.reads_the_card("attributes_pin")
            return
        getattr(self, f"_{slug.replace('-', '_')}", self._file if slug in PICTURES else self._nothing)()
        if slug in PICTURES:
            self.uploads(slug)
        if slug == "names":
            self.goes_on()
            self.eyes.look(self.page, "names-with-romaji")
        self.goes_on_from(slug)

    def types(self, name: str, text: str) -> None:
        """Into the field of this name, where the authority asks for it."""
        field = self.page.locator(f"main [name={name}]:not([type=radio]):not([type=checkbox])")
        if field.count():
            field.fill(text)

    def chooses(self, name: str, value: str) -> None:
        radio = self.page.locator(f"main input[name={name}][value={value}]")
        if radio.count():
            radio.check()

    def ticks(self, name: str) -> None:
        self.page.locator(f"main input[type=checkbox][name={name}]").check()

    def picture(self, slug: str) -> Path:
        return Path(self.person["pictures"][PICTURES[slug]])

    def uploads(self, slug: str, path: Path | None = None) -> None:
        self.page.locator("input[type=file]").set_input_files(path or self.picture(slug))

    def _nothing(self) -> None:
        """A page that asks nothing but to go on."""

    def _file(self) -> None:
        """A page that asks for nothing but its file."""

    def _qualification(self) -> None:
        self.chooses("hpki_card", "none")
        self.chooses("qualification", self.person["qualification"])
        self.chooses("authority", self.person["authority"])

    def _card_check(self) -> None:
        assert self.person["name"] in self.page.locator("main").inner_text()
        self.ticks("is_right")

    def _names(self) -> None:
        family, given = self.person["kana"].split("\u3000")
        self.types("family_kana", family)
        self.types("given_kana", given)

    def _other_name(self) -> None:
        self.chooses("kind", "none")

    def _home(self) -> None:
        self.types("postal_code", self.person["postal_code"])

    def _licence(self) -> None:
        self.types("registration_number", self.person["registration_number"])
        self.types("registered_on", self.person["registration_date"])

    def _membership(self) -> None:
        self.chooses("member", "no")

    def _card_pin(self) -> None:
        digits = re.search(r"数字(\d)桁", self.page.locator("main").inner_text())
        pin = "835927"[: int(digits[1]) if digits else 4]
        self.types("pin", pin)
        self.types("again", pin)

    def _workplace(self) -> None:
        self.chooses("has_workplace", "yes")
        self.types("name", "見本総合診療所")
        self.types("postal_code", "100-8914")
        self.types("address", "東京都千代田区霞が関９－９－９")

    def _delivery(self) -> None:
        self.types("phone", self.person["phone_number"])
        self.chooses("send_to", "home")
        places = self.page.locator("main select[name=pickup]")
        if places.count():
            places.select_option(index=1)

    def _photo(self) -> None:
        self.types("taken_on", date.today().replace(day=1).isoformat())
        self.ticks("is_recent")

    def _identity(self) -> None:
        self.chooses("kind", "driving_licence")
        self.types("day_on_paper", f"{date.today().year + 3}-03-01")

    def _email(self) -> None:
        self.types("address", self.person["email"])

    def _email_code(self) -> None:
        self.types("code", eventually(self.newest_code, f"a mail with a code for {self.person['email']}"))

    def _consent(self) -> None:
        self.ticks("agree")

    def mails(self) -> list[str]:
        """Subject and body of every mail to this person, newest first, as the mailbox shows them."""
        address = self.person["email"]
        box = self.page.context.new_page()
        try:
            box.goto("/mailbox/")
            shown: list[str] = box.locator("article.card").all_inner_texts()
        finally:
            box.close()
        return [text for text in shown if address in text]

    def newest_code(self) -> str:
        for text in self.mails():
            found = CODE.search(text.partition(self.person["email"])[2].partition("\n")[2])
            if found and "確認コード" in text:
                return found[1]
        return ""

    # --- after the questions ----------------------------------------------------------------------------------------
    def signs(self) -> str:
        """⑪ to ⑫: the statement is signed with the card; returns the receipt number."""
        self.eyes.look(self.page, "sign")
        self.reads_the_card("signature_password")
        assert slug_of(self.page) == "done", self.errors()
        self.eyes.look(self.page, "done")
        return self.page.locator(".sealed .number-value").inner_text()

    def applies(self) -> str:
        """The whole way from the start page to the receipt number."""
        self.page.goto("/")
        self.eyes.look(self.page, "start")
        self.signs_in()
        self.fills_everything()
        return self.signs()

    def status(self) -> str:
        """What /status/ says of the newest application."""
        self.page.goto("/status/")
        return self.page.locator("section.card .who strong").first.inner_text()

    def waits_for(self, status: str, seconds: float = 90.0) -> None:
        eventually(lambda: self.status() == status, f"status {status}, last {self.status()}", seconds, 0.5)

    def reads_notice(self, title: str) -> None:
        """Opens the newest notice whose title holds these words."""
        self.page.goto("/status/")
        self.eyes.look(self.page, "status")
        self.page.locator(".inbox a", has_text=title).first.click()
        self.eyes.look(self.page, "notice")

    def reloads(self) -> str:
        """The words of the same page, asked for anew."""
        self.page.reload()
        return self.page.locator("main").inner_text()

    def reads_link_and_password(self) -> Notice:
        self.reads_notice("審査が完了しました")
        link, password = self.page.locator(".asked .number-value").all_inner_texts()
        return Notice(link, password)

    def expects_refused_request(self, status: int) -> None:
        """Chromium writes every answer of 400 and above to its console; a refusal is one."""
        complaints(self.page).expect(f"the server responded with a status of {status}")
