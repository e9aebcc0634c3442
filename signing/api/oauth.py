"""The authorization server: code with PKCE (RFC 6749, RFC 7636), revocation (RFC 7009). Alone knows Authlib.

On our own models (decision 33): codes, secrets and tokens are digests at rest, the "user" is the day's session, a
code is redeemed once, and a token ends with its session. PKCE with S256 is demanded of every client.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    ClientMixin,
    InvalidRequestError,
    OAuth2Error,
    OAuth2Payload,
    OAuth2Request,
    grants,
)
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse

from ledger import clock, log
from signing.api import clients
from signing.errors import Refused
from signing.models import AccessToken, AuthorizationCode, OAuthClient, SigningSession
from vault import tokens

SCOPE = "service"
CODE_LIFETIME = timedelta(seconds=60)
AUTH_METHODS = ["client_secret_basic", "client_secret_post"]
_LONGEST_VALUE = 2048


class Asking(NamedTuple):
    """A valid authorization request that waits for its signer."""

    client: OAuthClient
    prompt: str
    grant: Any


def read(request: HttpRequest) -> Asking | HttpResponse:
    """The authorization request, or the redirect that tells the client its error (RFC 6749 section 4.1.2.1).

    Raises Refused("oauth_client_unknown") and Refused("oauth_redirect_unknown"), where no redirect is safe, and
    Refused("oauth_malformed") for values that no header may carry.
    """
    for name, values in request.GET.lists():
        if any(len(value) > _LONGEST_VALUE or not _is_plain(value) for value in (name, *values)):
            raise Refused("oauth_malformed")
    client = clients.find(request.GET.get("client_id", ""))
    if client is None or len(request.GET.getlist("client_id")) != 1:
        raise Refused("oauth_client_unknown")
    uris = request.GET.getlist("redirect_uri")
    if len(uris) > 1 or (uris and uris[0] not in client.redirect_uris):
        raise Refused("oauth_redirect_unknown")
    if not uris and len(client.redirect_uris) != 1:
        raise Refused("oauth_redirect_unknown")
    try:
        grant = _server.get_consent_grant(request)
    except OAuth2Error as error:
        return _error_redirect(request, error, uris[0] if uris else client.redirect_uris[0])
    return Asking(client, request.GET.get("prompt", ""), grant)


def grant(asking: Asking, session: SigningSession) -> HttpResponse:
    """The redirect with a code for this session."""
    response: HttpResponse = _server.create_authorization_response(
        asking.grant.request, grant_user=session, grant=asking.grant
    )
    return response


def refuse(request: HttpRequest, asking: Asking, code: str) -> HttpResponse:
    """The redirect that says no, for example `login_required` (OpenID Connect Core section 3.1.2.6)."""
    return _error_redirect(request, OAuth2Error(error=code), asking.grant.redirect_uri)


def token(request: HttpRequest) -> HttpResponse:
    """RFC 6749 section 4.1.3."""
    return _machine_answer(request, _server.create_token_response)


def revoke(request: HttpRequest) -> HttpResponse:
    """RFC 7009; 204 as CSC 1.0.4 section 8.3 has it."""
    response = _machine_answer(request, lambda asked: _server.create_endpoint_response("revocation", asked))
    if response.status_code == 200:
        return HttpResponse(status=204, headers={"Cache-Control": "no-store"})
    return response


def metadata() -> dict[str, Any]:
    """RFC 8414."""
    return {
        "issuer": settings.ORIGIN,
        "authorization_endpoint": f"{settings.ORIGIN}/oauth2/authorize",
        "token_endpoint": f"{settings.ORIGIN}/oauth2/token",
        "revocation_endpoint": f"{settings.ORIGIN}/oauth2/revoke",
        "scopes_supported": [SCOPE],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "token_endpoint_auth_methods_supported": AUTH_METHODS,
        "revocation_endpoint_auth_methods_supported": AUTH_METHODS,
        "code_challenge_methods_supported": ["S256"],
        "ui_locales_supported": ["ja", "en"],
    }


def methods() -> list[str]:
    """What `info.methods` names of the authorization server, told from its own metadata (CSC section 11.1)."""
    offered = {
        "authorization_endpoint": "oauth2/authorize",
        "token_endpoint": "oauth2/token",
        "revocation_endpoint": "oauth2/revoke",
        "pushed_authorization_request_endpoint": "oauth2/pushed_authorize",
    }
    found = metadata()
    return [method for endpoint, method in offered.items() if endpoint in found]


def supports_rar() -> bool:
    """Whether authorization_details are read (RFC 9396 section 10)."""
    return "authorization_details_types_supported" in metadata()


def _machine_answer(request: HttpRequest, answer: Any) -> HttpResponse:
    """Authlib's answer; what its parsers raise at a stranger's bytes is the stranger's error, never a 500."""
    try:
        values = [value for _name, all_of in request.POST.lists() for value in all_of]
        if any(len(value) > _LONGEST_VALUE or not _is_plain(value) for value in values):
            raise ValueError
        response: HttpResponse = answer(request)
    except (ValueError, TypeError, OAuth2Error):
        body = {"error": "invalid_request", "error_description": "The request cannot be read."}
        return JsonResponse(body, status=400, headers={"Cache-Control": "no-store"})
    return response


def _is_plain(value: str) -> bool:
    """VSCHAR and blank (RFC 6749 appendix A): what may stand in a Location header and in PostgreSQL."""
    return value.isascii() and value.isprintable()


def _error_redirect(request: HttpRequest, error: OAuth2Error, redirect_uri: str) -> HttpResponse:
    error.redirect_uri = redirect_uri
    error.state = request.GET.get("state")
    response: HttpResponse = _server.handle_response(*error())
    return response


class _Payload(OAuth2Payload):  # type: ignore[misc]
    def __init__(self, request: HttpRequest) -> None:
        fields = request.POST if request.method == "POST" else request.GET  # never a secret in the address
        self.data = {name: values[-1] for name, values in fields.lists()}
        self.datalist = dict(fields.lists())

    data: dict[str, Any] = {}
    datalist: dict[str, Any] = {}


class _Request(OAuth2Request):  # type: ignore[misc]
    def __init__(self, request: HttpRequest) -> None:
        super().__init__(str(request.method), settings.ORIGIN + request.path, headers=request.headers)
        self.payload = _Payload(request)
        self.at: datetime = clock.now()

    @property
    def form(self) -> dict[str, Any]:
        return self.payload.data

    @property
    def args(self) -> dict[str, Any]:
        return self.payload.data


class _Client(ClientMixin):  # type: ignore[misc]
    """Our row in Authlib's words."""

    def __init__(self, row: OAuthClient) -> None:
        self.row = row

    def get_client_id(self) -> str:
        return self.row.client_id

    def get_default_redirect_uri(self) -> str:
        return str(self.row.redirect_uris[0])

    def get_allowed_scope(self, scope: str | None) -> str | None:
        return SCOPE if not scope or set(scope.split()) == {SCOPE} else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.row.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return clients.has_secret(self.row, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in AUTH_METHODS

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class _Code:
    """Our row in Authlib's words."""

    def __init__(self, row: AuthorizationCode) -> None:
        self.row = row
        self.code_challenge = row.code_challenge
        self.code_challenge_method = row.code_challenge_method

    def get_redirect_uri(self) -> str:
        return self.row.redirect_uri

    def get_scope(self) -> str:
        return self.row.scope


class _AccessToken:
    def __init__(self, row: AccessToken) -> None:
        self.row = row

    def check_client(self, client: _Client) -> bool:
        return self.row.client_id == client.row.pk


class _Pkce(CodeChallenge):  # type: ignore[misc]
    """RFC 7636 for everybody, S256 only (RFC 9700 section 2.1.1)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        given = grant.request.payload.data
        if not given.get("code_challenge") or given.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with code_challenge_method S256 is required")
        super().validate_code_challenge(grant, redirect_uri)


class _CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS

    def generate_authorization_code(self) -> str:
        return tokens.new_token()

    def save_authorization_code(self, code: str, request: _Request) -> None:
        session: SigningSession = request.user
        credential = session.credential
        with transaction.atomic():
            AuthorizationCode.objects.create(
                code_digest=tokens.digest(code),
                client=request.client.row,
                session=session,
                redirect_uri=request.payload.redirect_uri or "",
                scope=request.scope,
                code_challenge=request.payload.data["code_challenge"],
                code_challenge_method=request.payload.data["code_challenge_method"],
                created_at=request.at,
                expires_at=request.at + CODE_LIFETIME,
            )
            log.append(
                "signing.caller_admitted",
                actor=log.Actor("signer", str(credential.signer.public_id)),
                subject=str(credential.public_id),
                authority=credential.authority,
                data={"client": request.client.row.client_id, "session": str(session.public_id)},
            )

    def query_authorization_code(self, code: str, client: _Client) -> _Code | None:
        rows = AuthorizationCode.objects.select_related("session__credential")
        row = rows.filter(code_digest=tokens.digest(code), client=client.row).first()
        if row is None or row.expires_at <= self.request.at:
            return None
        if row.redeemed_at is not None:
            self._revoke_tokens_of(row)
            return None
        return _Code(row)

    def authenticate_user(self, authorization_code: _Code) -> SigningSession | None:
        """Redeem the code: once, by a conditional update; the session must still live."""
        row = authorization_code.row
        fresh = AuthorizationCode.objects.filter(pk=row.pk, redeemed_at=None)
        if fresh.update(redeemed_at=self.request.at) != 1:
            self._revoke_tokens_of(row)
            return None
        living = SigningSession.objects.filter(
            pk=row.session_id, ended_at=None, expires_at__gt=self.request.at, credential__state="active"
        )
        return living.first()

    def delete_authorization_code(self, authorization_code: _Code) -> None:
        """Kept until it expires: a second use must be noticed (RFC 6749 section 4.1.2)."""

    def _revoke_tokens_of(self, row: AuthorizationCode) -> None:
        AccessToken.objects.filter(code=row, revoked_at=None).update(revoked_at=self.request.at)


class _Revocation(RevocationEndpoint):  # type: ignore[misc]
    CLIENT_AUTH_METHODS = AUTH_METHODS
    SUPPORTED_TOKEN_TYPES = ("access_token",)

    def check_params(self, request: _Request, client: _Client) -> None:
        if not request.form.get("token"):  # an unknown hint is ignored: RFC 7009 section 2.1
            raise InvalidRequestError("Missing 'token' in request.")

    def query_token(self, token_string: str, token_type_hint: str | None) -> _AccessToken | None:
        row = AccessToken.objects.filter(token_digest=tokens.digest(token_string)).first()
        return None if row is None else _AccessToken(row)

    def revoke_token(self, token: _AccessToken, request: _Request) -> None:
        AccessToken.objects.filter(pk=token.row.pk, revoked_at=None).update(revoked_at=request.at)


class _Server(AuthorizationServer):  # type: ignore[misc]
    def query_client(self, client_id: str) -> _Client | None:
        row = clients.find(client_id)
        return None if row is None else _Client(row)

    def save_token(self, token: dict[str, Any], request: _Request) -> None:
        AccessToken.objects.create(
            token_digest=tokens.digest(token["access_token"]),
            code=request.authorization_code.row,
            client=request.client.row,
            session=request.user,
            scope=token["scope"],
            created_at=request.at,
            expires_at=request.user.expires_at,
        )

    def create_oauth2_request(self, request: HttpRequest) -> _Request:
        return _Request(request)

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> HttpResponse:
        response = (
            JsonResponse(body, status=status) if isinstance(body, dict) else HttpResponse(body, status=status)
        )
        for name, value in headers:
            response[name] = value
        response["Cache-Control"] = "no-store"
        return response

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens: what must be heard is written in the transaction of its cause."""


def _bearer_token(client: Any, user: SigningSession, scope: str, **_more: Any) -> dict[str, Any]:
    """As long as the session lives; no refresh token (remote-signing.md section 8)."""
    seconds = int((user.expires_at - clock.now()).total_seconds())
    return {"token_type": "Bearer", "access_token": tokens.new_token(), "expires_in": seconds, "scope": scope}


_server = _Server(scopes_supported=[SCOPE])
_server.register_token_generator("default", _bearer_token)
_server.register_grant(_CodeGrant, [_Pkce(required=True)])
_server.register_endpoint(_Revocation)
