"""The memory of a virtual card: what its maker wrote and what use changes, in one JSON file of mode 0600.

The file stands for the chip, so it holds the keys and the PINs in clear; it exists in demo and tests only.
"""

import base64
import binascii
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from cards import files

_PAGE = 256


class ChipUnreadable(OSError):
    """The file is missing or is not the memory of a virtual card: to a reader, the card is gone."""


@dataclass(slots=True)
class Secret:
    """A PIN and its counter, kept across restarts."""

    value: str
    limit: int
    tries: int


@dataclass(frozen=True, slots=True)
class Ef:
    """An elementary file: content, and the secrets one of which opens it (none: free)."""

    content: bytes
    guards: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Key:
    """A private key (PEM) and the secret that opens it."""

    pem: str
    guard: int

    def load(self) -> rsa.RSAPrivateKey:
        key = load_pem_private_key(self.pem.encode("ascii"), None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ChipUnreadable("not an RSA key")
        return key


@dataclass(slots=True)
class Application:
    """A dedicated file: its files, keys, secrets and records by id."""

    files: dict[int, Ef] = field(default_factory=dict)
    keys: dict[int, Key] = field(default_factory=dict)
    secrets: dict[int, Secret] = field(default_factory=dict)
    records: dict[int, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Chip:
    """All applications by AID."""

    applications: dict[bytes, Application]

    def to_json(self) -> str:
        return json.dumps(
            {aid.hex(): asdict(application) for aid, application in self.applications.items()},
            default=lambda value: base64.b64encode(value).decode("ascii"),
        )

    @classmethod
    def from_json(cls, text: str) -> "Chip":
        try:
            raw = json.loads(text)
            return cls({bytes.fromhex(aid): _application(parts) for aid, parts in raw.items()})
        except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
            raise ChipUnreadable("not the memory of a virtual card") from None


@dataclass(frozen=True, slots=True)
class Personalisation:
    """What the maker writes on a card for its holder."""

    text: files.TextFields
    authentication_pin: str
    signature_password: str
    attributes_pin: str
    authentication_certificate: bytes
    authentication_key: rsa.RSAPrivateKey
    authentication_ca: bytes
    signature_certificate: bytes
    signature_key: rsa.RSAPrivateKey
    signature_ca: bytes
    number: str = "000000000000"  # invented; the file must exist so that tests can prove that nobody reads it
    production_number: str = "0000000000000"


def card(holder: Personalisation) -> Chip:
    """A My Number Card."""
    return Chip(
        {
            files.JPKI_APPLICATION: _jpki(holder, files.CARD_TOKEN, phone=False),
            files.TEXT_APPLICATION: _text(holder),
            files.COMMON_APPLICATION: Application(
                records={1: b"\x80\x0d" + holder.production_number.encode("ascii")}
            ),
        }
    )


def phone(holder: Personalisation) -> Chip:
    """A phone-held certificate: no text application, and the certificate needs the PIN (domain.md 3.5)."""
    return Chip({files.JPKI_APPLICATION: _jpki(holder, files.PHONE_TOKEN, phone=True)})


def write(path: Path, chip: Chip) -> None:
    """Replace the file as a whole: a reader sees the old or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_suffix(".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        stream.write(chip.to_json())
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


def read(path: Path) -> Chip:
    """Load the memory; raises ChipUnreadable."""
    try:
        return Chip.from_json(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise ChipUnreadable(str(problem.strerror)) from None


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Only one process at a time counts a card's tries: two guesses at once cost two tries."""
    with open(path.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _padded(content: bytes, least: int = _PAGE) -> bytes:
    """Zeros behind the content, as on a card, so that reads of a fixed size succeed."""
    size = max(least, -(-len(content) // _PAGE) * _PAGE)
    return content.ljust(size, b"\x00")


def _jpki(holder: Personalisation, token: bytes, *, phone: bool) -> Application:
    login, password = files.AUTHENTICATION_PIN, files.SIGNATURE_PASSWORD
    largest = 2560  # clients read 2,050 bytes at once
    return Application(
        files={
            files.TOKEN: Ef(token.ljust(files.TOKEN_SIZE)),
            files.SIGNATURE_CERTIFICATE: Ef(_padded(holder.signature_certificate, largest), (password,)),
            files.SIGNATURE_CA_CERTIFICATE: Ef(_padded(holder.signature_ca, largest)),
            files.AUTHENTICATION_CERTIFICATE: Ef(
                _padded(holder.authentication_certificate, largest), (login,) if phone else ()
            ),
            files.AUTHENTICATION_CA_CERTIFICATE: Ef(_padded(holder.authentication_ca, largest)),
        },
        keys={
            files.AUTHENTICATION_KEY: Key(_pem(holder.authentication_key), login),
            files.SIGNATURE_KEY: Key(_pem(holder.signature_key), password),
        },
        secrets={
            login: Secret(holder.authentication_pin, 3, 3),
            password: Secret(holder.signature_password, 5, 5),
        },
    )


def _text(holder: Personalisation) -> Application:
    pin, a, b = files.TEXT_PIN, files.NUMBER_A, files.NUMBER_B
    number = b"\xff\x10\x0f\xdf\x10\x0c" + holder.number.encode("ascii")
    return Application(
        files={
            files.NUMBER: Ef(number.ljust(_PAGE, b"\x00"), (pin, a)),
            files.ATTRIBUTES: Ef(_padded(files.write_text(holder.text)), (pin, b)),
            files.TEXT_INFORMATION: Ef(
                _padded(b"\xff\x40\x1a\xdf\x41\x04" + bytes(4) + b"\xdf\x42\x10" + bytes(16))
            ),
        },
        secrets={
            pin: Secret(holder.attributes_pin, 3, 3),
            a: Secret(holder.number, 10, 10),
            b: Secret(holder.text.birth[2:] + "20290000", 10, 10),
        },
    )


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def _application(raw: dict[str, Any]) -> Application:
    return Application(
        files={
            int(number): Ef(base64.b64decode(ef["content"], validate=True), tuple(ef["guards"]))
            for number, ef in raw["files"].items()
        },
        keys={int(number): Key(**key) for number, key in raw["keys"].items()},
        secrets={int(number): Secret(**secret) for number, secret in raw["secrets"].items()},
        records={
            int(number): base64.b64decode(record, validate=True) for number, record in raw["records"].items()
        },
    )
