"""Which public keys are never certified: blocked, used before, or weak (Boulder's goodkey; NIST SP 800-89 5.3.3).

The keys come from our own key store, so a weak one means that the store is broken: the order stops and people look.
Debian's weak keys of 2008 (CVE-2008-0166) are a list of files that we do not carry; those had 2,048 bits too.
"""

from datetime import datetime
from hashlib import sha256
from math import isqrt

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from signing import certificates
from signing.keystore import KeyKind
from signing.models import BlockedKey, Credential, IssuanceIntent

_RSA_BITS = {kind.bits: kind for kind in KeyKind if kind.is_rsa}
_CURVES = {"secp256r1": KeyKind.P256, "secp384r1": KeyKind.P384}
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


def problems(spki: bytes, kind: KeyKind) -> list[str]:
    """Why this key is not certified; empty when it may be. That no two orders share one is a database constraint."""
    weakness = weak(spki) or ("" if kind_of(spki) is kind else "of_another_kind")
    found = [f"key is {weakness}"] if weakness else []
    if BlockedKey.objects.filter(digest=digest(spki)).exists():
        found.append("key is blocked")
    return found


def kind_of(spki: bytes) -> KeyKind | None:
    """None for a key that no order can have, also for bytes that are none."""
    try:
        key = certificates.public_key(spki)
    except (ValueError, TypeError):
        return None
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _CURVES.get(key.curve.name)
    return _RSA_BITS.get(key.public_numbers().n.bit_length()) if isinstance(key, rsa.RSAPublicKey) else None


def weak(spki: bytes) -> str:
    """One word for what is wrong with a key, or nothing.

    A point that can be read lies on its curve, and these curves have no other points (SP 800-56A 5.6.2.3.3).
    """
    try:
        key = certificates.public_key(spki)
    except (ValueError, TypeError):
        return "unreadable"
    if not isinstance(key, rsa.RSAPublicKey):
        return ""
    modulus = key.public_numbers().n
    if modulus.bit_length() not in _RSA_BITS:
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
