"""Who is calling the API: the seam SIGNING_CALLER (house.md). Here the OAuth client of an access token."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple, cast

from django.conf import settings
from django.db.models import F
from django.utils.module_loading import import_string

from signing.activation import Caller
from signing.api import facilities
from signing.errors import Refused
from signing.flow import Credential as CredentialState
from signing.keystore import KeyKind
from signing.models import AccessToken
from vault import tokens

_LONGEST_TOKEN = 256
_TOKEN = re.compile(
    r"[A-Za-z0-9._~+/-]+=*"
)  # b64token of RFC 6750 section 2.1: no comma, so no second header


HEADERS = ("authorization", facilities.SECRET, facilities.VERIFIED, facilities.CERTIFICATE)
"""All that a caller is known by."""


class RequestScope(NamedTuple):
    """What a caller is known by: header names in lower case, among them what our nginx says of its certificate."""

    headers: Mapping[str, str]


Identify = Callable[[RequestScope, datetime], Caller]


def identify(scope: RequestScope, at: datetime) -> Caller:
    """The caller as settings.SIGNING_CALLER finds it. Raises Refused("token_missing"), Refused("token_invalid")."""
    return cast(Identify, import_string(settings.SIGNING_CALLER))(scope, at)


def oauth_client(scope: RequestScope, at: datetime) -> Caller:
    """By the bearer token (RFC 6750 section 2.1); it lives no longer than session, credential and client.

    A token that was given over a facility's certificate counts over that certificate alone (RFC 8705 section 3).
    """
    token = bearer(scope)
    row = (
        AccessToken.objects.select_related("client", "session", "certificate")
        .annotate(key_kind=F("session__credential__algorithm"))
        .filter(
            token_digest=tokens.digest(token),
            revoked_at=None,
            expires_at__gt=at,
            client__is_active=True,
            session__ended_at=None,
            session__expires_at__gt=at,
        )
        .exclude(session__credential__state__in=[CredentialState.REVOKED, CredentialState.EXPIRED])
        .first()
    )
    if row is None or not _is_bound_rightly(row, scope, at):
        raise Refused("token_invalid")
    session, certificate = row.session, row.certificate
    return Caller(
        row.client.pk,
        row.client.client_id,
        session.pk,
        session.credential_id,
        session.expires_at,
        KeyKind(row.key_kind),
        certificate=0 if certificate is None else certificate.pk,
        thumbprint="" if certificate is None else bytes(certificate.thumbprint).hex(),
        facility="" if certificate is None else certificate.facility,
        token=row.pk,
        scope=row.scope,
        auth_mode="oauth2code" if row.client.is_oauth2code else "implicit",
    )


def _is_bound_rightly(row: AccessToken, scope: RequestScope, at: datetime) -> bool:
    if row.certificate is None:
        return not row.client.is_certificate_bound  # given before the client was bound
    is_shown = facilities.shown(scope.headers) == bytes(row.certificate.thumbprint)
    return is_shown and facilities.is_living(row.certificate, at)


def bearer(scope: RequestScope) -> str:
    """The access token in clear (RFC 6750 section 2.1). Raises Refused("token_missing"), Refused("token_malformed")."""
    header = scope.headers.get("authorization", "")
    scheme, _, token = header.strip().partition(" ")
    token = token.strip()
    if not header.strip():
        raise Refused("token_missing")
    if scheme.lower() != "bearer" or len(token) > _LONGEST_TOKEN or not _TOKEN.fullmatch(token):
        raise Refused("token_malformed")
    return token
