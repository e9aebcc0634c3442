"""Secrets that people or browsers carry: made here, kept only as digests."""

import hashlib
import secrets
from base64 import urlsafe_b64encode

# No 0 and o, no 1, l and i: it is typed from another screen. 31^10 is about 2^49, and five tries lock.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_PASSWORD_LENGTH = 10


def new_token() -> str:
    """256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def new_tokens(count: int) -> list[str]:
    """So many of `new_token`, with one question to the system's randomness."""
    random = secrets.token_bytes(32 * count)
    parts = [random[at : at + 32] for at in range(0, len(random), 32)]
    return [urlsafe_b64encode(part).decode("ascii").rstrip("=") for part in parts]


def digest(token: str) -> bytes:
    """What the database keeps of a token: SHA-256, enough for 256 random bits (not for a password)."""
    return hashlib.sha256(token.encode()).digest()


def new_password() -> str:
    """The link's password (ST-16): ten characters that cannot be mistaken for each other."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_PASSWORD_LENGTH))
