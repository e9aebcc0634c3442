"""Keys in a PKCS#11 module; the only file that knows PyKCS11 (law 4).

Signers' keys (decision 17): a session object is made with EXTRACTABLE, wrapped at once under the token's own
non-extractable KEK and destroyed; afterwards it is only unwrapped, as SENSITIVE and not EXTRACTABLE. The authorities'
keys and the KEK are token objects that never leave. One process, one session, one thread (SoftHSM breaks otherwise);
a search happens only when a named key is first asked for.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import PyKCS11
from asn1crypto import algos, core
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signing.keystore import (
    DIGEST_SIZE,
    MODULE_LOST,
    RESIDENT_KIND,
    Algorithm,
    Handle,
    KeyKind,
    ModuleRefused,
    NewKey,
    NotSigned,
    OpenKey,
    Unopenable,
    cryptoki,
    fits,
)

KEK_LABEL = "inkan-kek"
_MAX_LABEL = 32
# First byte of a stored key. RSA: then the wrapped key. A curve: then its public point, which no attribute of a private
# key gives back, then the wrapped key.
_RSA_FORMAT = b"\x02"
_EC_FORMATS = {b"\x03": KeyKind.P256, b"\x04": KeyKind.P384}
_CURVES: dict[KeyKind, tuple[ec.EllipticCurve, bytes]] = {
    KeyKind.P256: (ec.SECP256R1(), core.ObjectIdentifier("1.2.840.10045.3.1.7").dump()),
    KeyKind.P384: (ec.SECP384R1(), core.ObjectIdentifier("1.3.132.0.34").dump()),
}
_HASHES = {
    "sha256": (PyKCS11.CKM_SHA256, PyKCS11.CKG_MGF1_SHA256),
    "sha384": (PyKCS11.CKM_SHA384, PyKCS11.CKG_MGF1_SHA384),
    "sha512": (PyKCS11.CKM_SHA512, PyKCS11.CKG_MGF1_SHA512),
}
# What an opened curve key signs once, to prove that the point stored beside it is its own.
_PROOF = hashlib.sha256(b"Inkan: this key belongs to the public key that is stored with it").digest()
# RFC 5649 key wrap with padding: SoftHSM 2.6.1 and PKCS#11 2.40 call it WRAP_PAD, version 3.0 calls it WRAP_KWP.
_WRAPS = (PyKCS11.CKM_AES_KEY_WRAP_KWP, PyKCS11.CKM_AES_KEY_WRAP_PAD)
_PIN_REFUSED = (
    PyKCS11.CKR_PIN_INCORRECT,
    PyKCS11.CKR_PIN_INVALID,
    PyKCS11.CKR_PIN_LEN_RANGE,
    PyKCS11.CKR_PIN_EXPIRED,
    PyKCS11.CKR_PIN_LOCKED,
)
# The session or the device is gone: only a new start helps. The first four come before anything is carried out.
_GONE = (
    PyKCS11.CKR_USER_NOT_LOGGED_IN,
    PyKCS11.CKR_SESSION_HANDLE_INVALID,
    PyKCS11.CKR_TOKEN_NOT_PRESENT,
    PyKCS11.CKR_CRYPTOKI_NOT_INITIALIZED,
)
_GONE_MEANWHILE = (PyKCS11.CKR_SESSION_CLOSED, PyKCS11.CKR_DEVICE_REMOVED, PyKCS11.CKR_DEVICE_ERROR)
# Answers after which the module surely made no signature; after any other nobody knows.
_CERTAIN = {
    PyKCS11.CKR_KEY_HANDLE_INVALID: "no_such_key",
    PyKCS11.CKR_OBJECT_HANDLE_INVALID: "no_such_key",
    PyKCS11.CKR_KEY_FUNCTION_NOT_PERMITTED: "key_may_not_sign",
    PyKCS11.CKR_KEY_TYPE_INCONSISTENT: "key_may_not_sign",
    PyKCS11.CKR_MECHANISM_INVALID: "unknown_algorithm",
    PyKCS11.CKR_DATA_LEN_RANGE: "wrong_digest_length",
    **dict.fromkeys(_GONE, MODULE_LOST),
}


def _digest_info(algorithm: Algorithm) -> bytes:
    """DigestInfo up to the digest (RFC 8017 section 9.2)."""
    size = DIGEST_SIZE[algorithm]
    parts = {"digest_algorithm": {"algorithm": algorithm.hash_name}, "digest": bytes(size)}
    return bytes(algos.DigestInfo(parts).dump()[:-size])


_RSA, _ECDSA = cryptoki.mechanism(PyKCS11.CKM_RSA_PKCS), cryptoki.mechanism(PyKCS11.CKM_ECDSA)
_DIGEST_INFO = {one: _digest_info(one) for one in Algorithm if one.scheme == "rsa"}


class _Key(NamedTuple):
    """The handle of this store: the module's object, and what it is."""

    object: Any
    number: int
    kind: KeyKind


class Pkcs11Store:
    """`token` is the token's label; the KEK is made there when it is missing."""

    def __init__(self, module: Path, token: str, pin: str) -> None:
        try:
            self._library = PyKCS11.PyKCS11Lib()
            self._library.load(str(module))
            slot = self._slot(token)
            self._session = self._library.openSession(
                slot, PyKCS11.CKF_SERIAL_SESSION | PyKCS11.CKF_RW_SESSION
            )
            self._session.login(pin)
        except PyKCS11.PyKCS11Error as problem:
            # A wrong PIN is never tried again: three tries may lock the token.
            is_pin = problem.value in _PIN_REFUSED
            words = f"the key module {module} cannot be used: {problem}"
            raise ModuleRefused(words, may_pass=not is_pin) from None
        offered = {
            getattr(PyKCS11, name) for name in self._library.getMechanismList(slot) if hasattr(PyKCS11, name)
        }
        usable = [wrap for wrap in _WRAPS if wrap in offered]
        if not usable:
            raise ModuleRefused(f"the key module {module} cannot wrap keys (AES key wrap with padding)")
        self._wrap = PyKCS11.Mechanism(usable[0])
        self._kek = self._find(PyKCS11.CKO_SECRET_KEY, KEK_LABEL) or self._make_kek()
        self._signing = cryptoki.Signing(module, self._session.session.value())
        self._residents: dict[str, OpenKey] = {}

    def _slot(self, token: str) -> int:
        for slot in self._library.getSlotList(tokenPresent=True):
            if str(self._library.getTokenInfo(slot).label).strip() == token:
                return int(slot)
        raise ModuleRefused(f"there is no token labelled {token!r}")

    def _find(self, kind: int, label: str) -> Any:
        found = self._session.findObjects(
            [(PyKCS11.CKA_CLASS, kind), (PyKCS11.CKA_LABEL, label), (PyKCS11.CKA_TOKEN, True)]
        )
        return found[0] if found else None

    def _make_kek(self) -> Any:
        return self._session.generateKey(
            [
                (PyKCS11.CKA_CLASS, PyKCS11.CKO_SECRET_KEY),
                (PyKCS11.CKA_KEY_TYPE, PyKCS11.CKK_AES),
                (PyKCS11.CKA_VALUE_LEN, 32),
                (PyKCS11.CKA_LABEL, KEK_LABEL),
                (PyKCS11.CKA_TOKEN, True),
                (PyKCS11.CKA_PRIVATE, True),
                (PyKCS11.CKA_SENSITIVE, True),
                (PyKCS11.CKA_EXTRACTABLE, False),
                (PyKCS11.CKA_WRAP, True),
                (PyKCS11.CKA_UNWRAP, True),
                (PyKCS11.CKA_ENCRYPT, False),
                (PyKCS11.CKA_DECRYPT, False),
            ],
            mecha=PyKCS11.MechanismAESGENERATEKEY,
        )

    def generate(self, kind: KeyKind) -> NewKey:
        public, private = self._pair(kind, label="", token=False)
        try:
            wrapped = bytes(self._session.wrapKey(self._kek, private, self._wrap))
            if kind.is_rsa:
                return NewKey(_RSA_FORMAT + wrapped, _spki_of_rsa(*self._modulus(public)))
            point = self._point(public)
            return NewKey(_format(kind) + point + wrapped, _spki_of_point(kind, point))
        finally:
            self._session.destroyObject(private)
            self._session.destroyObject(public)

    def open(self, wrapped: bytes) -> OpenKey:
        if wrapped[:1] == _RSA_FORMAT:
            return self._open_rsa(wrapped[1:])
        if wrapped[:1] in _EC_FORMATS:
            kind = _EC_FORMATS[wrapped[:1]]
            size = 1 + 2 * kind.bits // 8
            return self._open_curve(kind, wrapped[1 : 1 + size], wrapped[1 + size :])
        raise Unopenable

    def _open_rsa(self, wrapped: bytes) -> OpenKey:
        handle = self._unwrap(PyKCS11.CKK_RSA, wrapped)
        modulus, exponent = self._modulus(handle)
        kinds = [kind for kind in KeyKind if kind.is_rsa and kind.bits == modulus.bit_length()]
        if not kinds:
            self._session.destroyObject(handle)
            raise Unopenable
        return OpenKey(_key(handle, kinds[0]), _spki_of_rsa(modulus, exponent))

    def _open_curve(self, kind: KeyKind, point: bytes, wrapped: bytes) -> OpenKey:
        """The point stands outside the wrapping, so the key proves that it is its own."""
        try:
            public = ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[kind][0], point)
        except ValueError:
            raise Unopenable from None
        key = _key(self._unwrap(PyKCS11.CKK_EC, wrapped), kind)
        try:
            public.verify(
                self.sign(key, _PROOF, Algorithm.ECDSA_SHA256), _PROOF, ec.ECDSA(Prehashed(SHA256()))
            )
        except (InvalidSignature, NotSigned, cryptoki.Refusal):
            self.close(key)
            raise Unopenable from None
        return OpenKey(key, _spki(public))

    def _unwrap(self, key_type: int, wrapped: bytes) -> Any:
        """A session object that signs and cannot leave; Unopenable, also where the module did not keep to that."""
        template = [
            (PyKCS11.CKA_CLASS, PyKCS11.CKO_PRIVATE_KEY),
            (PyKCS11.CKA_KEY_TYPE, key_type),
            (PyKCS11.CKA_TOKEN, False),
            (PyKCS11.CKA_PRIVATE, True),
            (PyKCS11.CKA_SENSITIVE, True),
            (PyKCS11.CKA_EXTRACTABLE, False),
            (PyKCS11.CKA_SIGN, True),
            (PyKCS11.CKA_DECRYPT, False),
            (PyKCS11.CKA_DERIVE, False),
            (PyKCS11.CKA_UNWRAP, False),
        ]
        try:
            handle = self._session.unwrapKey(self._kek, wrapped, template, self._wrap)
        except PyKCS11.PyKCS11Error as problem:
            if problem.value in (*_GONE, *_GONE_MEANWHILE):  # opening signs nothing, so this is certain
                raise NotSigned(MODULE_LOST) from None
            raise Unopenable from None
        wanted = [PyKCS11.CKA_SENSITIVE, PyKCS11.CKA_EXTRACTABLE]
        if [bool(is_so) for is_so in self._session.getAttributeValue(handle, wanted)] != [True, False]:
            self._session.destroyObject(handle)
            raise Unopenable
        return handle

    def close(self, handle: Handle) -> None:
        self._session.destroyObject(_own(handle).object)

    def sign(self, handle: Handle, digest: bytes, algorithm: Algorithm) -> bytes:
        """Never over bytes of the caller's making: over our own DigestInfo, or by a mechanism that takes a digest."""
        key = _own(handle)
        if not fits(key.kind, algorithm):
            raise NotSigned("key_may_not_sign")
        try:
            if algorithm.scheme == "rsa":
                return self._signing.sign(key.number, _DIGEST_INFO[algorithm] + digest, _RSA)
            if algorithm.scheme == "ecdsa":
                return _der_of_pair(self._signing.sign(key.number, digest[: key.kind.bits // 8], _ECDSA))
            return self._signing.sign(key.number, digest, _pss(algorithm, key.kind))
        except cryptoki.Refusal as refusal:
            if refusal.value in _CERTAIN:
                raise NotSigned(_CERTAIN[refusal.value]) from None
            raise

    def resident(self, name: str) -> OpenKey:
        if name not in self._residents:
            if not 0 < len(name) <= _MAX_LABEL or name == KEK_LABEL:
                raise NotSigned("no_such_key")
            handle = self._find(PyKCS11.CKO_PRIVATE_KEY, name)
            if handle is None:
                _, handle = self._pair(RESIDENT_KIND, label=name, token=True)
            self._residents[name] = OpenKey(_key(handle, RESIDENT_KIND), _spki_of_rsa(*self._modulus(handle)))
        return self._residents[name]

    def _pair(self, kind: KeyKind, *, label: str, token: bool) -> tuple[Any, Any]:
        """A resident pair is born not extractable; a session pair lives only until it is wrapped."""
        if kind.is_rsa:
            key_type, mechanism = PyKCS11.CKK_RSA, PyKCS11.MechanismRSAGENERATEKEYPAIR
            shape = [(PyKCS11.CKA_MODULUS_BITS, kind.bits), (PyKCS11.CKA_PUBLIC_EXPONENT, (1, 0, 1))]
        else:
            key_type, mechanism = PyKCS11.CKK_EC, PyKCS11.Mechanism(PyKCS11.CKM_EC_KEY_PAIR_GEN)
            shape = [(PyKCS11.CKA_EC_PARAMS, _CURVES[kind][1])]
        public = [
            (PyKCS11.CKA_CLASS, PyKCS11.CKO_PUBLIC_KEY),
            (PyKCS11.CKA_KEY_TYPE, key_type),
            *shape,
            (PyKCS11.CKA_TOKEN, token),
            (PyKCS11.CKA_VERIFY, True),
            (PyKCS11.CKA_LABEL, label),
        ]
        private = [
            (PyKCS11.CKA_CLASS, PyKCS11.CKO_PRIVATE_KEY),
            (PyKCS11.CKA_KEY_TYPE, key_type),
            (PyKCS11.CKA_TOKEN, token),
            (PyKCS11.CKA_PRIVATE, True),
            (PyKCS11.CKA_SENSITIVE, True),
            (PyKCS11.CKA_EXTRACTABLE, not token),
            (PyKCS11.CKA_SIGN, True),
            (PyKCS11.CKA_DECRYPT, False),
            (PyKCS11.CKA_DERIVE, False),
            (PyKCS11.CKA_UNWRAP, False),
            (PyKCS11.CKA_LABEL, label),
        ]
        pair: tuple[Any, Any] = self._session.generateKeyPair(public, private, mecha=mechanism)
        return pair

    def _modulus(self, handle: Any) -> tuple[int, int]:
        wanted = [PyKCS11.CKA_MODULUS, PyKCS11.CKA_PUBLIC_EXPONENT]
        modulus, exponent = self._session.getAttributeValue(handle, wanted)
        return int.from_bytes(bytes(modulus), "big"), int.from_bytes(bytes(exponent), "big")

    def _point(self, public: Any) -> bytes:
        """Uncompressed; the attribute holds it inside an OCTET STRING."""
        (value,) = self._session.getAttributeValue(public, [PyKCS11.CKA_EC_POINT])
        return bytes(core.OctetString.load(bytes(value)).native)


def _key(handle: Any, kind: KeyKind) -> _Key:
    return _Key(handle, handle.value(), kind)


def _own(handle: Handle) -> _Key:
    if not isinstance(handle, _Key):
        raise NotSigned("no_such_key")
    return handle


def _format(kind: KeyKind) -> bytes:
    return next(first for first, curve in _EC_FORMATS.items() if curve is kind)


@cache
def _pss(algorithm: Algorithm, kind: KeyKind) -> cryptoki.Mechanism:
    """MGF1 over the same hash; the salt as long as the digest, or as the key allows (RFC 8017 section 9.1.1)."""
    size = DIGEST_SIZE[algorithm]
    salt = size if algorithm.scheme == "rsa-pss" else kind.bits // 8 - size - 2
    return cryptoki.pss(PyKCS11.CKM_RSA_PKCS_PSS, *_HASHES[algorithm.hash_name], salt)


def _der_of_pair(signature: bytes) -> bytes:
    """A module answers r and s as two numbers of equal length."""
    half = len(signature) // 2
    return encode_dss_signature(
        int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
    )


def _spki_of_rsa(modulus: int, exponent: int) -> bytes:
    return _spki(RSAPublicNumbers(exponent, modulus).public_key())


def _spki_of_point(kind: KeyKind, point: bytes) -> bytes:
    return _spki(ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[kind][0], point))


def _spki(key: RSAPublicKey | ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
