"""The people of the long faults: officers at the real desk, applicants at their inbox, phones with their own keys.

All of it over HTTP. Each one loads a page, does what the page offers towards the own aim, and loads it again to see
what came of it: so an answer that was lost, or a server that was killed half way, is nothing special.
"""

import html
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from queue import Empty, Queue
from typing import Any
from urllib.parse import urlsplit

from tests.journeys.officers import unused_code
from tests.support.faults.forms import Form, Page, Person
from tests.support.phone import Phone

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"
COOKIE = "inkan-applicant"
TRIES = 60
PATIENCE = 240.0
# Of ten applicants: what shall become of their case.
PLANS = ("issued",) * 6 + ("returned", "rejected", "withdrawn", "second thoughts")


class Stuck(AssertionError):
    """A page offers nothing towards the aim; its text is the message."""


@dataclass
class Applicant:
    """One case and what its people have done about it so far."""

    application: str
    cookie: str
    plan: str
    phone: Phone
    seconds: float = 0.0

    @property
    def is_issued(self) -> bool:
        return self.plan in ("issued", "second thoughts")

    @property
    def state(self) -> str:
        """Where the case belongs in the end."""
        return "issued" if self.is_issued else self.plan


class Desk:
    """An officer at the review desk."""

    def __init__(self, server: str, officer: dict[str, str]) -> None:
        self.person, self.officer = Person(server), officer

    def signs_in(self) -> None:
        form = self.person.load("/admin/").having("otp_token")
        assert form is not None
        name = self.officer["username"]
        code = unused_code(self.person.server, name, self.officer["totp_secret"])
        page = self.person.send(form, username=name, password=self.officer["password"], otp_token=code)
        assert page is not None and page.having("otp_token") is None, page and _words(page)

    def carries(self, case: str, move: str) -> None:
        """The case has had this move: claimed before where the desk wants it, looked up again until it is so."""
        for number in range(TRIES):
            time.sleep(min(number, 4) / 2 if number > 1 else 0)  # a check may still be under way
            page = self._opens(case)
            form = page.form(move) or page.form("claim")
            if form is None:
                return
            sheet = page.form("checklist")
            if sheet is not None and move in ("recommend", "approve"):
                self.person.send(sheet, **_filled(sheet, case))
            answer = self.person.send(form, **_filled(form, case))
            if answer is not None and answer.status == 422:
                raise Stuck(f"{move}: {_words(answer)}")
        raise Stuck(f"{case}: {move} is offered again and again: {_words(page)}")

    def takes_back(self, case: str) -> None:
        """If the ten seconds are not over; whether it was taken back does not matter to the end."""
        form = self._opens(case).form("take_back")
        if form is not None:
            self.person.send(form)

    def _opens(self, case: str) -> Page:
        """The case screen; where the desk asks first why it is looked at, a reason is given."""
        for _ in range(TRIES):
            page = self.person.load(f"/admin/enrollment/application/case/{case}/")
            why = page.having("purpose")
            if why is None:
                assert page.status == 200, _words(page)
                return page
            self.person.send(why, **_filled(why, case))
        raise Stuck(f"{case}: asked why again and again")


def _filled(form: Form, case: str) -> dict[str, str]:
    """Every line of a checklist fits, one field is to be corrected, every reason is given."""
    values: dict[str, str] = {}
    corrected = False
    for name, one in form.fields.items():
        if one.kind in ("radio", "select") and "pass" in one.choices:
            values[name] = "pass"
        elif one.kind == "select" and name.startswith("reason:"):
            if not corrected:
                values[name] = next(choice for choice in one.choices if choice and choice != "other")
                corrected = True
        elif one.kind in ("radio", "select") and not one.value:
            values[name] = next(choice for choice in one.choices if choice)
        elif one.kind == "checkbox" and one.is_required:
            values[name] = one.choices[0]
        elif one.kind in ("textarea", "text") and not (one.value or "").strip():
            values[name] = f"chaos {case}"[:100] if name in ("reason", "note", "why", "purpose") else ""
    return values


def withdraws(server: str, applicant: Applicant) -> None:
    """取下げ from the status page, until it is not offered any more."""
    person = Person(server, cookies={COOKIE: applicant.cookie})
    for _ in range(TRIES):
        page = person.load(f"/status/{applicant.application}/withdraw/")
        form = page.form("withdraw")
        if form is None:
            return
        person.send(form)
    raise Stuck(f"{applicant.application}: could not be withdrawn")


def binds(server: str, applicant: Applicant) -> None:
    """From the inbox, where link and password are, to the page that says that the phone is registered."""
    person = Person(server, cookies={COOKIE: applicant.cookie})
    link, password = _waits_for_the_link(person)
    phone = Person(server, agent=IPHONE)
    for _ in range(TRIES):
        page = phone.load(link)
        ask, offer = page.having("password"), page.having("credential")
        if ask is not None:
            phone.send(ask, password=password)
        elif offer is not None:
            answer = applicant.phone.register(html.unescape(offer.data["data-options"]))
            phone.send(offer, credential=answer)
        elif urlsplit(page.url).path.endswith("/done/") or page.status in (409, 410):
            return  # bound, or used already by the answer that we never got; the rows tell whose phone it is
        else:
            raise Stuck(_words(page))
    raise Stuck(f"{applicant.application}: the phone could not be bound")


def _waits_for_the_link(person: Person) -> tuple[str, str]:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        inbox = person.load("/status/")
        for address in dict.fromkeys(re.findall(r'href="(/status/notices/[0-9a-f-]+/)"', inbox.text)):
            page = person.load(address)
            copied = [html.unescape(text) for text in re.findall(r"data-copy-value[^>]*>([^<]+)<", page.text)]
            links = [urlsplit(text).path for text in copied if "/r/" in text]
            words = [text for text in copied if "/r/" not in text]
            if links and words:
                return links[0], words[0]
        time.sleep(1)
    raise Stuck("no link came")


def _words(page: Page) -> str:
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", page.text, flags=re.S)
    return f"{page.status} {page.url}: {' '.join(text.split())[:1500]}"


@dataclass
class Town:
    """Everybody at work at once; `finish` waits and raises what went wrong."""

    server: str
    desks: Sequence[Desk]
    applicants: Sequence[Applicant]
    phones: int = 3
    wrong: list[BaseException] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _recommended: "Queue[Applicant]" = field(default_factory=Queue)
    _approved: "Queue[Applicant]" = field(default_factory=Queue)
    _open: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        examiners = [desk for desk in self.desks if desk.officer["role"] == "EXAMINER"]
        approvers = [desk for desk in self.desks if desk.officer["role"] == "APPROVER"]
        self._open = len(self.applicants)
        for number, desk in enumerate(examiners):
            self._start(self._examines, desk, self.applicants[number :: len(examiners)])
        for desk in approvers:
            self._start(self._approves, desk)
        for _ in range(self.phones):
            self._start(self._registers)

    @property
    def is_busy(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    @property
    def open(self) -> int:
        return self._open

    def finish(self) -> None:
        for thread in self._threads:
            thread.join()
        if self.wrong:
            raise self.wrong[0]

    def _start(self, work: Callable[..., None], *given: Any) -> None:
        def run() -> None:
            try:
                work(*given)
            except BaseException as problem:
                self.wrong.append(problem)  # and nobody waits for who gave up

        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _done(self, applicant: Applicant) -> None:
        applicant.seconds = time.monotonic() - applicant.seconds
        with self._lock:
            self._open -= 1

    def _examines(self, desk: Desk, mine: Sequence[Applicant]) -> None:
        moves = {"returned": "return_to_applicant", "rejected": "reject"}
        for applicant in mine:
            if self.wrong:
                return
            applicant.seconds = time.monotonic()
            if applicant.plan == "withdrawn":
                withdraws(self.server, applicant)
                self._done(applicant)
            elif applicant.plan in moves:
                desk.carries(applicant.application, moves[applicant.plan])
                self._done(applicant)
            else:
                desk.carries(applicant.application, "recommend")
                self._recommended.put(applicant)

    def _approves(self, desk: Desk) -> None:
        while (applicant := self._next(self._recommended)) is not None:
            desk.carries(applicant.application, "approve")
            if applicant.plan == "second thoughts":
                desk.takes_back(applicant.application)
                desk.carries(applicant.application, "approve")
            self._approved.put(applicant)

    def _registers(self) -> None:
        while (applicant := self._next(self._approved)) is not None:
            binds(self.server, applicant)
            self._done(applicant)

    def _next(self, queue: "Queue[Applicant]") -> Applicant | None:
        """The next one of a line; None when nobody is left anywhere."""
        while self._open > 0 and not self.wrong:
            try:
                return queue.get(timeout=0.5)
            except Empty:
                continue
        return None
