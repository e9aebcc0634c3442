"""What binds a link, a ceremony or a session to one browser, and the headers of pages that nobody may keep."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

from vault import tokens

P = ParamSpec("P")
View = Callable[P, HttpResponse]


def token(request: HttpRequest) -> str:
    """The browser's secret; "" where it has none."""
    return request.COOKIES.get(settings.BROWSER_COOKIE_NAME, "")


def token_or_new(request: HttpRequest) -> str:
    return token(request) or tokens.new_token()


def remember(response: HttpResponse, browser_token: str) -> None:
    _set(response, settings.BROWSER_COOKIE_NAME, browser_token, None)


def forget(response: HttpResponse) -> None:
    _delete(response, settings.BROWSER_COOKIE_NAME)


def session_token(request: HttpRequest) -> str:
    return request.COOKIES.get(settings.SIGNER_COOKIE_NAME, "")


def remember_session(response: HttpResponse, session: str, lifetime: timedelta) -> None:
    _set(response, settings.SIGNER_COOKIE_NAME, session, lifetime)


def forget_session(response: HttpResponse) -> None:
    _delete(response, settings.SIGNER_COOKIE_NAME)


def visit_token(request: HttpRequest) -> str:
    return request.COOKIES.get(settings.CARD_COOKIE_NAME, "")


def remember_visit(response: HttpResponse, visit: str) -> None:
    _set(response, settings.CARD_COOKIE_NAME, visit, settings.CARD_VISIT)


def forget_visit(response: HttpResponse) -> None:
    _delete(response, settings.CARD_COOKIE_NAME)


def remember_language(response: HttpResponse, language: str) -> None:
    """The visitor's own choice, as Django's `set_language` keeps it."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )
    response["Content-Language"] = language


def private(view: View[P]) -> View[P]:
    """No cache keeps the page (ST-18)."""

    @wraps(view)
    def answered(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(*args, **kwargs)
        add_never_cache_headers(response)
        response["Cache-Control"] = "no-store"
        return response

    return answered


def unreferred(view: View[P]) -> View[P]:
    """The address itself is a secret: no request that leaves the page names it (threat 3)."""

    @wraps(view)
    def answered(*args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(*args, **kwargs)
        response["Referrer-Policy"] = "no-referrer"
        return response

    return answered


def _set(response: HttpResponse, name: str, value: str, lifetime: timedelta | None) -> None:
    response.set_cookie(
        name,
        value,
        max_age=lifetime,
        path="/",
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )


def _delete(response: HttpResponse, name: str) -> None:
    response.set_cookie(
        name, "", max_age=0, path="/", secure=settings.IS_HTTPS, httponly=True, samesite="Lax"
    )
