"""A signer's day over real keys: a credential whose key the signer process made, a session, a caller."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.test import override_settings

from ledger import clock
from signing import credentials, issuance, issuing
from signing.activation import Caller
from signing.credentials import CredentialOrder
from signing.keystore import Algorithm, KeyKind, NewKey
from signing.models import AccessToken, Credential, OAuthClient, SigningSession
from signing.signer import client
from tests.support.credentials import NOON, active_credential
from tests.support.signers import check
from vault import tokens

_BY_LENGTH = {32: Algorithm.RSA_SHA256, 48: Algorithm.RSA_SHA384, 64: Algorithm.RSA_SHA512}


@dataclass
class Day:
    """Everything that a call needs; `bearer` is the access token in clear."""

    credential: Credential
    session: SigningSession
    client: OAuthClient
    bearer: str
    public_key: bytes  # SubjectPublicKeyInfo

    @property
    def caller(self) -> Caller:
        return Caller(
            self.client.pk,
            self.client.client_id,
            self.session.pk,
            self.credential.pk,
            self.session.expires_at,
            self.credential.key_kind,
        )

    def verify(self, signature: bytes, digest: bytes, algorithm: Algorithm | None = None) -> None:
        """By PKCS#1 v1.5 with the digest's own hash unless told otherwise. Raises InvalidSignature."""
        check(self.public_key, signature, digest, algorithm or _BY_LENGTH[len(digest)])


@lru_cache(maxsize=3 * len(KeyKind))
def _key(kind: KeyKind, _signer: Path) -> NewKey:
    """One key of a signer process for all tests: making one takes longer than a test, and rows tell signers apart."""
    return client.signers().generate(1, kind)[0]


def issued_day(kind: KeyKind = KeyKind.RSA_2048) -> Day:
    """As `day`, now, with a certificate that the embedded authority has issued. Needs the fixture `signers`."""
    issuing.ensure()
    at = clock.now()
    order = CredentialOrder(
        reference=uuid4(),
        applicant=uuid4(),
        authority="jma",
        qualification="doctor",
        family_romaji="Yamada",
        given_romaji="Hanako",
        name_kanji="山田\u3000花子",
        birth_date=date(1980, 2, 17),
        my_number_card_fingerprint=secrets.token_bytes(32),
        card_not_after=at + timedelta(days=1000),
    )
    with override_settings(SIGNING_KEY_KIND=kind.value):
        credential = credentials.issue(order, at)
    issuance.carry_out(str(credential.public_id))
    credential.refresh_from_db()
    public_key = x509.load_der_x509_certificate(bytes(credential.certificate or b"")).public_key()
    spki = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return with_caller(credential, spki, at, ehr())


def ehr(name: str = "電子カルテ") -> OAuthClient:
    return OAuthClient.objects.create(
        client_id=f"ehr-{tokens.new_token()[:8]}",
        secret_digest=tokens.digest("secret"),
        name=name,
        redirect_uris=["https://ehr.example/back"],
        created_at=NOON,
    )


def day(at: datetime = NOON, *, caller: OAuthClient | None = None, kind: KeyKind = KeyKind.RSA_2048) -> Day:
    """Needs the fixture `signers`."""
    key = _key(kind, settings.SIGNER_SOCKET)
    credential = active_credential(at=at)
    Credential.objects.filter(pk=credential.pk).update(wrapped_key=key.wrapped, algorithm=kind)
    credential.refresh_from_db()
    return with_caller(credential, key.public_key, at, caller or ehr())


def with_caller(credential: Credential, public_key: bytes, at: datetime, system: OAuthClient) -> Day:
    """A day's session of this credential and a token of this system."""
    session = SigningSession.objects.create(
        token_digest=tokens.digest(tokens.new_token()),
        credential=credential,
        means="authenticator",
        started_at=at,
        expires_at=at + timedelta(hours=18),
    )
    bearer = tokens.new_token()
    AccessToken.objects.create(
        token_digest=tokens.digest(bearer),
        client=system,
        session=session,
        scope="service",
        created_at=at,
        expires_at=session.expires_at,
    )
    return Day(credential, session, system, bearer, public_key)
