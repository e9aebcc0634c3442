"""ISO/IEC 7816-4 commands and answers as bytes: the four cases, short and extended (section 5.1)."""

from enum import IntEnum
from typing import NamedTuple

SHORT_LE = 256
EXTENDED_LE = 65_536


class Status(IntEnum):
    """The status words that the cards here give; `63Cn` (n tries left) is made by `tries_status`."""

    OK = 0x9000
    WRONG_LENGTH = 0x6700
    NOT_VERIFIED = 0x6982
    LOCKED = 0x6984
    LOCKED_ISO = 0x6983  # what ISO 7816-4 says; clients of real cards report 6984 (virtual-card.md, traps)
    CONDITIONS = 0x6985
    NO_CURRENT_EF = 0x6986
    WRONG_DATA = 0x6A80
    NOT_FOUND = 0x6A82
    RECORD_NOT_FOUND = 0x6A83
    WRONG_P1_P2 = 0x6A86
    OFFSET_OUTSIDE = 0x6B00
    INS_UNKNOWN = 0x6D00
    CLA_UNKNOWN = 0x6E00


class ApduError(ValueError):
    """The bytes are no command, or no answer, of ISO 7816-4."""


class Command(NamedTuple):
    """One command; `le` is the greatest length of the answer, None where none is expected."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None


class Answer(NamedTuple):
    """One answer: data and status word."""

    data: bytes
    status: int


def encode(command: Command) -> bytes:
    """The shortest form of the command; raises ApduError where a part does not fit."""
    cla, ins, p1, p2, data, le = command
    if len(data) > 0xFFFF or (le is not None and not 1 <= le <= EXTENDED_LE):
        raise ApduError("data or expected length does not fit")
    try:
        header = bytes((cla, ins, p1, p2))
    except ValueError:
        raise ApduError("header does not fit") from None
    if len(data) <= 0xFF and (le is None or le <= SHORT_LE):
        length = bytes((len(data),)) if data else b""
        return header + length + data + (bytes((le % SHORT_LE,)) if le else b"")
    length = b"\x00" + len(data).to_bytes(2, "big") if data else b""
    if le is None:
        return header + length + data
    return header + (length or b"\x00") + data + (le % EXTENDED_LE).to_bytes(2, "big")


def parse(raw: bytes) -> Command:
    """Read a command in any of the four cases; raises ApduError."""
    if len(raw) < 4:
        raise ApduError("shorter than a header")
    cla, ins, p1, p2 = raw[:4]
    body = raw[4:]
    if body[:1] == b"\x00" and len(body) > 1:
        data, tail = _extended(body)
    else:
        data, tail = _short(body)
    return Command(cla, ins, p1, p2, data, tail)


def _short(body: bytes) -> tuple[bytes, int | None]:
    if not body:
        return b"", None
    if len(body) == 1:
        return b"", body[0] or SHORT_LE
    size, rest = body[0], body[1:]
    if len(rest) == size:
        return rest, None
    if len(rest) == size + 1:
        return rest[:size], rest[size] or SHORT_LE
    raise ApduError("Lc does not fit")


def _extended(body: bytes) -> tuple[bytes, int | None]:
    if len(body) == 3:
        return b"", int.from_bytes(body[1:], "big") or EXTENDED_LE
    size, rest = int.from_bytes(body[1:3], "big"), body[3:]
    if size and len(rest) == size:
        return rest, None
    if size and len(rest) == size + 2:
        return rest[:size], int.from_bytes(rest[size:], "big") or EXTENDED_LE
    raise ApduError("extended Lc does not fit")


def answer(status: int, data: bytes = b"") -> bytes:
    """The bytes of an answer."""
    return data + status.to_bytes(2, "big")


def parse_answer(raw: bytes) -> Answer:
    """Take an answer apart; raises ApduError where the status word is missing."""
    if len(raw) < 2:
        raise ApduError("an answer without a status word")
    return Answer(raw[:-2], int.from_bytes(raw[-2:], "big"))


def tries_status(tries: int) -> int:
    """`63Cn`: n tries left (7816-4 section 5.1.3)."""
    return 0x63C0 | min(tries, 0xF)


def tries_of(status: int) -> int | None:
    """The tries left that a status word tells, or None."""
    return status & 0xF if status & 0xFFF0 == 0x63C0 else None
