"""The systems that may call: EHRs and pharmacy systems (RFC 6749 section 2). Confidential clients only."""

import hmac
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.db import transaction

from ledger import clock, log
from signing.errors import Refused
from signing.models import OAuthClient
from vault import tokens

SHORTEST_SECRET = 16  # characters; ours have 43. A digest without salt is enough for a random secret only
_LONGEST_ID = 64
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def find(client_id: str) -> OAuthClient | None:
    """The active client of this id."""
    if not _is_word(client_id):
        return None
    return OAuthClient.objects.filter(client_id=client_id, is_active=True).first()


def ensure(
    client_id: str, secret: str, name: str, redirect_uris: Sequence[str], *, is_oauth2code: bool = False
) -> OAuthClient:
    """Make the client or bring it up to these values; the secret is kept as a digest.

    `is_oauth2code`: credentials/info tells it to authorise by redirect (CSC 1.0.4 section 11.5).
    Raises Refused: client_id_bad, client_secret_short, redirect_uri_bad.
    """
    if not _is_word(client_id):
        raise Refused("client_id_bad")
    if len(secret) < SHORTEST_SECRET:
        raise Refused("client_secret_short")
    for uri in redirect_uris:
        _check_redirect_uri(uri)
    values = {
        "secret_digest": tokens.digest(secret),
        "name": name,
        "redirect_uris": list(redirect_uris),
        "is_oauth2code": is_oauth2code,
        "is_active": True,
    }
    with transaction.atomic():
        client, is_new = OAuthClient.objects.get_or_create(
            client_id=client_id, defaults={**values, "created_at": clock.now()}
        )
        was = {field: getattr(client, field) for field in values}
        if is_new or {**was, "secret_digest": bytes(client.secret_digest)} != values:
            for field, value in values.items():
                setattr(client, field, value)
            client.save()
            kind = "signing.client_created" if is_new else "signing.client_changed"
            log.append(kind, actor=log.SYSTEM, subject=client_id)
    return client


def has_secret(client: OAuthClient, secret: str) -> bool:
    return hmac.compare_digest(bytes(client.secret_digest), tokens.digest(secret))


def _is_word(client_id: str) -> bool:
    return 0 < len(client_id) <= _LONGEST_ID and client_id.isascii() and client_id.isprintable()


def _check_redirect_uri(uri: str) -> None:
    """Absolute, without fragment, https or loopback (RFC 6749 section 3.1.2, RFC 8252 section 7.3)."""
    parts = urlsplit(uri)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not is_safe or not parts.hostname or parts.fragment or not uri.isascii() or not uri.isprintable():
        raise Refused("redirect_uri_bad")
