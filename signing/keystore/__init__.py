"""What a key store can do (Protocol), in whose words the signer process speaks to it. Plain.

Signers' keys leave a store only wrapped and come back as handles (decision 17); residents (the authorities' keys,
the log key) are made once under a name and never leave.
"""

from enum import StrEnum
from typing import NamedTuple, Protocol, TypeAlias

Handle: TypeAlias = object
"""An opened key inside one store; means nothing to another store or after `close`."""


class KeyKind(StrEnum):
    """What kind of key a signer has: RSA with the exponent 65537, or a curve of FIPS 186-5 / SP 800-186."""

    RSA_2048 = "rsa2048"
    RSA_3072 = "rsa3072"
    P256 = "p256"
    P384 = "p384"

    @property
    def is_rsa(self) -> bool:
        return self in (KeyKind.RSA_2048, KeyKind.RSA_3072)

    @property
    def bits(self) -> int:
        """The modulus' size, or the curve's."""
        return _BITS[self]


RESIDENT_KIND = KeyKind.RSA_2048
_BITS = {KeyKind.RSA_2048: 2048, KeyKind.RSA_3072: 3072, KeyKind.P256: 256, KeyKind.P384: 384}


class Algorithm(StrEnum):
    """Signature algorithms over a digest that the caller made.

    `rsa-…` is PKCS#1 v1.5 (RFC 8017 section 8.2). `rsa-pss-…` has MGF1 over the same hash and a salt as long as the
    digest (section 9.1), `rsa-pss-long-…` the longest salt that the key allows. `ecdsa-…` gives Ecdsa-Sig-Value in
    DER (RFC 3279 section 2.2.3); a digest longer than the curve is cut to its leftmost bits (FIPS 186-5 section 6.4.1).
    """

    RSA_SHA256 = "rsa-sha256"
    RSA_SHA384 = "rsa-sha384"
    RSA_SHA512 = "rsa-sha512"
    PSS_SHA256 = "rsa-pss-sha256"
    PSS_SHA384 = "rsa-pss-sha384"
    PSS_SHA512 = "rsa-pss-sha512"
    PSS_LONG_SHA256 = "rsa-pss-long-sha256"
    PSS_LONG_SHA384 = "rsa-pss-long-sha384"
    PSS_LONG_SHA512 = "rsa-pss-long-sha512"
    ECDSA_SHA256 = "ecdsa-sha256"
    ECDSA_SHA384 = "ecdsa-sha384"
    ECDSA_SHA512 = "ecdsa-sha512"

    @property
    def hash_name(self) -> str:
        """sha256, sha384 or sha512."""
        return self.rpartition("-")[2]

    @property
    def scheme(self) -> str:
        """rsa, rsa-pss, rsa-pss-long or ecdsa."""
        return self.rpartition("-")[0]


_SIZES = {"sha256": 32, "sha384": 48, "sha512": 64}
DIGEST_SIZE = {algorithm: _SIZES[algorithm.hash_name] for algorithm in Algorithm}


def fits(kind: KeyKind, algorithm: Algorithm) -> bool:
    """Whether a key of this kind makes signatures of this algorithm; all SHA-2 of the table go with both curves."""
    return kind.is_rsa == (algorithm.scheme != "ecdsa")


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


MODULE_LOST = "module_lost"
"""The reason of a store that lost its session or device: it is to be made anew."""


class Unopenable(NotSigned):
    """The wrapped key belongs to another store or keyring, or was changed."""

    def __init__(self) -> None:
        super().__init__("unopenable")


class ModuleRefused(SystemExit):
    """A store that cannot be used as it is set. `may_pass`: not by a change of settings alone, so try again."""

    def __init__(self, words: str, *, may_pass: bool = True) -> None:
        super().__init__(words)
        self.may_pass = may_pass


class KeyStore(Protocol):
    """Not thread-safe: one thread of the signer process owns it.

    `sign` raises NotSigned when no signature was made; any other exception means that nobody knows.
    """

    def generate(self, kind: KeyKind) -> NewKey: ...

    def open(self, wrapped: bytes) -> OpenKey: ...

    def close(self, handle: Handle) -> None: ...

    def sign(self, handle: Handle, digest: bytes, algorithm: Algorithm) -> bytes: ...

    def resident(self, name: str) -> OpenKey:
        """The named key, of RESIDENT_KIND; made at the first call, never closed."""
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
