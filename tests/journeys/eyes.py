"""What every journey does on each page that it comes to: look, measure and keep a picture."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from playwright.sync_api import Page, TimeoutError

from tests.support.browser import assert_accessible, assert_fits, shoot

Found = TypeVar("Found")
IS_ON_SUMMARY = "document.activeElement?.matches('.error-summary')"


class Eyes:
    """Looks at pages on behalf of one story; the pictures are named <story>-<number>-<page>.

    A page that comes again in the same story is not measured again. `is_strict=False` is for stories that go
    where another story has looked already.
    """

    def __init__(self, story: str, *, is_strict: bool = True) -> None:
        self.story, self.is_strict = story, is_strict
        self._seen: list[str] = []
        self.pictures: list[Path] = []

    def look(self, page: Page, name: str) -> None:
        """axe finds nothing, nothing scrolls sideways, there is one heading and a title, and a picture is kept."""
        if not self.is_strict or name in self._seen:
            return
        self._seen.append(name)
        path = shoot(page, f"{self.story}-{len(self._seen):02d}-{name}")
        self.pictures.append(path)
        assert page.locator("h1").count() == 1, f"{page.url} has {page.locator('h1').count()} h1"
        assert page.title().strip(), f"{page.url} has no title"
        assert_fits(page)
        assert_accessible(page)


def eventually(ask: Callable[[], Found], what: str, seconds: float = 45.0, pause: float = 0.25) -> Found:
    """The first answer that is not empty; fails with `what` when none comes in time."""
    until = time.monotonic() + seconds
    while True:
        found = ask()
        if found:
            return found
        assert time.monotonic() < until, f"waited {seconds:g} s in vain for {what}"
        time.sleep(pause)


def told_of_errors(page: Page) -> str:
    """The error summary's words; the title says エラー, the focus is on the summary, every line leads to a control."""
    summary = page.locator(".error-summary")
    try:
        summary.wait_for()
    except TimeoutError as none:
        words = page.locator("main").inner_text()[:1000]
        raise AssertionError(f"{page.url} tells of no error:\n{words}") from none
    assert page.title().startswith("エラー"), page.title()
    eventually(lambda: page.evaluate(IS_ON_SUMMARY), f"the focus on the error summary of {page.url}", 5)
    nowhere = page.evaluate(
        """[...document.querySelectorAll(".error-summary a")].map(link => link.hash)
           .filter(hash => !document.getElementById(hash.slice(1))?.matches("input, select, textarea, button"))"""
    )
    assert not nowhere, f"{page.url}: lines of the error summary lead to no control: {nowhere}"
    return summary.inner_text()


def slug_of(page: Page) -> str:
    """The step that the page shows: /apply/<slug>/."""
    found = re.search(r"/apply/([a-z-]+)/", page.url)
    return found[1] if found else ""


def refusal(page: Page) -> str:
    """The words of a refusal: what is wrong, why, what to do now, whom to ask."""
    box = page.locator(".refusal")
    assert box.count() == 1, f"{page.url} shows no refusal:\n{page.locator('main').inner_text()[:500]}"
    terms = box.locator("dt").all_inner_texts()
    assert "これから" in terms and "問い合わせ先" in terms, terms
    return box.inner_text()
