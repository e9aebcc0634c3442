"""The API's words for algorithms, in both versions: object identifiers to key store algorithms and back. Plain.

An allow-list (security.md threat 17): SHA-1, MD5, a PSS with another salt or another mask, and an algorithm that is
not the key's are never signed. Sources: CSC 1.0.4 section 11.9, remote-signing.md sections 2.2 and 5.
"""

from itertools import product
from typing import Any

from asn1crypto import core

from signing.api import wire
from signing.api.errors import BadRequest
from signing.keystore import Algorithm, KeyKind, fits

RSA = "1.2.840.113549.1.1.1"  # bare: the digest is named beside it
PSS = "1.2.840.113549.1.1.10"  # the digest is named in its parameters
SIGNATURES = {
    "1.2.840.113549.1.1.11": Algorithm.RSA_SHA256,
    "1.2.840.113549.1.1.12": Algorithm.RSA_SHA384,
    "1.2.840.113549.1.1.13": Algorithm.RSA_SHA512,
    "1.2.840.10045.4.3.2": Algorithm.ECDSA_SHA256,
    "1.2.840.10045.4.3.3": Algorithm.ECDSA_SHA384,
    "1.2.840.10045.4.3.4": Algorithm.ECDSA_SHA512,
}
HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
CURVES = {KeyKind.P256: "1.2.840.10045.3.1.7", KeyKind.P384: "1.3.132.0.34"}
SIZES = {"sha256": 32, "sha384": 48, "sha512": 64}
_MGF1 = "1.2.840.113549.1.1.8"
_NULLS = (b"", b"\x05\x00")
_TRAILERS = (b"", b"\xa3\x03\x02\x01\x01")
_LONGEST_PARAMETERS = 200  # base64; the longest of the table has 84 characters


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return bytes([tag, len(content)]) + content  # nothing here is as long as 128 bytes


def _int(number: int) -> bytes:
    return _der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _salts(kind: KeyKind, name: str) -> dict[int, Algorithm]:
    """As long as the digest, or as long as the key allows (RFC 8017 section 9.1.1), which pyHanko asks for."""
    size = SIZES[name]
    return {
        size: Algorithm(f"rsa-pss-{name}"),
        kind.bits // 8 - size - 2: Algorithm(f"rsa-pss-long-{name}"),
    }


def _parameters(kind: KeyKind) -> dict[bytes, Algorithm]:
    """Every RSASSA-PSS-params (DER, RFC 8017 appendix A.2.3) that we take for this kind of key.

    MGF1 over the same hash, and one of two salts. Where writers differ both are here: NULL or nothing behind a hash
    (RFC 4055 section 2.1 asks to accept both), the default trailer left out or written.
    """
    found = {}
    for (identifier, name), own, mask, trailer in product(HASHES.items(), _NULLS, _NULLS, _TRAILERS):
        hashed = core.ObjectIdentifier(identifier).dump()
        masked = _der(0x30, core.ObjectIdentifier(_MGF1).dump(), _der(0x30, hashed, mask))
        before = _der(0xA0, _der(0x30, hashed, own)) + _der(0xA1, masked)
        for salt, algorithm in _salts(kind, name).items():
            found[_der(0x30, before, _der(0xA2, _int(salt)), trailer)] = algorithm
    return found


PSS_PARAMETERS = {kind: _parameters(kind) for kind in KeyKind if kind.is_rsa}


def chosen(
    sign_algo: str, parameters: str, hash_algo: str, kind: KeyKind, *, hash_name: str = "hashAlgo"
) -> Algorithm:
    """What `signAlgo`, `signAlgoParams` and the hash's identifier ask of a key of this kind; "" is absent.

    `hash_name` is the parameter's name in this version (v2: hashAlgorithmOID). Beside a signAlgo that names its digest
    it is ignored, as the standard says. Raises BadRequest: missing_string or invalid, with the parameter's name.
    """
    if not sign_algo:
        raise BadRequest("missing_string", "signAlgo")
    if sign_algo == RSA:
        algorithm = Algorithm(f"rsa-{_named_hash(hash_algo, hash_name)}")
    elif sign_algo == PSS:
        algorithm = _pss(parameters, hash_algo, kind, hash_name)
    elif sign_algo in SIGNATURES:
        algorithm = SIGNATURES[sign_algo]
    else:
        raise BadRequest("invalid", "signAlgo")
    if not fits(kind, algorithm):
        raise BadRequest("invalid", "signAlgo")
    return algorithm


def key_facts(kind: KeyKind) -> dict[str, Any]:
    """`algo`, `len` and, for a curve, `curve` of credentials/info.

    pyHanko wants the whole identifiers beside bare RSA, Documenso `len` and `curve` (remote-signing.md 3 and 5).
    """
    listed = [identifier for identifier, algorithm in SIGNATURES.items() if fits(kind, algorithm)]
    if kind.is_rsa:
        return {"algo": [RSA, *listed, PSS], "len": kind.bits}
    return {"algo": listed, "len": kind.bits, "curve": CURVES[kind]}


def everything() -> list[str]:
    """The identifiers of every signature algorithm that some key here has."""
    return [RSA, *SIGNATURES, PSS]


def _named_hash(hash_algo: str, hash_name: str) -> str:
    if not hash_algo:
        raise BadRequest("missing_string", hash_name)
    if hash_algo not in HASHES:
        raise BadRequest("invalid", hash_name)
    return HASHES[hash_algo]


def _pss(parameters: str, hash_algo: str, kind: KeyKind, hash_name: str) -> Algorithm:
    """Without parameters the algorithm would mean SHA-1 (RFC 8017 appendix A.2.3), so they must be there."""
    if not kind.is_rsa:
        raise BadRequest("invalid", "signAlgo")
    if not parameters:
        raise BadRequest("missing_string", "signAlgoParams")
    try:
        algorithm = PSS_PARAMETERS[kind][wire.octets(parameters[:_LONGEST_PARAMETERS])]
    except (wire.NotReadable, KeyError):
        raise BadRequest("invalid", "signAlgoParams") from None
    if hash_algo and HASHES.get(hash_algo) != algorithm.hash_name:
        raise BadRequest("invalid", hash_name)
    return algorithm
