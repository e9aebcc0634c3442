"""The demo's card maker: the only one who reads the authorities' private keys (decision 20).

It stands for a firm outside: it opens the sealed card orders that an officer has downloaded and "makes" the cards. A
made card is a file with its face and its photo, and a lock that only the right PIN opens; the PIN itself is kept
nowhere.
"""

import json
import os
from base64 import b64decode
from hashlib import scrypt, sha256
from pathlib import Path
from secrets import token_bytes
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import pkcs7_decrypt_der

FACE = (
    *("receipt_number", "person_id", "qualification", "registration_number", "name"),
    *("family_romaji", "given_romaji", "other_name", "other_family_romaji", "other_given_romaji"),
    *("way", "place", "address", "photo_sha256"),
)


class NotForUs(ValueError):
    """A file that this authority's key does not open, or that is no card order."""


def open_order(content: bytes, home: Path) -> dict[str, Any]:
    """The document of a sealed order; whichever authority's key opens it. Raises NotForUs."""
    for path in sorted((home / "card-maker").glob("*.key")):
        try:
            document = json.loads(_opened(content, path.stem, home))
        except ValueError:
            continue
        if isinstance(document, dict) and document.get("authority") == path.stem:
            return document
    raise NotForUs("no key of the demo's card maker opens this file")


def make(content: bytes, home: Path) -> list[Path]:
    """Make every card of a sealed order: one folder entry each, face and photo, and the chip's PIN as a lock."""
    document = open_order(content, home)
    folder = home / "card-maker" / "cards"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = []
    for order in document["orders"]:
        photo = b64decode(order["photo"])
        if sha256(photo).hexdigest() != order["photo_sha256"]:
            raise NotForUs("the photo is not the one that the order names")
        pin = _opened(b64decode(order["sealed_pin"]), document["authority"], home)
        salt = token_bytes(16)
        card = {name: order[name] for name in FACE} | {
            "authority": document["authority"],
            "pin_salt": salt.hex(),
            "pin_lock": _lock(pin, salt).hex(),
        }
        path = folder / f"{order['order']}.json"
        _write(path, json.dumps(card, ensure_ascii=False, indent=2, sort_keys=True).encode())
        _write(path.with_suffix(".jpg"), photo)
        made.append(path)
    return made


def opens(card: Path, pin: str) -> bool:
    """Whether a made card's chip takes this PIN."""
    kept = json.loads(card.read_text(encoding="utf-8"))
    return _lock(pin.encode(), bytes.fromhex(kept["pin_salt"])).hex() == str(kept["pin_lock"])


def _opened(content: bytes, authority: str, home: Path) -> bytes:
    """Raises ValueError where this key does not open it."""
    key = load_pem_private_key((home / "card-maker" / f"{authority}.key").read_bytes(), None)
    certificate = x509.load_pem_x509_certificate((home / "authorities" / f"{authority}.pem").read_bytes())
    assert isinstance(key, rsa.RSAPrivateKey)
    return pkcs7_decrypt_der(content, certificate, key, [])


def _lock(pin: bytes, salt: bytes) -> bytes:
    return scrypt(pin, salt=salt, n=2**12, r=8, p=1)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
