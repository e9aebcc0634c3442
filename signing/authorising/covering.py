"""The challenge that covers a set of hashes: who answers it has approved these, in this order, and no others.

Plain, so that an auditor can compute it again from the row of the approval.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

TAG = b"Inkan approval of hashes v1\x00"


class Covered(NamedTuple):
    """What is approved: by whom, with which credential, for which system. `nonce`: 32 random bytes of this approval."""

    nonce: bytes
    signer: UUID
    credential: UUID
    client: UUID
    hash_name: str  # sha256, sha384, sha512
    digests: Sequence[bytes]


def challenge(covered: Covered) -> bytes:
    """SHA-256 over tag, nonce, three UUIDs (16 bytes each), the hash's name (length, ASCII), the count, the digests.

    Lengths are fixed or written down and numbers are big-endian, so that no two sets give the same bytes.
    """
    name = covered.hash_name.encode("ascii")
    parts = [
        TAG,
        covered.nonce,
        covered.signer.bytes,
        covered.credential.bytes,
        covered.client.bytes,
        bytes([len(name)]),
        name,
        len(covered.digests).to_bytes(4, "big"),
        *covered.digests,
    ]
    return sha256(b"".join(parts)).digest()
