"""Secrets that people or browsers carry: made here, kept only as digests."""

import hashlib
import secrets

# No 0 and o, no 1, l and i: it is typed from another screen. 31^10 is about 2^49, and five tries lock.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_PASSWORD_LENGTH = 10


def new_token() -> str:
    """256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What the database keeps of a token: SHA-256, enough for 256 random bits (not for a password)."""
    return hashlib.sha256(token.encode()).digest()


def new_password() -> str:
    """The link's password (ST-16): ten characters that cannot be mistaken for each other."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_PASSWORD_LENGTH))
