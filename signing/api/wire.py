"""Text to bytes and back, once, at the API's edge (house.md "A hash"): JSON and base64. Plain.

What clients disagree about is forgiven here: base64 in either alphabet, with or without padding, an array or a single
value. What could be read in two ways is refused: a key twice, NaN, a lone surrogate.
"""

import base64
import binascii
import json
import re
from collections.abc import Sequence
from typing import Any

LARGEST_BODY = 1024 * 1024  # decision 12
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")


class NotReadable(ValueError):
    """The text is not what the standard says; nothing of it is quoted."""


def read_object(body: bytes) -> dict[str, Any]:
    """A JSON object, each key once. Raises NotReadable; an empty body is an empty object."""
    if not body.strip():
        return {}
    value = _read(body)
    if not isinstance(value, dict):
        raise NotReadable("not an object")
    return value


def read_array(text: str) -> list[Any]:
    """A JSON array whose objects have each key once. Raises NotReadable."""
    value = _read(text.encode("utf-8", "surrogatepass"))
    if not isinstance(value, list):
        raise NotReadable("not an array")
    return value


def write(value: dict[str, Any]) -> bytes:
    return _WRITER.encode(value).encode()


def octets(text: object) -> bytes:
    """Base64 in either alphabet, with or without padding. Raises NotReadable, for what is no string too."""
    if not isinstance(text, str) or not text:
        raise NotReadable("not base64")
    try:
        return binascii.a2b_base64(text, strict_mode=True)  # as most write it
    except ValueError:
        pass
    if not _BASE64.fullmatch(text):
        raise NotReadable("not base64")
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise NotReadable("not base64") from None


def text(value: bytes) -> str:
    """Standard base64 with padding, as JSON in CSC has it."""
    return binascii.b2a_base64(value, newline=False).decode("ascii")


def texts(values: Sequence[bytes]) -> list[str]:
    return [text(value) for value in values]


def _read(body: bytes) -> Any:
    try:
        value = _READER.decode(body.decode("utf-8"))
        if b"\\u" in body:  # only an escape can say a lone surrogate, which can be neither stored nor shown
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise NotReadable("not JSON") from None
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(_constant: str) -> None:
    raise ValueError("not JSON: NaN or Infinity")


_READER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_refuse)
_WRITER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
