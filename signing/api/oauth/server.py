"""Authlib's server over our rows and Django's requests; what the endpoints check and how they answer.

RFC 6749, 7636, 7009 come from Authlib; pushed requests, rich details, certificate-bound tokens and `iss` are small
extensions of our own beside it (decision 33: it has none of them).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Error, OAuth2Payload, OAuth2Request
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from ledger import clock
from signing.api import clients, facilities
from signing.api.oauth import grants
from signing.models import ClientCertificate, OAuthClient, SigningSession
from vault import tokens


class Payload(OAuth2Payload):  # type: ignore[misc]
    def __init__(self, fields: Mapping[str, str]) -> None:
        self.data = dict(fields)
        self.datalist = {name: [value] for name, value in fields.items()}

    data: dict[str, Any] = {}
    datalist: dict[str, Any] = {}


class Request(OAuth2Request):  # type: ignore[misc]
    """Fields that parameters.read has let through, each once. `wanted`, `approval` belong to scope `credential`."""

    def __init__(self, request: HttpRequest, fields: Mapping[str, str], at: datetime | None = None) -> None:
        super().__init__(str(request.method), settings.ORIGIN + request.path, headers=request.headers)
        self.payload = Payload(fields)
        self.at = at or clock.now()
        self.wanted: Any = None
        self.approval: Any = None
        self.certificate: ClientCertificate | None = None

    @property
    def form(self) -> dict[str, Any]:
        return self.payload.data

    @property
    def args(self) -> dict[str, Any]:
        return self.payload.data


class Client(ClientMixin):  # type: ignore[misc]
    """Our row in Authlib's words."""

    def __init__(self, row: OAuthClient) -> None:
        self.row = row

    def get_client_id(self) -> str:
        return self.row.client_id

    def get_default_redirect_uri(self) -> str:
        return str(self.row.redirect_uris[0]) if len(self.row.redirect_uris) == 1 else ""

    def get_allowed_scope(self, scope: str | None) -> str | None:
        return scope if scope in grants.SCOPES else None  # one of them, never both

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.row.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        return clients.has_secret(self.row, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Whoever is bound to a facility's certificate shows it; a secret alone is worth nothing then."""
        return (
            method == grants.BY_CERTIFICATE if self.row.is_certificate_bound else method in grants.BY_SECRET
        )

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


def _by_certificate(query_client: Any, request: Request) -> Client | None:
    """tls_client_auth (RFC 8705 section 2.1): client_id in the body, the certificate in the handshake."""
    client = query_client(request.form.get("client_id", ""))
    if client is None:
        return None
    headers = {name.lower(): value for name, value in request.headers.items()}
    request.certificate = facilities.find(client.row, facilities.shown(headers), request.at)
    return client if request.certificate is not None else None


class _Server(AuthorizationServer):  # type: ignore[misc]
    def query_client(self, client_id: str) -> Client | None:
        row = clients.find(client_id)
        return None if row is None else Client(row)

    def save_token(self, token: dict[str, Any], request: Request) -> None:
        grants.save_token(token, request)

    def create_oauth2_request(self, request: Request) -> Request:
        return request  # made by the door, from fields that it has read

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> HttpResponse:
        """`iss` says who answers, in errors too: a client of several servers cannot mix them up (RFC 9207)."""
        response = (
            JsonResponse(body, status=status) if isinstance(body, dict) else HttpResponse(body, status=status)
        )
        for name, value in headers:
            response[name] = (
                add_params_to_uri(value, [("iss", settings.ORIGIN)]) if name == "Location" else value
            )
        response["Cache-Control"] = "no-store"
        return response

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens: what must be heard is written in the transaction of its cause."""


def _bearer_token(client: Any, user: SigningSession, scope: str, **_more: Any) -> dict[str, Any]:
    """As long as the session lives; no refresh token (remote-signing.md section 8)."""
    seconds = int((user.expires_at - clock.now()).total_seconds())
    return {"token_type": "Bearer", "access_token": tokens.new_token(), "expires_in": seconds, "scope": scope}


def error_redirect(error: OAuth2Error, redirect_uri: str, state: str | None) -> HttpResponse:
    """RFC 6749 section 4.1.2.1; the address has been checked."""
    error.redirect_uri, error.state = redirect_uri, state
    response: HttpResponse = server.handle_response(*error())
    return response


server = _Server(scopes_supported=grants.SCOPES)
server.register_client_auth_method(grants.BY_CERTIFICATE, _by_certificate)
server.register_token_generator("default", _bearer_token)
server.register_grant(grants.CodeGrant, [grants.Pkce(required=True)])
server.register_endpoint(grants.Revocation)
