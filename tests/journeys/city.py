"""Everybody in a running product: applicants, officers, phones, each in a browser of their own."""

import contextlib
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from playwright.sync_api import Browser, Page

from tests.journeys.applicants import Applicant
from tests.journeys.eyes import Eyes
from tests.journeys.officers import Officer
from tests.journeys.phones import Phone
from tests.journeys.signers import Signer
from tests.journeys.stories import Story
from tests.support import services
from tests.support.browser import visit
from tests.support.ehr import Ehr
from tests.support.product import Product


class City:
    """Opens visits; all of them end, with their complaints told, when the block ends."""

    def __init__(self, product: Product, browser: Browser) -> None:
        self.product, self.browser = product, browser
        self._visits = contextlib.ExitStack()
        self._desks: dict[str, Officer] = {}

    @cached_property
    def people(self) -> dict[str, Any]:
        return self.product.people()

    def person(self, slug: str) -> dict[str, Any]:
        return next(row for row in self.people["people"] if row["slug"] == slug)

    def page(self, *, phone: bool = True, **options: Any) -> Page:
        """A fresh visitor's page."""
        return self._visits.enter_context(visit(self.browser, self.product.url, phone=phone, **options))

    def applicant(self, slug: str, eyes: Eyes, *, phone: bool = True) -> Applicant:
        return Applicant(self.product, self.page(phone=phone), self.person(slug), eyes)

    def hero(self, story: Story, eyes: Eyes, *, phone: bool | None = None, **options: Any) -> Applicant:
        """The person of a story, on the story's own device unless another is named."""
        page = self.page(phone=story.phone if phone is None else phone, **options)
        return Applicant(self.product, page, self.person(story.slug), eyes, story)

    def officer(self, username: str, eyes: Eyes) -> Officer:
        """Signed in at the desk; the same officer stays at the same desk."""
        if username not in self._desks:
            row = next(one for one in self.people["officers"] if one["username"] == username)
            self._desks[username] = Officer(self.page(phone=False), row, eyes)
            self._desks[username].signs_in()
        desk = self._desks[username]
        desk.eyes = eyes
        return desk

    def phone(self, eyes: Eyes, *, synced: bool = False) -> Phone:
        return Phone(self.page(), eyes, synced=synced)

    def signer(self, slug: str, eyes: Eyes, *, phone: bool = False) -> Signer:
        return Signer(self.product, self.page(phone=phone), self.person(slug), eyes)

    def ehr(self) -> Ehr:
        """A hospital system that the operator has registered; it listens on a free port of loopback."""
        uri = f"http://127.0.0.1:{services.free_port()}/callback"
        words = ["journey-ehr", "--name", "見本病院の電子カルテ", "--redirect-uri", uri]
        told = self.product.manage("create_oauth_client", *words).stdout
        client = dict(line.split(": ") for line in told.splitlines())
        return self._visits.enter_context(Ehr(self.product.url, client, uri))

    def is_approved(self, authority: str, receipt: str, eyes: Eyes) -> None:
        """Two officers, one after the other."""
        self.officer(f"{authority}-examiner", eyes).claims_and_recommends(receipt)
        self.officer(f"{authority}-approver", eyes).approves(receipt)

    def close(self) -> None:
        try:
            self._visits.close()
        except AssertionError as complaint:
            complaint.add_note(self.product.logs())
            raise


@contextlib.contextmanager
def city(product: Product, browser: Browser) -> Iterator[City]:
    made = City(product, browser)
    try:
        yield made
    except BaseException:
        with contextlib.suppress(AssertionError):  # the story's own failure is the news
            made.close()
        raise
    made.close()
