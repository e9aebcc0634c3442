"""The endpoints that systems call themselves: token, revocation, pushed requests. Every answer is JSON or empty."""

import binascii
from base64 import b64decode
from collections.abc import Callable
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749 import OAuth2Error
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError

from signing.api.oauth import asking, grants, parameters, waiting
from signing.api.oauth.server import Request, server
from signing.api.oauth.wanted import Unacceptable

_NO_STORE = {"Cache-Control": "no-store"}


def token(request: HttpRequest) -> HttpResponse:
    """RFC 6749 section 4.1.3. Redeeming and giving are one transaction: a second redeemer waits and ends both."""

    def given(asked: Request) -> HttpResponse:
        with transaction.atomic():
            response: HttpResponse = server.create_token_response(asked)
        return response

    return _answered(request, given)


def revoke(request: HttpRequest) -> HttpResponse:
    """RFC 7009; 204 as CSC 1.0.4 section 8.3.4 has it."""
    response = _answered(request, lambda asked: server.create_endpoint_response("revocation", asked))
    if response.status_code == 200:
        return HttpResponse(status=204, headers=_NO_STORE)
    return response


def push(request: HttpRequest) -> HttpResponse:
    """RFC 9126: the client is authenticated, the request is checked as the authorization endpoint would."""

    def kept(asked: Request) -> HttpResponse:
        client = server.authenticate_client(asked, grants.AUTH_METHODS, "pushed_authorize")
        fields = parameters.without_secrets(asked.payload.data)
        if fields.setdefault("client_id", client.row.client_id) != client.row.client_id:
            raise Unacceptable("invalid_request", "client_id is another client's")
        if "request_uri" in fields:
            raise Unacceptable("invalid_request", "request_uri cannot be pushed")
        wished = fields.get("redirect_uri")
        if wished is None and len(client.row.redirect_uris) != 1:
            raise Unacceptable("invalid_request", "Missing redirect_uri")
        if wished is not None and wished not in client.row.redirect_uris:
            raise Unacceptable("invalid_request", "redirect_uri is not registered")
        asking.check(request, client.row, fields, asked.at)
        body = {
            "request_uri": waiting.push(client.row, fields, asked.at, asked.certificate),
            "expires_in": int(waiting.PUSHED_LIFETIME.total_seconds()),
        }
        return JsonResponse(body, status=201, headers=_NO_STORE)

    return _answered(request, kept)


def _answered(request: HttpRequest, answer: Callable[[Request], HttpResponse]) -> HttpResponse:
    """The answer; what a stranger's bytes make our parsers say is the stranger's error, never a 500."""
    try:
        fields = parameters.read(request.POST.lists())
        if _authenticates_twice(request, fields):
            return _error("invalid_request", "More than one client authentication.")
        return answer(Request(request, fields))
    except RequestDataTooBig:
        return _error("invalid_request", "The request is too large.", 413)
    except parameters.Twice:
        return _error("invalid_request", "A parameter stands twice.")
    except Unacceptable as problem:
        return _error(problem.error, problem.description)
    except OAuth2Error as problem:
        response: HttpResponse = server.handle_response(*_without_redirect(problem)())
        return response
    except (parameters.Malformed, ValueError, TypeError, SuspiciousOperation, UnreadablePostError):
        return _error("invalid_request", "The request cannot be read.")


def _without_redirect(problem: OAuth2Error) -> OAuth2Error:
    problem.redirect_uri = None
    return problem


def _authenticates_twice(request: HttpRequest, fields: dict[str, str]) -> bool:
    """RFC 6749 section 2.3: one method, one client."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        named = unquote_plus(b64decode(value.strip()).decode().partition(":")[0])
    except (binascii.Error, ValueError):
        return False  # refused as no authentication at all
    return "client_secret" in fields or fields.get("client_id", named) != named


def _error(error: str, description: str, status: int = 400) -> HttpResponse:
    body = {"error": error, "error_description": description}
    return JsonResponse(body, status=status, headers=_NO_STORE)
