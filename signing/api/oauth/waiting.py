"""Authorization requests that wait: pushed ones (RFC 9126), and those whose signer has to sign in first.

A `request_uri` is a secret of 256 bits, digest at rest. It is opened by one browser, within its short life, and spent
by the answer: a copy of it in another browser, or a second answer, gets nothing. Between the two the person has ten
minutes for the sign-in; the address that the browser carries around stays short, however many hashes are wanted.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Q

from signing.errors import Refused
from signing.models import AuthorizationRequest, ClientCertificate, OAuthClient
from vault import tokens

PREFIX = "urn:ietf:params:oauth:request_uri:"  # RFC 9126 section 2.2
PUSHED_LIFETIME = timedelta(seconds=90)
SIGN_IN_LIFETIME = timedelta(minutes=10)
MOST_OPEN = 5  # per browser: a few tabs; a reload for ever replaces the oldest
_KEPT = timedelta(hours=1)  # so long a late one is told from an unknown one


def push(
    client: OAuthClient, parameters: Mapping[str, str], at: datetime, certificate: ClientCertificate | None
) -> str:
    """The request_uri of a request whose client has been authenticated and whose values have been checked.

    `certificate`: the facility's by which the client was known.
    """
    until = at + PUSHED_LIFETIME
    return PREFIX + _store(client, parameters, at, until, is_pushed=True, certificate=certificate)


def keep(client: OAuthClient, parameters: Mapping[str, str], browser_token: str, at: datetime) -> str:
    """The request_uri of a request that came through this browser, while its signer signs in."""
    browser = tokens.digest(browser_token)
    mine = AuthorizationRequest.objects.filter(browser_digest=browser, is_pushed=False, spent_at=None)
    oldest = list(mine.order_by("-pk").values_list("pk", flat=True)[MOST_OPEN - 1 :])
    AuthorizationRequest.objects.filter(pk__in=oldest).delete()
    until = at + SIGN_IN_LIFETIME
    return PREFIX + _store(client, parameters, at, until, is_pushed=False, browser=browser)


def open_in(uri: str, client: OAuthClient, browser_token: str, at: datetime) -> AuthorizationRequest:
    """The request behind the address, held for this browser from now on.

    Raises Refused: request_unknown (also another client's, and another browser's), request_over (expired or
    answered; `parameters` are those of the request).
    """
    browser = tokens.digest(browser_token)
    rows = AuthorizationRequest.objects.select_related("client", "approval", "certificate")
    token = uri.removeprefix(PREFIX)
    row = rows.filter(token_digest=tokens.digest(token), client=client).first()
    if row is None or token == uri:
        raise Refused("request_unknown")
    if row.browser_digest is not None and bytes(row.browser_digest) != browser:
        raise Refused("request_unknown")
    if row.spent_at is not None or row.expires_at <= at:
        raise Refused("request_over", parameters=row.parameters)
    fresh = AuthorizationRequest.objects.filter(pk=row.pk, browser_digest=None)
    if row.browser_digest is None:
        until = at + SIGN_IN_LIFETIME
        if fresh.update(browser_digest=browser, opened_at=at, expires_at=until) != 1:
            raise Refused("request_unknown")  # another browser was faster
        row.browser_digest, row.opened_at, row.expires_at = browser, at, until
    return row


def of(uri: str, browser_token: str, at: datetime) -> AuthorizationRequest | None:
    """What this browser's sign-in is for; None where it is over or another's."""
    mine = Q(
        token_digest=tokens.digest(uri.removeprefix(PREFIX)), browser_digest=tokens.digest(browser_token)
    )
    rows = AuthorizationRequest.objects.select_related("client")
    return rows.filter(mine, spent_at=None, expires_at__gt=at).first()


def spend(row: AuthorizationRequest, at: datetime) -> None:
    """Once, in the transaction of the answer. Raises Refused("request_over")."""
    fresh = AuthorizationRequest.objects.filter(pk=row.pk, spent_at=None)
    if fresh.update(spent_at=at) != 1:
        raise Refused("request_over", parameters=row.parameters)


def forget_overdue(at: datetime) -> int:
    """For the clock; how many."""
    return AuthorizationRequest.objects.filter(expires_at__lte=at - _KEPT).delete()[0]


def _store(
    client: OAuthClient,
    parameters: Mapping[str, str],
    at: datetime,
    until: datetime,
    *,
    is_pushed: bool,
    browser: bytes | None = None,
    certificate: ClientCertificate | None = None,
) -> str:
    token = tokens.new_token()
    AuthorizationRequest.objects.create(
        token_digest=tokens.digest(token),
        client=client,
        parameters=dict(parameters),
        is_pushed=is_pushed,
        certificate=certificate,
        browser_digest=browser,
        opened_at=at if browser else None,
        created_at=at,
        expires_at=until,
    )
    return token
