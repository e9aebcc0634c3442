"""The authorization server's addresses. HTTP only; what is allowed is decided in signing.api.oauth.

They answer below /oauth2/ and below each CSC base path alike: clients append `oauth2/…` to whichever they were told.
"""

from datetime import datetime
from urllib.parse import parse_qs, urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST, require_safe

from ledger import clock
from signing import sessions
from signing.api.oauth import asking as requests
from signing.api.oauth import conditions, endpoints, metadata, step_up, waiting
from signing.api.oauth.asking import Asking
from signing.errors import Refused
from signing.flow import Approval
from signing.models import SigningSession
from signing.pages import browser, sign_in

_REFUSED = "The signer has refused."
_NOT_IN_TIME = "The signer has not approved in time."


@require_GET  # a HEAD must not make a code
@browser.private
def authorize(request: HttpRequest) -> HttpResponse:
    """A living session answers silently; else the sign-in page, which comes back here (RFC 6749 section 4.1.1)."""
    at, browser_token = clock.now(), browser.token_or_new(request)
    try:
        asking = requests.read(request, browser_token, at)
        if isinstance(asking, HttpResponse):
            return asking
        return _answered(request, asking, browser_token, at)
    except Refused as refused:
        return render(
            request, "signing/oauth_refused.html", {"code": refused.code, "errors": True}, status=400
        )


def _answered(request: HttpRequest, asking: Asking, browser_token: str, at: datetime) -> HttpResponse:
    session = _session(request, at)
    if session is not None and conditions.is_answered(asking.conditions, session, at):
        if conditions.is_right_person(asking.conditions, session):
            return _admitted(request, asking, session, browser_token, at)
        if conditions.proved_at(session) >= asking.conditions.since:  # has just signed in as somebody else
            return requests.refuse(asking, "access_denied", "Another person has signed in.")
    if asking.conditions.is_silent:
        return requests.refuse(asking, "login_required")
    language = sign_in.wished_language(request, asking.parameters)
    with translation.override(language or translation.get_language()):
        next_path = _carried(request, asking, browser_token, at)
        page = sign_in.page(request, next_path, browser_token=browser_token)
    if language:
        browser.remember_language(page, language)
    return page


def _admitted(
    request: HttpRequest, asking: Asking, session: SigningSession, browser_token: str, at: datetime
) -> HttpResponse:
    """The code; or first the signer's own act for these very hashes, where the policy wants one."""
    approval = step_up.approval_of(asking, session)
    if approval is None:
        why = step_up.reasons(asking, session, at)
        if not why:
            return requests.answer(asking, session)
        if asking.conditions.is_silent:
            return requests.refuse(asking, "interaction_required")
        next_path = _carried(request, asking, browser_token, at)
        row = waiting.open_in(_uri(next_path), asking.client, browser_token, at)
        approval = step_up.ask(asking, row, session, why, next_path, at)
    elif approval.state == Approval.APPROVED and at < approval.expires_at:
        return requests.answer(asking, session)
    elif approval.state != Approval.WAITING or approval.expires_at <= at:
        said_no = approval.state == Approval.REFUSED
        return requests.refuse(asking, "access_denied", _REFUSED if said_no else _NOT_IN_TIME)
    response = HttpResponseRedirect(reverse("signing:approval", args=[approval.public_id]))
    browser.remember(response, browser_token)
    return response


def _carried(request: HttpRequest, asking: Asking, browser_token: str, at: datetime) -> str:
    """The short address under which this browser comes back to the request."""
    uri = request.GET["request_uri"] if asking.row is not None else requests.keep(asking, browser_token, at)
    return sign_in.AUTHORIZE + urlencode({"client_id": asking.client.client_id, "request_uri": uri})


def _uri(next_path: str) -> str:
    return parse_qs(urlsplit(next_path).query)["request_uri"][0]


def _session(request: HttpRequest, at: datetime) -> SigningSession | None:
    try:
        return sessions.find(browser.session_token(request), at)
    except Refused:
        return None


@csrf_exempt
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    return endpoints.token(request)


@csrf_exempt
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    return endpoints.revoke(request)


@csrf_exempt
@require_POST
def push(request: HttpRequest) -> HttpResponse:
    """/oauth2/pushed_authorize (RFC 9126)"""
    return endpoints.push(request)


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """/.well-known/oauth-authorization-server (RFC 8414)"""
    return JsonResponse(metadata.members())
