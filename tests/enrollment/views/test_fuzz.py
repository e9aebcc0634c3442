"""No request gives a 500: every address, every method, hostile values, nobody's and everybody's session."""

import uuid
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern

from enrollment import flow
from enrollment.flow import State
from enrollment.models import Application
from enrollment.urls import urlpatterns
from tests.support.people import Applying

pytestmark = pytest.mark.django_db
ID = str(uuid.UUID(int=1))
SLUGS = [*flow.STEP, "nothing", "card-check-2"]
TEXTS = ["x" * 10_000, "a\x00b", "\ud800", '{"version":1}', "[" * 5000, "-1"]
NAMES = [
    "version", "response", "hpki_card", "qualification", "authority", "is_right", "family_kana", "given_kana",
    "family_romaji", "shown_for", "manual", "family_typed", "kind", "former_from_card", "take", "family_kanji",
    "postal_code",
    "registration_number", "registered_on", "reissued_on", "member", "number", "pin", "again", "has_workplace",
    "name", "institution_code", "address", "phone", "send_to", "pickup", "taken_on", "is_recent", "day_on_paper",
    "code", "agree", "parts", "printed_name", "stay", "file",
]  # fmt: skip


def addresses() -> list[str]:
    found = []
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        route = str(pattern.pattern)
        slugs = SLUGS if "<slug:slug>" in route else [""]
        found += ["/" + route.replace("<slug:slug>", slug).replace("<uuid:public_id>", ID) for slug in slugs]
    return sorted(found, key=lambda address: "sign-out" in address)  # last: it ends what the others need


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def requests(browser: Client, address: str) -> list[tuple[str, Any]]:
    """Every way of asking one address that a browser or a malicious program has."""
    done = [("get", browser.get(address)), ("head", browser.head(address)), ("post", browser.post(address))]
    done.append(
        (
            "query",
            browser.get(address, {"family": "ッ\x00" * 50, "next": "//x", "wait": "9" * 30, "from": "y"}),
        )
    )
    for text in TEXTS:
        body = b"&".join(name.encode() + b"=" + encoded(text) for name in NAMES)
        form = "application/x-www-form-urlencoded"
        done.append((f"post {text[:9]!r}", browser.generic("POST", address, body, content_type=form)))
    done.append(
        (
            "garbage",
            browser.generic("POST", address, b"\xff\xfe\x00" * 99, content_type="multipart/form-data"),
        )
    )
    done.append(("json", browser.generic("POST", address, b'{"response":', content_type="application/json")))
    file = SimpleUploadedFile("\u202e" * 300 + ".jpg", b"\xff\xd8\xff\x00")
    done.append(("file", browser.post(address, {"file": file, "version": "1e9"})))
    done += [(name, getattr(browser, name)(address)) for name in ("put", "delete", "options")]
    return done


def survey(browser: Client) -> None:
    browser.raise_request_exception = True  # an exception in a view is shown with its place, not as a 500
    for address in addresses():
        for what, answer in requests(browser, address):
            assert answer.status_code < 500, (address, what)


def test_a_stranger_gets_no_500() -> None:
    survey(Client())


def test_a_made_up_session_gets_no_500() -> None:
    browser = Client()
    browser.cookies[settings.APPLICANT_COOKIE_NAME] = "\x7f" * 43
    browser.cookies[f"{settings.APPLICANT_COOKIE_NAME}-reader"] = "é" * 50
    survey(browser)


@pytest.mark.parametrize("reached", ["qualification", "names", "sign"])
def test_an_applicant_half_way_gets_no_500(reached: str) -> None:
    person = Applying()
    person.until(reached)
    survey(person.browser)
    assert Application.objects.get().state == State.DRAFT


def test_an_applicant_under_review_gets_no_500_and_changes_nothing() -> None:
    person = Applying()
    application = person.submit()
    before = {row.step: row.data for row in application.answers.all()}
    survey(person.browser)
    application.refresh_from_db()
    assert application.state == State.SUBMITTED and application.round == 1
    assert {row.step: row.data for row in application.answers.all()} == before
