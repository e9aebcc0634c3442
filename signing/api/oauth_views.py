"""The authorization server's addresses. HTTP only; what is allowed is decided in signing.api.oauth."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST, require_safe

from ledger import clock
from signing import sessions
from signing.api import oauth
from signing.errors import Refused
from signing.pages import browser, sign_in


@require_GET  # a HEAD must not make a code
@browser.private
def authorize(request: HttpRequest) -> HttpResponse:
    """A living session answers silently; else the sign-in page, which comes back here (RFC 6749 section 4.1.1)."""
    try:
        asking = oauth.read(request)
    except Refused as refused:
        return render(
            request, "signing/oauth_refused.html", {"code": refused.code, "errors": True}, status=400
        )
    if isinstance(asking, HttpResponse):
        return asking
    if asking.prompt != "login":
        try:
            session = sessions.find(browser.session_token(request), clock.now())
            return oauth.grant(asking, session)
        except Refused:
            if asking.prompt == "none":
                return oauth.refuse(request, asking, "login_required")
    # `prompt` has been answered by this page: coming back, the fresh session speaks.
    again = urlencode([(name, value) for name, value in request.GET.items() if name != "prompt"])
    return sign_in.page(request, sign_in.AUTHORIZE + again)


@csrf_exempt
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    return oauth.token(request)


@csrf_exempt
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    return oauth.revoke(request)


@require_safe
def metadata(request: HttpRequest) -> HttpResponse:
    """/.well-known/oauth-authorization-server (RFC 8414)"""
    return JsonResponse(oauth.metadata())
