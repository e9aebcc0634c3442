"""What a key store can do (Protocol), in whose words the signer process speaks to it. Plain.

Signers' keys leave a store only wrapped and come back as handles (decision 17); residents (the authorities' keys,
the log key) are made once under a name and never leave.
"""

from enum import StrEnum
from typing import NamedTuple, Protocol, TypeAlias

KEY_SIZE = 2048

Handle: TypeAlias = object
"""An opened key inside one store; means nothing to another store or after `close`."""


class Algorithm(StrEnum):
    """Signature algorithms, PKCS#1 v1.5 over a digest that the caller made (RFC 8017 section 8.2)."""

    RSA_SHA256 = "rsa-sha256"
    RSA_SHA384 = "rsa-sha384"
    RSA_SHA512 = "rsa-sha512"


DIGEST_SIZE = {Algorithm.RSA_SHA256: 32, Algorithm.RSA_SHA384: 48, Algorithm.RSA_SHA512: 64}


class NewKey(NamedTuple):
    """A key as it is stored: sealed bytes only this store opens, and its SubjectPublicKeyInfo (DER)."""

    wrapped: bytes
    public_key: bytes


class OpenKey(NamedTuple):
    handle: Handle
    public_key: bytes


class NotSigned(Exception):
    """The store says for certain that it made no signature. `reason` is a stable code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unopenable(NotSigned):
    """The wrapped key belongs to another store or keyring, or was changed."""

    def __init__(self) -> None:
        super().__init__("unopenable")


class KeyStore(Protocol):
    """Not thread-safe: one thread of the signer process owns it.

    `sign` raises NotSigned when no signature was made; any other exception means that nobody knows.
    """

    def generate(self) -> NewKey: ...

    def open(self, wrapped: bytes) -> OpenKey: ...

    def close(self, handle: Handle) -> None: ...

    def sign(self, handle: Handle, digest: bytes, algorithm: Algorithm) -> bytes: ...

    def resident(self, name: str) -> OpenKey:
        """The named key; made at the first call, never closed."""
        ...


def check_digest(digest: bytes, algorithm: str) -> Algorithm:
    """The algorithm, when it exists and the digest has its length; else NotSigned."""
    try:
        known = Algorithm(algorithm)
    except ValueError:
        raise NotSigned("unknown_algorithm") from None
    if len(digest) != DIGEST_SIZE[known]:
        raise NotSigned("wrong_digest_length")
    return known
