"""PostgreSQL's binary form of the few types that a turn sends and reads: no text, no adaptation per value. Plain.

Source: PostgreSQL 15, src/backend/utils/adt: array_recv, int8recv, uuid_recv, timestamptz_recv, jsonb_recv.
"""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_INT8, _INT4, _BYTEA, _TEXT, _UUID, _TIMESTAMPTZ = 20, 23, 17, 25, 2950, 1184
_HEAD = struct.Struct("!iiiii")  # dimensions, has nulls, type, length, lower bound
_LENGTH = struct.Struct("!i")
_LONG = struct.Struct("!q")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
TRUE = b"\x01"
_NULL = b"\xff\xff\xff\xff"
_counted = bytearray()  # elements 0, 1, 2, ... of int[], as far as they were wanted


def _array(kind: int, count: int, content: bytes, *, nulls: bool = False) -> bytes:
    if not count:
        return _HEAD.pack(0, 0, kind, 0, 1)[:12]
    return _HEAD.pack(1, nulls, kind, count, 1) + content


@lru_cache(maxsize=4096)
def _packer(each: str, count: int) -> struct.Struct:
    return struct.Struct("!" + each * count)


def int8s(values: Sequence[int]) -> bytes:
    """bigint[]"""
    each = [part for value in values for part in (8, value)]
    return _array(_INT8, len(values), _packer("iq", len(values)).pack(*each))


def int4s(values: Sequence[int]) -> bytes:
    """int[]"""
    each = [part for value in values for part in (4, value)]
    return _array(_INT4, len(values), _packer("ii", len(values)).pack(*each))


def sent_int8s(values: Sequence[bytes]) -> bytes:
    """bigint[], of values as PostgreSQL sent them (8 octets each)."""
    return _array(_INT8, len(values), _joined(values, 8))


def numbers(counts: Sequence[int]) -> bytes:
    """int[]: 1 as often as the first says, 2 as often as the second, and so on."""
    parts = [b"\x00\x00\x00\x04%b" % number.to_bytes(4) * count for number, count in enumerate(counts, 1)]
    return _array(_INT4, sum(counts), b"".join(parts))


def places(counts: Sequence[int]) -> bytes:
    """int[]: for each count the numbers from 0 up to it."""
    while max(counts, default=0) * 8 > len(_counted):
        _counted.extend(b"\x00\x00\x00\x04" + (len(_counted) // 8).to_bytes(4))
    parts = [bytes(_counted[: 8 * count]) for count in counts]
    return _array(_INT4, sum(counts), b"".join(parts))


def _joined(values: Sequence[bytes], size: int) -> bytes:
    head = size.to_bytes(4)
    return head + head.join(values) if values else b""


def octets(values: Sequence[bytes]) -> bytes:
    """bytea[] of values of one length, as digests of one algorithm are; of several lengths as well, more slowly."""
    sizes = {*map(len, values)}
    if len(sizes) != 1:
        return byteas(values)
    return _array(_BYTEA, len(values), _joined(values, sizes.pop()))


def byteas(values: Sequence[bytes | None]) -> bytes:
    """bytea[]; None is NULL."""
    parts = [_NULL if value is None else _LENGTH.pack(len(value)) + value for value in values]
    return _array(_BYTEA, len(values), b"".join(parts), nulls=None in values)


def texts(values: Sequence[str]) -> bytes:
    """text[]"""
    each = [value.encode() for value in values]
    return _array(_TEXT, len(values), b"".join(_LENGTH.pack(len(value)) + value for value in each))


def uuids(values: Sequence[bytes]) -> bytes:
    """uuid[], of 16 octets each."""
    return _array(_UUID, len(values), _joined(values, 16))


def moments(values: Sequence[datetime]) -> bytes:
    """timestamptz[]"""
    return _array(_TIMESTAMPTZ, len(values), b"".join(b"\x00\x00\x00\x08" + moment(at) for at in values))


def moment(at: datetime) -> bytes:
    """timestamptz"""
    return _LONG.pack((at - _EPOCH) // _MICROSECOND)


def read_moment(value: bytes) -> datetime:
    return _EPOCH + timedelta(microseconds=_LONG.unpack(value)[0])


def read_int(value: bytes) -> int:
    return int.from_bytes(value, "big", signed=True)
