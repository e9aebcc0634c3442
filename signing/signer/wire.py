"""Frames of the signer's socket: 4 bytes of length (big endian), then CBOR. Plain; both ends use it.

Request `[id, operation, argument]`, reply `[id, done, result or code]`. A frame is at most 2 MiB (32 to the
authorities' instance), a batch at most 4,096 items. Results of single items travel as `[outcome, signature or reason]`.
"""

import io
import struct
from enum import IntEnum
from typing import Any, NamedTuple

import cbor2

MAX_FRAME = 2 * 1024 * 1024
MAX_LIST_FRAME = (
    32 * 1024 * 1024
)  # to the authorities' instance: a list of half a million revoked certificates
MAX_ITEMS = 4096
HANDLE_SIZE = 16
ITEM_SIZE = 16
_LENGTH = struct.Struct(">I")


class Outcome(IntEnum):
    NOT_SIGNED = 0  # for certain
    SIGNED = 1
    UNKNOWN = 2  # the key module failed in the middle: never sign this item again (decision 12)


class BadFrame(ValueError):
    """Too long, not CBOR, or not of the agreed shape: the connection is closed."""


class Request(NamedTuple):
    number: int
    operation: str
    argument: Any


def pack(content: object, longest: int = MAX_FRAME) -> bytes:
    body = cbor2.dumps(content)
    if len(body) > longest:
        raise BadFrame("frame too long")
    return _LENGTH.pack(len(body)) + body


def unpack(body: bytes) -> Any:
    """Exactly one CBOR item; BadFrame for anything else."""
    stream = io.BytesIO(body)
    try:
        content = cbor2.load(stream)
    except (
        cbor2.CBORDecodeError,
        ValueError,
        EOFError,
        RecursionError,
        OverflowError,
        MemoryError,
    ) as problem:
        raise BadFrame("not CBOR") from problem
    if stream.read(1):
        raise BadFrame("bytes behind the frame")
    return content


def request(body: bytes) -> Request:
    content = unpack(body)
    if not (isinstance(content, list) and len(content) == 3):
        raise BadFrame("not a request")
    number, operation, argument = content
    if not (isinstance(number, int) and isinstance(operation, str)):
        raise BadFrame("not a request")
    return Request(number, operation, argument)


class Inbox:
    """Bytes as they come in, frames as they are complete."""

    def __init__(self, longest: int = MAX_FRAME) -> None:
        self._longest = longest
        self._waiting = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are now complete; BadFrame as soon as one announces too much."""
        self._waiting += data
        frames = []
        while len(self._waiting) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._waiting)
            if length > self._longest:
                raise BadFrame("frame too long")
            end = _LENGTH.size + length
            if len(self._waiting) < end:
                break
            frames.append(bytes(self._waiting[_LENGTH.size : end]))
            del self._waiting[:end]
        return frames
