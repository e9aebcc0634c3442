"""What stands where on a My Number Card: applications, files, secrets, and how the text file is written.

Sources: virtual-card.md "APDU table", domain.md 4.1 to 4.4. The card maker's specification is not public: all of
this is as two independent clients (OpenSC, jpki/myna) expect it.
"""

import re
from collections.abc import Iterator
from datetime import date
from enum import Enum
from typing import NamedTuple

JPKI_APPLICATION = bytes.fromhex("D392F000260100000001")
TEXT_APPLICATION = bytes.fromhex("D3921000310001010408")  # 券面入力補助
COMMON_APPLICATION = bytes.fromhex("D3921000310001010100")

SIGNATURE_CERTIFICATE = 0x0001
SIGNATURE_CA_CERTIFICATE = 0x0002
TOKEN = 0x0006
AUTHENTICATION_CERTIFICATE = 0x000A
AUTHENTICATION_CA_CERTIFICATE = 0x000B
AUTHENTICATION_KEY = 0x0017
AUTHENTICATION_PIN = 0x0018
SIGNATURE_KEY = 0x001A
SIGNATURE_PASSWORD = 0x001B

# The 12-digit number. The file exists on the card; no code of ours ever selects it (domain.md section 9).
NUMBER = 0x0001
ATTRIBUTES = 0x0002
TEXT_INFORMATION = 0x0005
TEXT_PIN = 0x0011
NUMBER_A = 0x0014
NUMBER_B = 0x0015

CARD_TOKEN = b"JPKIAPICCTOKEN2"
JUKI_TOKEN = b"JPKIAPICCTOKEN"
PHONE_TOKEN = b"JPKIAPGPSETOKEN"
TOKEN_SIZE = 32
RECORD_FILE = 1  # short file id in the common application

ATTRIBUTES_TAG = 0xFF20
_HEADER_TAG, _NAME_TAG, _ADDRESS_TAG, _BIRTH_TAG, _SEX_TAG = 0xDF21, 0xDF22, 0xDF23, 0xDF24, 0xDF25


class TextFileError(ValueError):
    """The text file is not written as domain.md 4.4 says."""


class PinFormatError(ValueError):
    """Typed text that cannot be this PIN; nothing was sent to the card."""


class SecretPlace(NamedTuple):
    """Where a secret lives, how it is written and after how many errors in a row it locks (domain.md 4.2)."""

    application: bytes
    file: int
    limit: int
    pattern: str


class CardPin(Enum):
    """The three secrets that a person types: never mix them up, each has its own counter (domain.md 10.6)."""

    AUTHENTICATION = SecretPlace(JPKI_APPLICATION, AUTHENTICATION_PIN, 3, r"[0-9]{4}")
    SIGNATURE = SecretPlace(JPKI_APPLICATION, SIGNATURE_PASSWORD, 5, r"(?=.*[A-Z])(?=.*[0-9])[A-Z0-9]{6,16}")
    ATTRIBUTES = SecretPlace(TEXT_APPLICATION, TEXT_PIN, 3, r"[0-9]{4}")

    @property
    def limit(self) -> int:
        return self.value.limit

    def normalised(self, typed: str) -> str:
        """As the card wants it: ASCII only, the password in upper case (ST-07); raises PinFormatError."""
        if not typed.isascii() or not re.fullmatch(self.value.pattern, typed.upper()):
            raise PinFormatError(self.name)
        return typed.upper()


class TextFields(NamedTuple):
    """The four attributes as the card writes them."""

    name: str
    address: str
    birth: str  # YYYYMMDD
    sex: str

    @property
    def birth_date(self) -> date:
        try:
            return date(int(self.birth[:4]), int(self.birth[4:6]), int(self.birth[6:8]))
        except ValueError:
            raise TextFileError("birth date") from None


def write_text(fields: TextFields) -> bytes:
    """`FF20 len { DF21 offsets, DF22 name, DF23 address, DF24 birth, DF25 sex }`, UTF-8 (domain.md 4.4)."""
    objects = [
        _tlv(tag, text.encode("utf-8"))
        for tag, text in zip((_NAME_TAG, _ADDRESS_TAG, _BIRTH_TAG, _SEX_TAG), fields, strict=True)
    ]
    start = 5 + 11  # FF20 82 hh ll, then DF21 08 and four offsets counted from the start of the file
    offsets = b""
    for item in objects:
        offsets += start.to_bytes(2, "big")
        start += len(item)
    content = _tlv(_HEADER_TAG, offsets) + b"".join(objects)
    return ATTRIBUTES_TAG.to_bytes(2, "big") + b"\x82" + len(content).to_bytes(2, "big") + content


def read_text(content: bytes) -> TextFields:
    """The four attributes by tag, never by position; raises TextFileError."""
    try:
        outer = dict(_objects(content))
        inner = dict(_objects(outer[ATTRIBUTES_TAG]))
        texts = [inner[tag].decode("utf-8") for tag in (_NAME_TAG, _ADDRESS_TAG, _BIRTH_TAG, _SEX_TAG)]
    except (KeyError, UnicodeDecodeError) as problem:
        raise TextFileError(type(problem).__name__) from None
    return TextFields(*texts)


def text_size(start: bytes) -> int:
    """How many bytes the text file has, from its first seven; raises TextFileError."""
    if int.from_bytes(start[:2], "big") != ATTRIBUTES_TAG:
        raise TextFileError("tag")
    size, rest = _length(start, 2)
    return rest + size


def _tlv(tag: int, value: bytes) -> bytes:
    size = len(value)
    if size < 0x80:
        length = bytes((size,))
    elif size <= 0xFF:
        length = bytes((0x81, size))
    else:
        length = b"\x82" + size.to_bytes(2, "big")
    return tag.to_bytes(2, "big") + length + value


def _objects(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Objects with two-byte tags; 00 and FF00.. after the last one are filler."""
    position = 0
    while position + 3 <= len(content):
        tag = int.from_bytes(content[position : position + 2], "big")
        if tag in (0x0000, 0xFFFF):
            return
        size, start = _length(content, position + 2)
        if start + size > len(content):
            raise TextFileError("length")
        yield tag, content[start : start + size]
        position = start + size


def _length(content: bytes, position: int) -> tuple[int, int]:
    """A BER length of at most two bytes and where the value begins."""
    first = content[position] if position < len(content) else 0xFF
    if first < 0x80:
        return first, position + 1
    count = first - 0x80
    if count not in (1, 2) or position + 1 + count > len(content):
        raise TextFileError("length")
    return int.from_bytes(content[position + 1 : position + 1 + count], "big"), position + 1 + count
