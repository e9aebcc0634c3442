"""A keyring file and what is sealed with it (decision 18).

File: JSON `{"format": 1, "keys": {"<version>": "<base64 of 32 bytes>"}}`, mode 0600. The newest version
seals, every version opens. Per purpose a key is derived by HKDF-SHA256 (RFC 5869); a blob is
`version (2 bytes, big endian) + nonce (12 bytes) + AES-256-GCM ciphertext and tag`.
"""

import base64
import hmac
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_KEY = 32
_VERSION = 2
_NONCE = 12
_TAG = 16
_FORMAT = 1


class KeyringRefused(Exception):
    """The keyring file is missing, readable by others, or not a keyring."""


class CannotOpen(Exception):
    """The blob was changed, or belongs to another keyring, purpose or associated data; never said which."""


class Keyring:
    """Keys by version. Immutable; safe to share between threads."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        if not keys or any(len(key) != _KEY or not 0 < version < 65536 for version, key in keys.items()):
            raise KeyringRefused("a keyring holds 32-byte keys under versions 1 to 65535")
        self._keys = dict(keys)
        self._newest = max(self._keys)
        self._oldest = min(self._keys)
        self._derived: dict[tuple[int, str, str], bytes] = {}

    @classmethod
    def create(cls, path: Path) -> "Keyring":
        """Make a file with one fresh key; raises FileExistsError where one stands already."""
        keys = {1: secrets.token_bytes(_KEY)}
        temporary = _write_beside(path, keys)
        try:
            os.link(
                temporary, path
            )  # unlike rename, refuses to replace the keyring a faster process has made
        finally:
            os.unlink(temporary)
        return cls(keys)

    @classmethod
    def load(cls, path: Path) -> "Keyring":
        """Read a file; raises KeyringRefused when it is missing, open to others or malformed."""
        try:
            with open(path, "rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                if mode & (stat.S_IRWXG | stat.S_IRWXO):
                    raise KeyringRefused(f"{path} is open to other users; run: chmod 600 {path}")
                content = json.loads(file.read())
            if content["format"] != _FORMAT:
                raise KeyringRefused(f"{path} has an unknown format")
            keys = {
                int(version): base64.b64decode(key, validate=True) for version, key in content["keys"].items()
            }
        except FileNotFoundError:
            raise KeyringRefused(f"{path} is missing") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise KeyringRefused(f"{path} cannot be read as a keyring") from None  # never quote the content
        return cls(keys)

    @classmethod
    def rotate(cls, path: Path) -> "Keyring":
        """Add a newest key to the file, in one rename. What was sealed before still opens."""
        before = cls.load(path)
        keys = {**before._keys, before._newest + 1: secrets.token_bytes(_KEY)}
        os.replace(_write_beside(path, keys), path)
        _fsync_folder(path.parent)
        return cls(keys)

    @property
    def versions(self) -> tuple[int, ...]:
        return tuple(sorted(self._keys))

    def seal(self, purpose: str, plaintext: bytes, aad: bytes = b"") -> bytes:
        """Encrypt and authenticate under the newest key; `aad` must be given again to open."""
        nonce = secrets.token_bytes(_NONCE)
        version = self._newest.to_bytes(_VERSION, "big")
        cipher = AESGCM(self._key(self._newest, "seal", purpose))
        return version + nonce + cipher.encrypt(nonce, plaintext, aad)

    def open(self, purpose: str, blob: bytes, aad: bytes = b"") -> bytes:
        """The plaintext; raises CannotOpen."""
        version = int.from_bytes(blob[:_VERSION], "big")
        if len(blob) < _VERSION + _NONCE + _TAG or version not in self._keys:
            raise CannotOpen
        nonce, sealed = blob[_VERSION : _VERSION + _NONCE], blob[_VERSION + _NONCE :]
        try:
            return AESGCM(self._key(version, "seal", purpose)).decrypt(nonce, sealed, aad)
        except InvalidTag:
            raise CannotOpen from None

    def mac(self, purpose: str, data: bytes) -> bytes:
        """HMAC-SHA256 for blind look-ups, by the oldest key: a rotation changes no stored value."""
        return hmac.digest(self._key(self._oldest, "mac", purpose), data, "sha256")

    def _key(self, version: int, use: str, purpose: str) -> bytes:
        found = self._derived.get((version, use, purpose))
        if found is None:
            info = f"inkan/{use}/{purpose}".encode()
            found = HKDF(algorithm=SHA256(), length=_KEY, salt=None, info=info).derive(self._keys[version])
            self._derived[(version, use, purpose)] = found
        return found


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_beside(path: Path, keys: Mapping[int, bytes]) -> str:
    """A durable temporary file (mode 0600 by mkstemp) in the keyring's folder."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = {"format": _FORMAT, "keys": {str(v): base64.b64encode(key).decode() for v, key in keys.items()}}
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".keyring-")
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    return temporary


@lru_cache(maxsize=8)
def _loaded(path: Path) -> Keyring:
    if settings.IS_DEMO and not path.exists():
        try:
            return Keyring.create(path)
        except FileExistsError:
            return Keyring.load(path)  # another process of the demo was faster
    return Keyring.load(path)


def web() -> Keyring:
    """The keyring of web and workers (settings.KEYRING_PATH), read once per process; a demo makes its own."""
    return _loaded(settings.KEYRING_PATH)
