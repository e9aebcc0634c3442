"""An authorization request, from an address or a pushed one, to the answer that its client gets.

RFC 6749 section 4.1.1 with RFC 9126, RFC 9396 and CSC's own parameters. Where no redirect is safe, the person is told.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from authlib.oauth2.rfc6749 import OAuth2Error
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from signing.api import clients
from signing.api.oauth import conditions, grants, parameters, waiting
from signing.api.oauth.conditions import Conditions
from signing.api.oauth.server import Request, error_redirect, server
from signing.api.oauth.wanted import Unacceptable, Wanted
from signing.api.oauth.wanted import read as read_wanted
from signing.errors import Refused
from signing.models import AuthorizationRequest, OAuthClient, SigningSession


class Asking(NamedTuple):
    """A valid authorization request that waits for its signer; `row` where it is kept already."""

    client: OAuthClient
    parameters: Mapping[str, str]
    grant: Any
    wanted: Wanted | None
    conditions: Conditions
    row: AuthorizationRequest | None

    @property
    def state(self) -> str | None:
        return self.parameters.get("state")


def read(request: HttpRequest, browser_token: str, at: datetime) -> Asking | HttpResponse:
    """The request, or the redirect that tells the client its error (RFC 6749 section 4.1.2.1).

    Raises Refused: oauth_client_unknown, oauth_redirect_unknown, oauth_request_unknown, where no redirect is safe, and
    oauth_malformed for values that no header may carry.
    """
    fields = dict(request.GET.lists())
    try:
        found = parameters.read(fields.items(), once=False)
    except parameters.Malformed:
        raise Refused("oauth_malformed") from None
    client = clients.find(found.get("client_id", ""))
    if client is None or len(fields["client_id"]) != 1:
        raise Refused("oauth_client_unknown")
    row = None
    if "request_uri" in found:
        try:
            row = waiting.open_in(found["request_uri"], client, browser_token, at)
        except Refused as refused:
            return _over(refused, client)
        found = dict(row.parameters)  # what stands beside the address counts for nothing (RFC 9126 section 4)
    redirect_uri = _redirect_uri(client, fields.get("redirect_uri", []) if row is None else [], found)
    try:
        if row is None and any(len(values) > 1 for values in fields.values()):
            raise Unacceptable("invalid_request", "A parameter stands twice.")
        return _checked(request, client, found, row, at)
    except Unacceptable as problem:
        problem_there = OAuth2Error(error=problem.error, description=problem.description)
        return error_redirect(problem_there, redirect_uri, found.get("state"))
    except OAuth2Error as error:
        return error_redirect(error, redirect_uri, found.get("state"))


def check(request: HttpRequest, client: OAuthClient, found: Mapping[str, str], at: datetime) -> Asking:
    """A pushed request before it is kept; `found` has no client authentication in it.

    Raises Unacceptable and OAuth2Error.
    """
    return _checked(request, client, found, None, at)


def answer(asking: Asking, session: SigningSession) -> HttpResponse:
    """The redirect with a code for this session; the request is spent by it."""
    asking.grant.request.wanted = asking.wanted
    asking.grant.request.approval = None if asking.row is None else asking.row.approval
    with transaction.atomic():
        if asking.row is not None:
            try:
                waiting.spend(asking.row, asking.grant.request.at)
            except Refused as refused:
                return _over(refused, asking.client)
        response: HttpResponse = server.create_authorization_response(
            asking.grant.request, grant_user=session, grant=asking.grant
        )
    return response


def refuse(asking: Asking, error: str, description: str = "") -> HttpResponse:
    """The redirect that says no, for example `login_required` (OpenID Connect Core section 3.1.2.6)."""
    if asking.row is not None:
        try:
            waiting.spend(asking.row, asking.grant.request.at)
        except Refused as refused:
            return _over(refused, asking.client)
    told = OAuth2Error(error=error, description=description or None)
    return error_redirect(told, asking.grant.redirect_uri, asking.state)


def keep(asking: Asking, browser_token: str, at: datetime) -> str:
    """The request_uri under which it waits for its signer."""
    if asking.row is not None:
        raise ValueError("it is kept already")
    return waiting.keep(asking.client, asking.parameters, browser_token, at)


def _over(refused: Refused, client: OAuthClient) -> HttpResponse:
    """Expired or answered: its client can be told. Unknown, or another's: nobody is."""
    kept = refused.detail.get("parameters")
    if refused.code != "request_over" or not isinstance(kept, dict):
        raise Refused("oauth_request_unknown")
    error = OAuth2Error(error="invalid_request_uri", description="The request_uri is over.")
    return error_redirect(error, _redirect_uri(client, [], kept), kept.get("state"))


def _redirect_uri(client: OAuthClient, given: list[str], found: Mapping[str, str]) -> str:
    """A registered address, in full (RFC 9700 section 2.1); raises Refused("oauth_redirect_unknown")."""
    wished = found.get("redirect_uri")
    if len(given) > 1 or (wished is not None and wished not in client.redirect_uris):
        raise Refused("oauth_redirect_unknown")
    if wished is None and len(client.redirect_uris) != 1:
        raise Refused("oauth_redirect_unknown")
    return str(client.redirect_uris[0]) if wished is None else wished


def _checked(
    request: HttpRequest,
    client: OAuthClient,
    given: Mapping[str, str],
    row: AuthorizationRequest | None,
    at: datetime,
) -> Asking:
    if "request" in given:
        raise Unacceptable("request_not_supported", "request objects are not supported")
    if given.get("response_mode", "query") != "query":
        raise Unacceptable("invalid_request", "response_mode query is the only one")
    found = {**given, "scope": _scope(given)}
    grant = server.get_consent_grant(Request(request, found, at))
    wanted = read_wanted(found) if found["scope"] == grants.CREDENTIAL else None
    if wanted is None and "authorization_details" in found:
        raise Unacceptable("invalid_scope", "authorization_details go with scope credential")
    since = row.opened_at or at if row is not None else at
    asked = conditions.read(found, None if wanted is None else wanted.credential, since)
    return Asking(client, found, grant, wanted, asked, row)


def _scope(given: Mapping[str, str]) -> str:
    """CSC: `service` where nothing is said; details of a credential say their scope themselves (RFC 9396)."""
    if "scope" in given:
        return given["scope"]
    return grants.CREDENTIAL if "authorization_details" in given else grants.SERVICE
