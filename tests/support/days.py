"""A signer's day over real keys: a credential whose key the signer process made, a session, a caller."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from signing.activation import Caller
from signing.models import AccessToken, Credential, OAuthClient, SigningSession
from signing.signer import client
from tests.support.credentials import NOON, active_credential
from vault import tokens

_HASHES: dict[int, HashAlgorithm] = {32: SHA256(), 48: SHA384(), 64: SHA512()}


@dataclass
class Day:
    """Everything that a call needs; `bearer` is the access token in clear."""

    credential: Credential
    session: SigningSession
    client: OAuthClient
    bearer: str
    public_key: rsa.RSAPublicKey

    @property
    def caller(self) -> Caller:
        return Caller(
            self.client.pk,
            self.client.client_id,
            self.session.pk,
            self.credential.pk,
            self.session.expires_at,
        )

    def verify(self, signature: bytes, digest: bytes) -> None:
        """Raises InvalidSignature."""
        algorithm = utils.Prehashed(_HASHES[len(digest)])
        self.public_key.verify(signature, digest, padding.PKCS1v15(), algorithm)


def ehr(name: str = "電子カルテ") -> OAuthClient:
    return OAuthClient.objects.create(
        client_id=f"ehr-{tokens.new_token()[:8]}",
        secret_digest=tokens.digest("secret"),
        name=name,
        redirect_uris=["https://ehr.example/back"],
        created_at=NOON,
    )


def day(at: datetime = NOON, *, caller: OAuthClient | None = None) -> Day:
    """Needs the fixture `signers`."""
    key = client.signers().generate(1)[0]
    public_key = load_der_public_key(key.public_key)
    assert isinstance(public_key, rsa.RSAPublicKey)
    credential = active_credential(at=at)
    Credential.objects.filter(pk=credential.pk).update(wrapped_key=key.wrapped)
    credential.refresh_from_db()
    session = SigningSession.objects.create(
        token_digest=tokens.digest(tokens.new_token()),
        credential=credential,
        means="authenticator",
        started_at=at,
        expires_at=at + timedelta(hours=18),
    )
    system = caller or ehr()
    bearer = tokens.new_token()
    AccessToken.objects.create(
        token_digest=tokens.digest(bearer), client=system, session=session, scope="service", created_at=at,
        expires_at=session.expires_at,
    )  # fmt: skip
    return Day(credential, session, system, bearer, public_key)
