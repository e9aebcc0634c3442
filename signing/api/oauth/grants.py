"""Code and token on our own rows (decision 33): digests at rest, the "user" is the day's session, a code works once.

PKCE with S256 is demanded of every client. A token of scope `service` ends with its session. A token of scope
`credential` is the SAD of exactly the hashes that were asked for, and ends with it (CSC 1.0.4 section 8.3.3).
"""

from datetime import timedelta
from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, grants
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from django.db import transaction

from ledger import log
from signing import activation
from signing.api.oauth import issued
from signing.api.oauth.wanted import Wanted
from signing.authorising import approvals
from signing.errors import Refused
from signing.models import AccessToken, AuthorizationCode, SigningSession
from vault import tokens

CODE_LIFETIME = timedelta(seconds=60)
SERVICE, CREDENTIAL = "service", "credential"
SCOPES = [SERVICE, CREDENTIAL]
BY_SECRET = ["client_secret_basic", "client_secret_post"]
BY_CERTIFICATE = "tls_client_auth"
AUTH_METHODS = [BY_CERTIFICATE, *BY_SECRET]


class Code:
    """Our row in Authlib's words."""

    def __init__(self, row: AuthorizationCode) -> None:
        self.row = row
        self.code_challenge = row.code_challenge
        self.code_challenge_method = row.code_challenge_method

    def get_redirect_uri(self) -> str:
        return self.row.redirect_uri

    def get_scope(self) -> str:
        return self.row.scope


class Pkce(CodeChallenge):  # type: ignore[misc]
    """RFC 7636 for everybody, S256 only (RFC 9700 section 2.1.1)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        given = grant.request.payload.data
        if not given.get("code_challenge") or given.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with code_challenge_method S256 is required")
        super().validate_code_challenge(grant, redirect_uri)


class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS

    def generate_authorization_code(self) -> str:
        return tokens.new_token()

    def save_authorization_code(self, code: str, request: Any) -> None:
        session: SigningSession = request.user
        credential = session.credential
        wanted: Wanted | None = request.wanted
        with transaction.atomic():
            AuthorizationCode.objects.create(
                code_digest=tokens.digest(code),
                client=request.client.row,
                session=session,
                redirect_uri=request.payload.redirect_uri or "",
                scope=request.scope,
                wanted=None if wanted is None else wanted.to_json(),
                approval=request.approval,
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
                data={
                    "client": request.client.row.client_id,
                    "session": str(session.public_id),
                    "scope": request.scope,
                    "count": 0 if wanted is None else len(wanted.digests),
                },
            )

    def query_authorization_code(self, code: str, client: Any) -> Code | None:
        rows = AuthorizationCode.objects.select_related("session__credential")
        row = rows.filter(code_digest=tokens.digest(code), client=client.row).first()
        if row is None or row.expires_at <= self.request.at:
            return None
        if row.redeemed_at is not None:
            self._revoke_tokens_of(row)
            return None
        return Code(row)

    def authenticate_user(self, authorization_code: Code) -> SigningSession | None:
        """Redeem the code: once, by a conditional update; the session must still live."""
        row = authorization_code.row
        fresh = AuthorizationCode.objects.filter(pk=row.pk, redeemed_at=None)
        if fresh.update(redeemed_at=self.request.at) != 1:
            self._revoke_tokens_of(row)
            return None
        living = SigningSession.objects.select_related("credential").filter(
            pk=row.session_id, ended_at=None, expires_at__gt=self.request.at, credential__state="active"
        )
        return living.first()

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Kept until it expires: a second use must be noticed (RFC 6749 section 4.1.2)."""

    def _revoke_tokens_of(self, row: AuthorizationCode) -> None:
        issued.revoke(
            AccessToken.objects.filter(code=row), self.request.at, log.SYSTEM, "code_redeemed_twice"
        )


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    CLIENT_AUTH_METHODS = AUTH_METHODS
    SUPPORTED_TOKEN_TYPES = ("access_token",)

    def check_params(self, request: Any, client: Any) -> None:
        if not request.form.get("token"):  # an unknown hint is ignored: RFC 7009 section 2.1
            raise InvalidRequestError("Missing 'token' in request.")

    def query_token(self, token_string: str, token_type_hint: str | None) -> "_AccessToken | None":
        row = AccessToken.objects.filter(token_digest=tokens.digest(token_string)).first()
        return None if row is None else _AccessToken(row)

    def revoke_token(self, token: "_AccessToken", request: Any) -> None:
        caller = log.Actor("caller", request.client.row.client_id)
        issued.revoke(AccessToken.objects.filter(pk=token.row.pk), request.at, caller, "caller_request")


class _AccessToken:
    """Our row in Authlib's words."""

    def __init__(self, row: AccessToken) -> None:
        self.row = row

    def check_client(self, client: Any) -> bool:
        return bool(self.row.client_id == client.row.pk)


def save_token(token: dict[str, Any], request: Any) -> None:
    """The token's row; `token` is the answer and is completed here.

    Raises OAuth2Error where the hashes can no longer be authorised.
    """
    code: AuthorizationCode = request.authorization_code.row
    session: SigningSession = request.user
    row = AccessToken(
        token_digest=tokens.digest(token["access_token"]),
        code=code,
        client=request.client.row,
        session=session,
        certificate=request.certificate,
        scope=token["scope"],
        created_at=request.at,
        expires_at=session.expires_at,
    )
    if code.wanted is not None:
        _authorise(row, Wanted.from_json(code.wanted), token)
    row.save(force_insert=True)


def _authorise(row: AccessToken, wanted: Wanted, token: dict[str, Any]) -> None:
    """The token is the SAD: one row per hash, as credentials/authorize makes them."""
    credential = row.session.credential
    caller = issued.caller(row.client, row.session, credential, row.certificate)
    at, secret = row.created_at, token["access_token"]
    approval = row.code.approval if row.code else None
    try:
        if approval is not None:
            sad = approvals.take(approval, caller, at, sad=secret)
        else:
            sad = activation.authorise(
                caller,
                credential.public_id,
                wanted.digests,
                at=at,
                description=wanted.description,
                labels=wanted.labels,
                sad=secret,
            )
    except Refused:
        raise InvalidGrantError("The credential cannot sign now.") from None
    row.activation = sad.activation
    row.expires_at = sad.activation.expires_at
    token["expires_in"] = sad.expires_in
    token["credentialID"] = str(credential.public_id)
    if wanted.kind:
        token["authorization_details"] = wanted.details(credential.public_id)
