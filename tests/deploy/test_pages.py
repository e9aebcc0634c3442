"""Refusals that no view answered, the language, and health: in the right form, telling nothing of the inside."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from pytest_django.fixtures import Settings

from deploy import pages
from deploy import urls as real


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("the secret inside")


def without_database(request: HttpRequest) -> HttpResponse:
    raise OperationalError("terminating connection due to administrator command: secret")


def remembering(request: HttpRequest) -> HttpResponse:
    request.session["seen"] = True
    return HttpResponse("seen")


urlpatterns = [
    path("broken/", broken),
    path("without-database/", without_database),
    path("remembering/", remembering),
    path("csc/v1/without-database", without_database),
    path("csc/v1/broken", broken),
    *real.urlpatterns,  # last: the API answers every address below /csc/
]
handler400, handler403, handler404, handler500 = (
    real.handler400,
    real.handler403,
    real.handler404,
    real.handler500,
)


@pytest.fixture
def visitor(db: None, settings: Settings) -> Client:
    settings.ROOT_URLCONF = "tests.deploy.test_pages"
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("get", "/no-such-page", 404),
        ("get", "/broken/", 500),
        ("get", "/without-database/", 503),
        ("post", "/language/", 403),
    ],
)
def test_people_get_a_page(visitor: Client, method: str, address: str, status: int) -> None:
    answer = getattr(visitor, method)(address)
    text = answer.content.decode()
    assert answer.status_code == status
    assert "<h1" in text
    assert "secret" not in text and "Traceback" not in text
    assert answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("address", "status", "error"),
    [
        ("/csc/v1/no-such-method", 404, "invalid_request"),
        ("/csc/v1/without-database", 503, "temporarily_unavailable"),
        ("/oauth2/no-such-thing", 404, "invalid_request"),
        ("/csc/v1/broken", 500, "server_error"),
    ],
)
def test_machines_get_json(visitor: Client, address: str, status: int, error: str) -> None:
    answer = visitor.get(address)
    assert answer.status_code == status
    assert json.loads(answer.content)["error"] == error
    assert "secret" not in answer.content.decode()


def test_a_method_that_is_not_answered_has_a_page_that_names_those_that_are(db: None) -> None:
    answer = Client().delete("/healthz")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert "<h1" in answer.content.decode()


@pytest.mark.parametrize("status", [408, 413])
@pytest.mark.parametrize("address", ["/apply/", "/csc/v1/info"])
def test_what_the_router_refused_is_said_in_the_right_form(
    visitor: Client, status: int, address: str
) -> None:
    answer = visitor.post(address, **{"asgi.scope": {"inkan.refused": status}})
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith(
        "text/html" if address == "/apply/" else "application/json"
    )


@pytest.mark.parametrize("status", [408, 413])
@pytest.mark.parametrize(
    ("address", "back"),
    [
        ("/apply/photo/", "/apply/photo/"),
        ("/apply/identity/file/", "/apply/identity/"),
        ("/apply/no-such-step/", "/"),
        ("/status/", "/"),
        ("//elsewhere.example/photo/", "/"),
    ],
)
def test_a_file_that_did_not_pass_the_router_leads_back_to_its_page(
    visitor: Client, status: int, address: str, back: str
) -> None:
    answer = visitor.post(address, **{"asgi.scope": {"inkan.refused": status}})
    assert f'<a class="button button-primary" href="{back}">' in answer.content.decode()


def test_a_page_that_cannot_be_drawn_is_a_sentence(settings: Settings, rf: RequestFactory) -> None:
    settings.TEMPLATES = [{**configured.TEMPLATES[0], "DIRS": []}]
    answer = pages.server_error(rf.get("/"))
    assert (answer.status_code, "Traceback" in answer.content.decode()) == (500, False)
    assert "もう一度" in answer.content.decode()


@pytest.mark.parametrize(
    ("cookie", "accept", "language"),
    [
        ("", "", "ja"),
        ("", "en-US,en;q=0.9", "ja"),
        ("en", "ja", "en"),
        ("ja", "en", "ja"),
        ("tlh", "en", "ja"),
    ],
)
def test_japanese_comes_first_and_the_visitors_choice_above(
    visitor: Client, cookie: str, accept: str, language: str
) -> None:
    if cookie:
        visitor.cookies[configured.LANGUAGE_COOKIE_NAME] = cookie
    answer = visitor.get("/no-such-page", headers={"accept-language": accept})
    assert answer.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in answer.content.decode()
    assert "Cookie" in answer.headers["Vary"]


def test_the_language_switch_remembers_the_choice(db: None) -> None:
    visitor = Client()
    answer = visitor.post("/language/", {"language": "en", "next": "/apply/"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/apply/")
    assert visitor.get("/no-such-page").headers["Content-Language"] == "en"


def test_the_language_switch_leads_nowhere_else(db: None) -> None:
    answer = Client().post("/language/", {"language": "en", "next": "https://elsewhere.example/"})
    assert answer.headers["Location"] == "/"


def _breaks_at(word: str) -> Callable[..., Any]:
    """The connection breaks at the first statement that has this word."""

    def execute(run: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if word in sql:
            raise OperationalError("server closed the connection unexpectedly")
        return run(sql, *rest)

    return execute


def test_a_session_that_a_restarting_database_cannot_write_is_not_the_visitors_fault(visitor: Client) -> None:
    """Django alone would say 400 (SessionInterrupted), and the visitor would look for a mistake of their own."""
    assert visitor.get("/remembering/").status_code == 200
    with connection.execute_wrapper(_breaks_at("UPDATE")):
        answer = visitor.get("/remembering/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "読み込み直してください" in answer.content.decode()
    assert visitor.get("/remembering/").status_code == 200


def test_a_session_that_ended_meanwhile_is_still_a_bad_request(visitor: Client) -> None:
    def ends(run: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if "UPDATE" in sql:
            Session.objects.all().delete()
        return run(sql, *rest)

    visitor.get("/remembering/")
    with connection.execute_wrapper(ends):
        assert visitor.get("/remembering/").status_code == 400


def test_the_page_that_needs_the_database_to_be_drawn_becomes_one_sentence(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_given: object) -> str:
        raise OperationalError("secret")

    monkeypatch.setattr(pages, "render_to_string", fails)
    answer = visitor.get("/without-database/")
    assert answer.status_code == 503
    assert "もう一度" in answer.content.decode()


def test_readiness_names_the_part_that_is_missing(
    visitor: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.SIGNER_SOCKET = settings.ISSUER_SOCKET = tmp_path / "nobody"  # other tests may have started one
    answer = visitor.get("/readyz")
    told = json.loads(answer.content)
    assert answer.status_code == 503
    assert told["parts"] == {
        "database": "ok",
        "broker": "ok",
        "signer": "unavailable",
        "issuer": "unavailable",
        "storage": "ok",
    }


def test_the_icon_that_browsers_guess_is_the_seal(visitor: Client) -> None:
    answer = visitor.get("/favicon.ico")
    assert answer.status_code == 301 and answer["Location"].endswith(".svg") and "seal" in answer["Location"]
