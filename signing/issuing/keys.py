"""Which public keys are never certified: blocked, used before, or weak (Boulder's goodkey; NIST SP 800-89 5.3.3).

The keys come from our own key store, so a weak one means that the store is broken: the order stops and people look.
Debian's weak keys of 2008 (CVE-2008-0166) are a list of files that we do not carry; those had 2,048 bits too.
"""

from datetime import datetime
from hashlib import sha256
from math import isqrt

from cryptography.hazmat.primitives.asymmetric import rsa

from signing import certificates
from signing.models import BlockedKey, Credential, IssuanceIntent

BITS = 2048
_FERMAT_ROUNDS = 100
_SMALL_PRIMES = tuple(n for n in range(3, 752, 2) if all(n % p for p in range(3, isqrt(n) + 1, 2)))
# CVE-2017-15361 (ROCA): Infineon's primes are powers of 65537 modulo each of these.
_ROCA = {p: {pow(65537, k, p) for k in range(p)} for p in _SMALL_PRIMES if p <= 167}


def digest(spki: bytes) -> bytes:
    """What BlockedKey and IssuanceIntent know a key by."""
    return sha256(spki).digest()


def block(credential: Credential, reason: str, at: datetime) -> None:
    """Never certify this credential's key again; call in the transaction of the revocation.

    By the order's own record of the key, so that a certificate that cannot be read any more holds no revocation up.
    """
    mark = IssuanceIntent.objects.filter(credential=credential).values_list("key_digest", flat=True).first()
    if mark is not None:
        BlockedKey.objects.get_or_create(digest=mark, defaults={"reason": reason, "blocked_at": at})


def problems(spki: bytes) -> list[str]:
    """Why this key is not certified; empty when it may be. That no two orders share one is a database constraint."""
    found = [] if (weakness := weak(spki)) == "" else [f"key is {weakness}"]
    if BlockedKey.objects.filter(digest=digest(spki)).exists():
        found.append("key is blocked")
    return found


def weak(spki: bytes) -> str:
    """One word for what is wrong with an RSA key, or nothing."""
    try:
        key = certificates.public_key(spki)
    except (ValueError, TypeError):
        return "unreadable"
    assert isinstance(key, rsa.RSAPublicKey)  # Malformed otherwise
    modulus = key.public_numbers().n
    if modulus.bit_length() != BITS:
        return "of_another_size"
    if modulus % 2 == 0 or any(modulus % prime == 0 for prime in _SMALL_PRIMES):
        return "divisible"
    if all(modulus % prime in powers for prime, powers in _ROCA.items()):
        return "roca"
    return "of_close_primes" if _has_close_primes(modulus) else ""


def _has_close_primes(modulus: int) -> bool:
    """Fermat's factoring: finds primes that lie near each other (CVE-2022-26320)."""
    half = isqrt(modulus)
    half += half * half < modulus
    for middle in range(half, half + _FERMAT_ROUNDS):
        rest = middle * middle - modulus
        if isqrt(rest) ** 2 == rest:
            return True
    return False
