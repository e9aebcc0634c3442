"""Pages that belong to no app: refusals that no view answered, health, figures.

Machines (paths below /csc/ and /oauth2/) are told in JSON, people in a page. Nothing here tells what went wrong
inside (house.md law 5).
"""

import logging
import sys
from collections.abc import Callable
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponsePermanentRedirect,
    JsonResponse,
)
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from deploy import figures, health
from enrollment.flow import STEP

log = logging.getLogger("inkan.pages")

MACHINE_PATHS = ("/csc/", "/oauth2/")
# status -> (CSC / RFC 6749 error, description); the texts are the standard's language
MACHINE_ERRORS = {
    400: ("invalid_request", "The request cannot be read."),
    403: ("access_denied", "This is not allowed."),
    404: ("invalid_request", "There is no such address."),
    405: ("invalid_request", "This address does not answer that method."),
    413: ("invalid_request", "The request is too large."),
    408: ("invalid_request", "The request did not arrive in time."),
    500: ("server_error", "The request could not be carried out."),
    503: ("temporarily_unavailable", "The service is not available, try again."),
}
RETRY_AFTER = "5"


def is_for_machines(path: str) -> bool:
    return path.startswith(MACHINE_PATHS)


def refusal(request: HttpRequest, status: int, template: str = "") -> HttpResponse:
    """The bare answer to a request that no view could answer: JSON for machines, a page for people."""
    if is_for_machines(request.path):
        error, description = MACHINE_ERRORS[status]
        return JsonResponse({"error": error, "error_description": description}, status=status)
    name = template or f"errors/{status}.html"
    context = {"status": status, "back": _step_of(request.path_info)}
    return HttpResponse(render_to_string(name, context, request), status=status)


def _step_of(path: str) -> str:
    """The page of the application's step that an address below it belongs to; "" for every other address."""
    try:
        slug = resolve(path).kwargs.get("slug", "")
    except Resolver404:
        return ""
    return reverse("step", args=[slug]) if slug in STEP else ""


def _database_is_away(problem: BaseException | None) -> bool:
    """Whether a database that did not answer is behind this exception.

    Django makes a session that could not be written into a bad request of the visitor (SessionInterrupted), whether
    the session had ended or PostgreSQL was restarting.
    """
    while problem is not None:
        if isinstance(problem, (InterfaceError, OperationalError)):
            return True
        problem = problem.__cause__ or problem.__context__
    return False


def _try_again(request: HttpRequest) -> HttpResponse:
    answer = refusal(request, 503)
    answer.headers["Retry-After"] = RETRY_AFTER
    return answer


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _try_again(request) if _database_is_away(exception) else refusal(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refusal(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refusal(request, 404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    log.warning("a form was refused: %s", reason)
    return refusal(request, 403, "errors/403_csrf.html")


def server_error(request: HttpRequest) -> HttpResponse:
    """Must not fail itself: a page that cannot be drawn becomes one plain sentence."""
    is_away = _database_is_away(sys.exception())
    try:
        return _try_again(request) if is_away else refusal(request, 500)
    except Exception:
        log.exception("the page of an error cannot be drawn")
        words = _("ただいま処理できません。時間をおいて、もう一度お試しください。")
        return HttpResponse(words, status=503 if is_away else 500)


class RefusalMiddleware:
    """Answers what the router refused (too large, too slow), and gives Django's empty 405 a page of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        refused = request.META.get("asgi.scope", {}).get("inkan.refused")
        if refused:
            return refusal(request, refused)
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or response.content:
            return response
        page = refusal(request, 405)
        page.headers["Allow"] = response.headers["Allow"]
        return page


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for this name wherever a page names no icon (JSON, plain text): the seal."""
    return HttpResponsePermanentRedirect(static("seal.svg"))


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Alive: this process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Able to serve: each part with "ok" or what is wrong, in words that hold no secrets.

    503 unless all that every request needs are; "degraded" where only some requests must wait.
    """
    parts: dict[str, Any] = health.parts()
    wrong = {name for name, state in parts.items() if state != "ok"}
    ready = wrong <= set(health.BESIDE)
    status = "ok" if not wrong else "degraded" if ready else "unavailable"
    return JsonResponse({"status": status, "parts": parts}, status=200 if ready else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    return HttpResponse(figures.exposition(), content_type="text/plain; version=0.0.4; charset=utf-8")
