"""A signer's phone: it opens the registration link, is bound, and later opens the day's session."""

from playwright.sync_api import Page

from tests.journeys.eyes import Eyes
from tests.support.browser import VirtualAuthenticator


class Phone:
    """One page of a phone's browser with the platform's own authenticator (Chromium's, over CDP)."""

    def __init__(self, page: Page, eyes: Eyes, *, synced: bool = False) -> None:
        self.page, self.eyes = page, eyes
        self.authenticator = VirtualAuthenticator(page, synced=synced)

    def opens(self, link: str) -> None:
        self.page.goto(link)

    def types_password(self, password: str) -> None:
        self.page.locator("input[name=password]").fill(password)
        self.page.get_by_role("button", name="次へ進む").click()

    def binds(self, link: str, password: str) -> None:
        """From the link to the page that says that the phone is registered."""
        self.opens(link)
        self.eyes.look(self.page, "phone-password")
        self.types_password(password)
        self.eyes.look(self.page, "phone-register")
        self.page.get_by_role("button", name="登録する").click()
        self.page.wait_for_url("**/done/")
        self.eyes.look(self.page, "phone-done")
        assert len(self.authenticator.credentials()) == 1

    def scans(self, address: str) -> str:
        """What the camera read, up to the page that asks for the fingerprint; returns the number shown there."""
        self.opens(address)
        self.eyes.look(self.page, "phone-scanned")
        self.page.get_by_role("button", name="ログインして登録へ進む").click()
        return self.page.locator(".pick-number").inner_text()

    def registers(self, button: str = "登録する") -> str:
        """The fingerprint; returns the label that the phone was given."""
        self.eyes.look(self.page, f"phone-asks-{button}")
        self.page.get_by_role("button", name=button).click()
        self.page.wait_for_url("**/done/")
        self.eyes.look(self.page, f"phone-done-{button}")
        return self.page.locator(".summary-row:has(dt:text-is('登録した端末')) dd").inner_text()

    def tries_to_enter(self) -> None:
        """At the signer's own page, by this phone; the caller looks at what the page answers."""
        self.page.goto("/me/sign-in/")
        self.page.get_by_role("button", name="この端末で確認する").click()

    def enters(self) -> None:
        self.tries_to_enter()
        self.page.wait_for_url("**/me/")

    def opens_the_day(self, address: str) -> None:
        """From a system's request to the day's session and back to the system."""
        self.page.goto(address)
        self.eyes.look(self.page, "signer-sign-in")
        self.page.locator("form[data-webauthn=get] button[type=submit]").click()
        self.page.wait_for_url("**/me/sign-in/done/**")
        self.eyes.look(self.page, "signer-signed-in")
        self.page.locator("main .actions a.button-primary").click()
        self.page.wait_for_function("document.querySelector('h1')?.textContent.includes('電子カルテ')")
