"""Debian's Chromium, headless, as a Japanese doctor's phone or an officer's PC (recipe: ux.md 5.2).

    with chromium() as browser:
        with visit(browser, product.url) as page:          # a phone; visit(..., phone=False) is a PC
            phone = VirtualAuthenticator(page)              # Chromium's own WebAuthn over CDP
            page.goto("/apply/")
            inspect(page, "apply-start")                    # axe, WCAG 2.2 A and AA; tests/screenshots/apply-start.png

When a `visit` ends, any console error, CSP report or page error that it saw fails the test.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
SCREENSHOTS = ROOT / "tests" / "screenshots"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",  # only because tests run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A phone says what it is, so that pages offer a phone's ways (ST-26); Playwright's own Pixel 7 says the same.
PIXEL_7 = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 7) "
    "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{} Mobile Safari/537.36"
)
NARROWEST: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 900}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class Complaints:
    """What the browser complained about: console errors and warnings of security, uncaught errors, CSP reports."""

    def __init__(self, page: Page) -> None:
        self.seen: list[str] = []
        self.expected: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.seen.append(f"uncaught: {error}"))

    def _on_console(self, message: ConsoleMessage) -> None:
        text = f"{message.type}: {message.text} ({message.location.get('url', '')})"
        if message.type == "error" or "Content Security Policy" in message.text:
            self.seen.append(text)

    def expect(self, part: str) -> None:
        """Allows complaints that hold this text: a refused request (status 4xx) is one in Chromium's eyes."""
        self.expected.append(part)

    def unexpected(self) -> list[str]:
        return [text for text in self.seen if not any(part in text for part in self.expected)]


_complaints: dict[Page, Complaints] = {}


def complaints(page: Page) -> Complaints:
    return _complaints[page]


@contextlib.contextmanager
def visit(
    browser: Browser, url: str, *, phone: bool = True, locale: str = "ja-JP", **options: Any
) -> Iterator[Page]:
    """A fresh visitor (no cookies) with one page; on a phone 360 px wide, at a desk 1280. Fails on complaints."""
    context = browser.new_context(
        base_url=url,
        locale=locale,
        timezone_id="Asia/Tokyo",
        viewport=NARROWEST if phone else DESK,
        user_agent=PIXEL_7.format(browser.version) if phone else None,
        is_mobile=phone,
        has_touch=phone,
        **options,
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    _complaints[page] = Complaints(page)
    try:
        yield page
        unexpected = _complaints[page].unexpected()
        assert not unexpected, "the browser complained:\n" + "\n".join(unexpected)
    finally:
        del _complaints[page]
        context.close()


class VirtualAuthenticator:
    """A phone's own authenticator with user verification (CDP domain WebAuthn)."""

    def __init__(self, page: Page, *, synced: bool = False, verifies_user: bool = True) -> None:
        self.session = page.context.new_cdp_session(page)
        self.session.send("WebAuthn.enable", {"enableUI": False})
        options = {
            "protocol": "ctap2",
            "ctap2Version": "ctap2_1",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": verifies_user,
            "isUserVerified": verifies_user,
            "automaticPresenceSimulation": True,
            "defaultBackupEligibility": synced,
            "defaultBackupState": synced,
        }
        made = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.id: str = made["authenticatorId"]

    def credentials(self) -> list[dict[str, Any]]:
        found = self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})
        return list(found["credentials"])

    def copy_to(self, other: "VirtualAuthenticator", *, sign_count: int | None = None) -> None:
        """Puts this phone's credentials on another page's phone (the same person in a new visit, or a clone)."""
        for credential in self.credentials():
            if sign_count is not None:
                credential = {**credential, "signCount": sign_count}
            other.session.send(
                "WebAuthn.addCredential", {"authenticatorId": other.id, "credential": credential}
            )

    def refuse_user(self, refuses: bool = True) -> None:
        """The person's finger or face is not recognised: the page sees NotAllowedError."""
        self.session.send(
            "WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": not refuses}
        )

    def remove(self) -> None:
        self.session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.id})


def shoot(page: Page, name: str, *, full_page: bool = True) -> Path:
    """A screenshot under tests/screenshots/ (not kept in git)."""
    SCREENSHOTS.mkdir(exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=str(path), full_page=full_page)
    return path


def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA: "rule: help (element, element)"."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", WCAG)
    return [
        f"{rule['id']}: {rule['help']} ({', '.join(str(node['target'][0]) for node in rule['nodes'][:5])})"
        for rule in found["violations"]
    ]


def assert_accessible(page: Page) -> None:
    found = violations(page)
    assert not found, f"{page.url} is not accessible:\n" + "\n".join(found)


def assert_fits(page: Page) -> None:
    """No sideways scrolling."""
    page.wait_for_load_state("domcontentloaded")
    width, seen = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert width <= seen, f"{page.url} is {width} px wide in a window of {seen} px"


def inspect(page: Page, name: str) -> None:
    """A page as every page must be: accessible and without sideways scrolling; its screenshot goes under this name."""
    assert_accessible(page)
    assert_fits(page)
    shoot(page, name)
