"""A person with a My Number Card before the portal: every act is named as the person would tell it."""

import re
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Page

from tests.journeys import answers, papers
from tests.journeys.eyes import Eyes, eventually, slug_of
from tests.journeys.hands import Hands
from tests.journeys.stories import Story
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
ARE_DRAWN = "[...document.querySelectorAll('main img')].every(one => one.complete && one.naturalWidth > 0)"
SUMMARY = """[...document.querySelectorAll("section.summary")].map(group => [
  new URL(group.querySelector("a.summary-change")?.href ?? location.href).pathname.split("/")[2],
  [...group.querySelectorAll(".summary-value")].map(one => one.textContent),
])"""


class Notice(NamedTuple):
    """What the inbox tells about a finished review."""

    link: str
    password: str


class Applicant:
    """One browser page in the hands of one demo person (a row of `manage.py demo_people`)."""

    def __init__(
        self, product: Product, page: Page, person: dict[str, Any], eyes: Eyes, story: Story | None = None
    ) -> None:
        self.product, self.page, self.person, self.eyes, self.story = product, page, person, eyes, story
        self.card = str(person["slug"])
        self.hands = Hands(page)
        self.has_script = True
        self.looked_again: list[str] = []
        self.sent: dict[str, list[bytes]] = {}  # step -> the very bytes that were uploaded there

    # --- the card ------------------------------------------------------------------------------------------------
    def reads_the_card(self, pin: str, *, card: str = "") -> None:
        """From a page with a reader button to the page after the reading; `pin` names the person's PIN."""
        self.hands.presses(self.page.locator("form[action='/reader/'] button"))
        self.lays_on_the_reader(self.person[pin], card=card)
        self.hands.presses(self.page.get_by_role("button", name="続ける"))

    def lays_on_the_reader(self, pin: str, *, card: str = "") -> None:
        """On the reader's own page: choose a card, type a PIN, let it be read."""
        self.eyes.look(self.page, f"reader-{len(pin)}-{self.page.locator('.reader-pin').inner_text()[:2]}")
        self.hands.gives("card", card or self.card)
        self.hands.gives("pin", pin)
        self.hands.presses(self.page.locator("button[value=read]"))

    def signs_in(self, *, wants: str = "apply", card: str = "") -> None:
        self.page.goto(f"/apply/sign-in/?next={wants}")
        self.eyes.look(self.page, "sign-in")
        self.reads_the_card("authentication_pin", card=card)

    def begins(self) -> None:
        """From the start page by its own button to the list of steps."""
        self.page.goto("/")
        self.eyes.look(self.page, "start")
        self.hands.presses(self.page.get_by_role("link", name="申請をはじめる").first)
        self.eyes.look(self.page, "sign-in")
        self.reads_the_card("authentication_pin")

    def signs_out(self) -> None:
        self.page.locator("form[action='/apply/sign-out/'] button").first.click()

    # --- the questions -------------------------------------------------------------------------------------------
    def opens(self, slug: str) -> None:
        self.page.goto(f"/apply/{slug}/")

    def goes_on(self) -> None:
        """The button at the foot of the page, and the page that answers."""
        self.hands.presses(self.page.locator(NEXT))

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
        self.hands.presses(self.page.locator("main .actions a.button-primary").first)
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
        if slug == "card-check":
            assert self.person["name"] in self.page.locator("main").inner_text()
        self.fills(slug)
        if slug == "names" and self.story and self.story.unprintable:
            self.is_told_what_cannot_be_printed(self.story.unprintable)
        if slug in PICTURES:
            self.uploads_all(slug)
        self.waits_for_candidates()
        self.goes_on()
        if self.is_asked_to_look_again(slug):
            self.goes_on_from(slug)

    def fills(self, slug: str) -> None:
        """Every answer of this person to this page: the story's own, and the common ones where they are asked."""
        own = self.story.says.get(slug, {}) if self.story else {}
        common = answers.common(slug, self.person)
        if slug == "email-code":
            common = {"code": eventually(self.newest_code, f"a mail with a code for {self.person['email']}")}
        for name, value in common.items():
            if name not in own and not (own and slug in answers.WHOLE):
                self.gives(name, value, must=False)
        for name, value in own.items():
            if self.has_script or not name.endswith(
                "_romaji"
            ):  # without a script they come with the second look
                self.gives(name, value)

    def gives(self, name: str, value: Any, *, must: bool = True) -> None:
        """One answer into the control of this name, whatever kind of control it is."""
        controls = self.page.locator(f"main form [name='{name}']")
        if not must and not controls.count():
            return
        self.hands.gives(name, value)

    def waits_for_candidates(self) -> None:
        """They come while kana are typed; without a script they come after a round trip."""
        kana = self.page.locator("main [name=family_kana]")
        if self.has_script and kana.count() and kana.is_visible():
            self.page.locator("main [name=family_romaji] option").first.wait_for(state="attached")

    def is_asked_to_look_again(self, slug: str) -> bool:
        """Whether the page came back without an error: fresh spellings to choose from, a hint, an odd answer."""
        if slug_of(self.page) != slug:
            return False
        assert not self.page.locator(".error-summary").count(), self.errors()
        self.eyes.look(self.page, f"{slug}-second-look")
        self.looked_again.append(slug)
        own = self.story.says.get(slug, {}) if self.story else {}
        for name in own:
            if name.endswith("_romaji"):
                self.gives(name, own[name])
        return True

    def types(self, name: str, text: str) -> None:
        """Into the field of this name, where the authority asks for it."""
        self.gives(name, text, must=False)

    def picture(self, slug: str, kind: str = "jpg") -> Path:
        """The person's paper for this page; who has no paper of that kind shows the licence."""
        drawn = self.person["pictures"]
        return papers.of(Path(drawn.get(PICTURES[slug], drawn["licence"])), slug, kind)

    def uploads_all(self, slug: str) -> None:
        """The story's files for this page, one after the other; without a script each goes with a button."""
        kinds = self.story.files.get(slug, ("jpg",)) if self.story else ("jpg",)
        self.sent[slug] = []
        for place, kind in enumerate(kinds, 1):
            self.uploads(slug, self.picture(slug, kind))
            if not self.has_script and place < len(kinds):
                self.hands.presses(self.page.locator("button[name=stay]"))

    def uploads(self, slug: str, path: Path | None = None) -> None:
        """Chooses a file; with a script it is sent at once, without one by the page's button."""
        chosen = path or self.picture(slug)
        self.chooses_file(chosen)
        if self.has_script:
            self.page.locator(f"main .upload-name:text-is('{chosen.name}')").last.wait_for()
        self.sent.setdefault(slug, []).append(chosen.read_bytes())

    def chooses_file(self, path: Path) -> None:
        self.hands.chooses(self.page.locator("main input[type=file][name=file]"), path)

    def is_told_what_cannot_be_printed(self, strange: tuple[str, ...]) -> None:
        """券面表記 as the card has the name: the page says which characters cannot be printed, and where (NM-08)."""
        meant = self.page.locator("[name=printed_name]").input_value()
        self.gives("printed_name", self.person["name"])
        self.waits_for_candidates()
        self.goes_on()
        told = self.page.locator(".error-summary").inner_text()
        assert all(one in told for one in strange), told
        assert self.page.locator("[name=printed_name]").input_value() == self.person["name"]
        self.gives("printed_name", meant)

    def reads_summary(self) -> dict[str, list[str]]:
        """⑨: step -> the values shown in its group, to the code point; every thumbnail has arrived."""
        eventually(lambda: self.page.evaluate(ARE_DRAWN), "every thumbnail to be drawn", 15)
        found: list[tuple[str, list[str]]] = self.page.evaluate(SUMMARY)
        return {slug: values for slug, values in found}

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
        self.begins()
        self.fills_everything()
        return self.signs()

    def withdraws(self) -> None:
        """The application is taken back at /status/, and its people may begin anew."""
        self.page.goto("/status/")
        self.page.get_by_role("link", name="取り下げる").first.click()
        self.eyes.look(self.page, "withdraw")
        self.page.locator("main form button[type=submit]").first.click()
        assert self.status() == "取下げ"

    def status(self) -> str:
        """What /status/ says of the newest application."""
        self.page.goto("/status/")
        return self.page.locator("section.card .who strong").first.inner_text()

    def waits_for(self, status: str, seconds: float = 90.0) -> None:
        eventually(lambda: self.status() == status, f"status {status}, last {self.status()}", seconds, 0.5)

    def reads_notice(self, title: str) -> None:
        """Opens the newest notice whose title holds these words; a decision's comes when it can be undone no more."""
        notice = self.page.locator(".inbox a", has_text=title)
        eventually(lambda: self.page.goto("/status/") and notice.count(), f"the notice {title}", pause=1)
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
