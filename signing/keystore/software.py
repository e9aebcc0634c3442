"""The embedded default: keys sealed under the signer's own keyring, held in this process's memory.

The keyring is a file that only the signer reads (decision 18), so a copy of the database opens no key.
"""

import os
import re
import tempfile
from pathlib import Path
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from signing.keystore import (
    DIGEST_SIZE,
    RESIDENT_KIND,
    Algorithm,
    Handle,
    KeyKind,
    NewKey,
    NotSigned,
    OpenKey,
    Unopenable,
)
from vault.keyring import CannotOpen, Keyring

_PURPOSE = "signing.keystore.key"
_RESIDENT = "signing.keystore.resident"
_FORMAT = b"\x01"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_HASHES: dict[str, HashAlgorithm] = {"sha256": SHA256(), "sha384": SHA384(), "sha512": SHA512()}
_CURVES: dict[KeyKind, ec.EllipticCurve] = {KeyKind.P256: ec.SECP256R1(), KeyKind.P384: ec.SECP384R1()}
_PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def _padding(algorithm: Algorithm) -> padding.AsymmetricPadding:
    if algorithm.scheme == "rsa":
        return padding.PKCS1v15()
    mask = padding.MGF1(_HASHES[algorithm.hash_name])
    return padding.PSS(
        mask, DIGEST_SIZE[algorithm] if algorithm.scheme == "rsa-pss" else padding.PSS.MAX_LENGTH
    )


# Made once: the arguments of cryptography's two ways to sign.
_RSA = {one: (_padding(one), Prehashed(_HASHES[one.hash_name])) for one in Algorithm if one.scheme != "ecdsa"}
_ECDSA = {one: ec.ECDSA(Prehashed(_HASHES[one.hash_name])) for one in Algorithm if one.scheme == "ecdsa"}


class SoftwareStore:
    """`residents` is the folder of the named keys, each a sealed file of mode 0600."""

    def __init__(self, keyring: Keyring, residents: Path) -> None:
        self._keyring = keyring
        self._folder = residents
        self._residents: dict[str, OpenKey] = {}

    def generate(self, kind: KeyKind) -> NewKey:
        key, plain = _new_key(kind)
        return NewKey(_FORMAT + self._keyring.seal(_PURPOSE, plain), _public(key))

    def open(self, wrapped: bytes) -> OpenKey:
        if wrapped[:1] != _FORMAT:
            raise Unopenable
        return self._unseal(_PURPOSE, wrapped[1:])

    def close(self, handle: Handle) -> None:
        """Nothing to free here: the last reference goes with the caller's."""

    def sign(self, handle: Handle, digest: bytes, algorithm: Algorithm) -> bytes:
        if isinstance(handle, rsa.RSAPrivateKey):
            if algorithm in _RSA:
                return handle.sign(digest, *_RSA[algorithm])
        elif not isinstance(handle, ec.EllipticCurvePrivateKey):
            raise NotSigned("no_such_key")
        elif algorithm in _ECDSA:
            return handle.sign(digest, _ECDSA[algorithm])
        raise NotSigned("key_may_not_sign")

    def resident(self, name: str) -> OpenKey:
        if name not in self._residents:
            if not _NAME.fullmatch(name):
                raise NotSigned("no_such_key")
            path = self._folder / f"{name}.key"
            if not path.exists():
                self._make_resident(path)
            self._residents[name] = self._unseal(f"{_RESIDENT}.{name}", path.read_bytes())
        return self._residents[name]

    def _make_resident(self, path: Path) -> None:
        """Complete or absent, and never replaced: `link` refuses where a faster process was first."""
        _, plain = _new_key(RESIDENT_KIND)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=self._folder, prefix=".new-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(self._keyring.seal(f"{_RESIDENT}.{path.stem}", plain))
                file.flush()
                os.fsync(file.fileno())
            os.link(temporary, path)
        except FileExistsError:
            return
        finally:
            os.unlink(temporary)
        _sync(self._folder)

    def _unseal(self, purpose: str, blob: bytes) -> OpenKey:
        try:
            plain = self._keyring.open(purpose, blob)
        except CannotOpen:
            raise Unopenable from None
        # The check costs 35 ms and was made at creation; the seal's tag proves nothing changed (performance.md 2).
        key = load_der_private_key(plain, None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise Unopenable
        return OpenKey(key, _public(key))


def _new_key(kind: KeyKind) -> tuple[_PrivateKey, bytes]:
    """A fresh key and its PKCS#8, read back once with the full check."""
    key: _PrivateKey = (
        rsa.generate_private_key(65537, kind.bits) if kind.is_rsa else ec.generate_private_key(_CURVES[kind])
    )
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    load_der_private_key(plain, None)
    return key, plain


def _public(key: _PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
