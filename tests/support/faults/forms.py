"""A person at a browser, without the browser: cookies, pages, and the forms that stand in them.

It finds its way by what a page offers (a form's address, its fields), not by how the page looks. Like people do, it
tries again when the server is not there: `load` and `send` say how often that was in `waits` and `statuses`.
"""

import http.client
import http.cookiejar
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import NamedTuple

PATIENCE = 90.0
_SLOWEST = 30.0
_GONE = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError)


@dataclass
class Field:
    """One name of a form: what is typed or chosen, and what may be chosen."""

    kind: str
    value: str | None = None
    choices: list[str] = field(default_factory=list)
    is_required: bool = False


@dataclass
class Form:
    """Where it goes, its fields by name, and its own data-… attributes."""

    action: str
    method: str
    fields: dict[str, Field] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The last word of its address: the move that it makes."""
        return urllib.parse.urlsplit(self.action).path.rstrip("/").rpartition("/")[2]

    def values(self) -> dict[str, str]:
        return {name: one.value for name, one in self.fields.items() if one.value is not None}


class Page(NamedTuple):
    status: int
    url: str
    text: str

    @property
    def forms(self) -> list[Form]:
        reader = _Reader(self.url)
        reader.feed(self.text)
        return reader.forms

    def form(self, name: str) -> Form | None:
        """The form of this move, if the page offers it."""
        return next((one for one in self.forms if one.name == name and one.method == "post"), None)

    def having(self, field_name: str) -> Form | None:
        return next((one for one in self.forms if field_name in one.fields), None)


class Person:
    """One cookie jar. Who gets no page waits a moment and asks again; who sent a form looks what came of it."""

    def __init__(self, server: str, *, agent: str = "Mozilla/5.0", cookies: Mapping[str, str] = {}) -> None:
        self.server = server
        self.waits = 0
        self.statuses: Counter[int] = Counter()
        self._agent = agent
        self._jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))
        for name, value in cookies.items():
            self._jar.set_cookie(_cookie(name, value))

    def load(self, path: str) -> Page:
        """The page, as often as it takes. Raises AssertionError when the server stays away."""
        until = time.monotonic() + PATIENCE
        while True:
            page = self._once(path, None)
            if page is not None and page.status < 500:
                return page
            assert time.monotonic() < until, f"{path} was not to be had: {page}"
            time.sleep(0.3)

    def send(self, form: Form, **more: str) -> Page | None:
        """The page that came of it; None when that is not known, so that one has to look."""
        page = self._once(form.action, {**form.values(), **more})
        return None if page is None or page.status >= 500 else page

    def _once(self, path: str, values: Mapping[str, str] | None) -> Page | None:
        url = urllib.parse.urljoin(self.server, path)
        body = urllib.parse.urlencode(values).encode() if values is not None else None
        request = urllib.request.Request(url, data=body, headers={"User-Agent": self._agent, "Referer": url})
        try:
            with self._opener.open(request, timeout=_SLOWEST) as answer:
                page = Page(answer.status, answer.url, answer.read().decode())
        except urllib.error.HTTPError as refused:
            with refused:
                try:
                    page = Page(refused.code, refused.url or url, refused.read().decode())
                except _GONE:
                    page = Page(refused.code, url, "")
        except _GONE:
            self.waits += 1
            return None
        self.statuses[page.status] += 1
        return page


class _Reader(HTMLParser):
    """Forms and their fields as HTML's own rules send them (radio groups, checkboxes, selects, texts)."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._url = url
        self._form: Form | None = None
        self._select: Field | None = None
        self._text: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urllib.parse.urljoin(self._url, given.get("action") or self._url)
            data = {name: value for name, value in given.items() if name.startswith("data-")}
            self._form = Form(action, given.get("method", "get").lower(), data=data)
            self.forms.append(self._form)
        elif self._form is not None:
            self._field(self._form, tag, given)

    def _field(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, required = given.get("name", ""), "required" in given
        if tag == "option" and self._select is not None:
            self._select.choices.append(given.get("value", ""))
            if "selected" in given or self._select.value is None:
                self._select.value = given.get("value", "")
        elif not name or "disabled" in given:
            return
        elif tag == "input":
            self._input(form, given, required)
        elif tag == "select":
            self._select = form.fields[name] = Field("select", is_required=required)
        elif tag == "textarea":
            self._text = form.fields[name] = Field("textarea", "", is_required=required)

    def _input(self, form: Form, given: dict[str, str], required: bool) -> None:
        kind, name = given.get("type", "text"), given["name"]
        if kind in ("radio", "checkbox"):
            found = form.fields.setdefault(name, Field(kind, is_required=required))
            found.choices.append(given.get("value", "on"))
            if "checked" in given:
                found.value = given.get("value", "on")
        elif kind not in ("submit", "button", "file", "image"):
            form.fields[name] = Field(kind, given.get("value", ""), is_required=required)

    def handle_data(self, data: str) -> None:
        if self._text is not None and self._text.value is not None:
            self._text.value += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._text = None


def _cookie(name: str, value: str) -> http.cookiejar.Cookie:
    return http.cookiejar.Cookie(
        0,
        name,
        value,
        None,
        False,
        "localhost.local",
        True,
        False,
        "/",
        True,
        False,
        None,
        False,
        None,
        None,
        {},
    )
