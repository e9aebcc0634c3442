"""Public ids in the order of time (RFC 9562 section 5.7, UUIDv7): they meet in the last page of their index. Plain.

74 bits of each are random, so that none can be guessed from another; the time in it stands beside it in its row.
"""

import secrets
from datetime import datetime
from uuid import UUID

_RANDOM = 10
_SHARD = "hot-"


def in_order(count: int, at: datetime) -> list[bytes]:
    """So many of 16 octets each; those of one millisecond stand in no order among themselves."""
    head = int(at.timestamp() * 1000).to_bytes(6, "big")
    random = secrets.token_bytes(count * _RANDOM)
    made = []
    for start in range(0, count * _RANDOM, _RANDOM):
        high, low = 0x70 | random[start] & 0x0F, 0x80 | random[start + 2] & 0x3F
        rest = random[start + 3 : start + _RANDOM]
        made.append(head + bytes((high, random[start + 1], low)) + rest)
    return made


def shard(number: int) -> str:
    """The chain of the ledger that the process of this number writes, 1 to 4095."""
    return f"{_SHARD}{number}"


def in_shard(name: str, count: int, at: datetime) -> list[bytes]:
    """As `in_order`, telling which chain says of them: its number stands for 12 of the random bits (RFC 9562, 6.4)."""
    number = (0x7000 | int(name.removeprefix(_SHARD))).to_bytes(2, "big")
    return [made[:6] + number + made[8:] for made in in_order(count, at)]


def shard_of(made: UUID) -> str:
    """The shard that `in_shard` was given; "" for an id that was made otherwise."""
    return shard(made.int >> 64 & 0xFFF) if made.version == 7 else ""
