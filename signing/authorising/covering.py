"""The challenge that covers a set of hashes: who answers it has approved these, in this order, and no others.

Plain, so that an auditor can compute it again from the row of the approval.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

TAG = b"Inkan approval of hashes v2\x00"
NO_CERTIFICATE = bytes(32)


class Covered(NamedTuple):
    """What is approved: by whom, with which credential, for which system, over which facility's certificate.

    `nonce`: 32 random bytes of this approval. `certificate`: SHA-256 of its DER, NO_CERTIFICATE where there is none.
    `description` and `labels`: what the system said of the documents and the person was shown, as it said it.
    """

    nonce: bytes
    signer: UUID
    credential: UUID
    client: UUID
    certificate: bytes
    description: bytes
    labels: Sequence[str]
    hash_name: str  # sha256, sha384, sha512
    digests: Sequence[bytes]


def challenge(covered: Covered) -> bytes:
    """SHA-256 over tag, nonce, three UUIDs (16 bytes each), certificate (32 bytes), description (length and bytes),
    labels (count, each with its length, UTF-8), the hash's name (length, ASCII), the count, the digests.

    Lengths are fixed or written down (4 bytes, the name's 1) and numbers are big-endian, so that no two sets give the
    same bytes.
    """
    name = covered.hash_name.encode("ascii")
    parts = [
        TAG,
        covered.nonce,
        covered.signer.bytes,
        covered.credential.bytes,
        covered.client.bytes,
        covered.certificate,
        *_measured(covered.description),
        _number(len(covered.labels)),
        *(part for label in covered.labels for part in _measured(label.encode())),
        bytes([len(name)]),
        name,
        _number(len(covered.digests)),
        *covered.digests,
    ]
    return sha256(b"".join(parts)).digest()


def _measured(value: bytes) -> tuple[bytes, bytes]:
    return _number(len(value)), value


def _number(value: int) -> bytes:
    return value.to_bytes(4, "big")
