"""Keys in a PKCS#11 module; the only file that knows PyKCS11 (law 4).

Signers' keys (decision 17): a session object is made with EXTRACTABLE, wrapped at once under the token's own
non-extractable KEK and destroyed; afterwards it is only unwrapped, as SENSITIVE and not EXTRACTABLE. The authorities'
keys and the KEK are token objects that never leave. One process, one session, one thread (SoftHSM breaks otherwise);
a search happens only when a named key is first asked for.
"""

from pathlib import Path
from typing import Any

import PyKCS11
from asn1crypto import algos
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signing.keystore import KEY_SIZE, Algorithm, Handle, NewKey, NotSigned, OpenKey, Unopenable

KEK_LABEL = "inkan-kek"
_FORMAT = b"\x02"
_HASHES = {Algorithm.RSA_SHA256: "sha256", Algorithm.RSA_SHA384: "sha384", Algorithm.RSA_SHA512: "sha512"}
_MAX_LABEL = 32
# RFC 5649 key wrap with padding: SoftHSM 2.6.1 and PKCS#11 2.40 call it WRAP_PAD, version 3.0 calls it WRAP_KWP.
_WRAPS = (PyKCS11.CKM_AES_KEY_WRAP_KWP, PyKCS11.CKM_AES_KEY_WRAP_PAD)
# Answers after which the module surely made no signature; after any other nobody knows.
_CERTAIN = {
    PyKCS11.CKR_KEY_HANDLE_INVALID: "no_such_key",
    PyKCS11.CKR_OBJECT_HANDLE_INVALID: "no_such_key",
    PyKCS11.CKR_KEY_FUNCTION_NOT_PERMITTED: "key_may_not_sign",
    PyKCS11.CKR_KEY_TYPE_INCONSISTENT: "key_may_not_sign",
    PyKCS11.CKR_MECHANISM_INVALID: "unknown_algorithm",
    PyKCS11.CKR_DATA_LEN_RANGE: "wrong_digest_length",
    PyKCS11.CKR_USER_NOT_LOGGED_IN: "not_logged_in",
    PyKCS11.CKR_SESSION_HANDLE_INVALID: "session_lost",
    PyKCS11.CKR_SESSION_CLOSED: "session_lost",
}


class ModuleRefused(SystemExit):
    """The module, token or PIN of the settings cannot be used. The PIN is tried once: three tries may lock it."""


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
            raise ModuleRefused(f"the key module {module} cannot be used: {problem}") from None
        offered = {
            getattr(PyKCS11, name) for name in self._library.getMechanismList(slot) if hasattr(PyKCS11, name)
        }
        usable = [wrap for wrap in _WRAPS if wrap in offered]
        if not usable:
            raise ModuleRefused(f"the key module {module} cannot wrap keys (AES key wrap with padding)")
        self._wrap = PyKCS11.Mechanism(usable[0])
        self._kek = self._find(PyKCS11.CKO_SECRET_KEY, KEK_LABEL) or self._make_kek()
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

    def generate(self) -> NewKey:
        public, private = self._pair(label="", token=False)
        try:
            wrapped = bytes(self._session.wrapKey(self._kek, private, self._wrap))
            return NewKey(_FORMAT + wrapped, self._public_of(public))
        finally:
            self._session.destroyObject(private)
            self._session.destroyObject(public)

    def open(self, wrapped: bytes) -> OpenKey:
        if wrapped[:1] != _FORMAT:
            raise Unopenable
        template = [
            (PyKCS11.CKA_CLASS, PyKCS11.CKO_PRIVATE_KEY),
            (PyKCS11.CKA_KEY_TYPE, PyKCS11.CKK_RSA),
            (PyKCS11.CKA_TOKEN, False),
            (PyKCS11.CKA_PRIVATE, True),
            (PyKCS11.CKA_SENSITIVE, True),
            (PyKCS11.CKA_EXTRACTABLE, False),
            (PyKCS11.CKA_SIGN, True),
            (PyKCS11.CKA_DECRYPT, False),
            (PyKCS11.CKA_UNWRAP, False),
        ]
        try:
            handle = self._session.unwrapKey(self._kek, wrapped[1:], template, self._wrap)
        except PyKCS11.PyKCS11Error:
            raise Unopenable from None
        return OpenKey(handle, self._public_of(handle))

    def close(self, handle: Handle) -> None:
        self._session.destroyObject(handle)

    def sign(self, handle: Handle, digest: bytes, algorithm: Algorithm) -> bytes:
        """CKM_RSA_PKCS over our own DigestInfo: never over bytes of the caller's making."""
        parts = {"digest_algorithm": {"algorithm": _HASHES[algorithm]}, "digest": digest}
        info = algos.DigestInfo(parts).dump()
        try:
            return bytes(self._session.sign(handle, info, PyKCS11.MechanismRSAPKCS1))
        except PyKCS11.PyKCS11Error as problem:
            if problem.value in _CERTAIN:
                raise NotSigned(_CERTAIN[problem.value]) from None
            raise

    def resident(self, name: str) -> OpenKey:
        if name not in self._residents:
            if not 0 < len(name) <= _MAX_LABEL or name == KEK_LABEL:
                raise NotSigned("no_such_key")
            handle = self._find(PyKCS11.CKO_PRIVATE_KEY, name)
            if handle is None:
                _, handle = self._pair(label=name, token=True)
            self._residents[name] = OpenKey(handle, self._public_of(handle))
        return self._residents[name]

    def _pair(self, *, label: str, token: bool) -> tuple[Any, Any]:
        """A resident pair is born not extractable; a session pair lives only until it is wrapped."""
        public = [
            (PyKCS11.CKA_CLASS, PyKCS11.CKO_PUBLIC_KEY),
            (PyKCS11.CKA_KEY_TYPE, PyKCS11.CKK_RSA),
            (PyKCS11.CKA_MODULUS_BITS, KEY_SIZE),
            (PyKCS11.CKA_PUBLIC_EXPONENT, (1, 0, 1)),
            (PyKCS11.CKA_TOKEN, token),
            (PyKCS11.CKA_VERIFY, True),
            (PyKCS11.CKA_LABEL, label),
        ]
        private = [
            (PyKCS11.CKA_CLASS, PyKCS11.CKO_PRIVATE_KEY),
            (PyKCS11.CKA_KEY_TYPE, PyKCS11.CKK_RSA),
            (PyKCS11.CKA_TOKEN, token),
            (PyKCS11.CKA_PRIVATE, True),
            (PyKCS11.CKA_SENSITIVE, True),
            (PyKCS11.CKA_EXTRACTABLE, not token),
            (PyKCS11.CKA_SIGN, True),
            (PyKCS11.CKA_DECRYPT, False),
            (PyKCS11.CKA_UNWRAP, False),
            (PyKCS11.CKA_LABEL, label),
        ]
        pair: tuple[Any, Any] = self._session.generateKeyPair(
            public, private, mecha=PyKCS11.MechanismRSAGENERATEKEYPAIR
        )
        return pair

    def _public_of(self, handle: Any) -> bytes:
        modulus, exponent = self._session.getAttributeValue(
            handle, [PyKCS11.CKA_MODULUS, PyKCS11.CKA_PUBLIC_EXPONENT]
        )
        numbers = RSAPublicNumbers(
            int.from_bytes(bytes(exponent), "big"), int.from_bytes(bytes(modulus), "big")
        )
        return numbers.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
