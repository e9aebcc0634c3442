"""The proof of one signature: from its digest to the day's signed root (issue 5 point 6; ledger/verify_proof.py).

It holds the signature's own leaf, hashes of neighbours, and the entry of its call. A neighbour's leaf covers a random
UUID, so nothing of another signer can be read or guessed from it.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from ledger import inclusion, merkle
from ledger.models import Entry
from signing.errors import Refused
from signing.models import SignatureRecord
from signing.records.leaves import leaf

FORMAT = "inkan-signature-proof/1"
_NEAR = 20_000  # rows of one entry are inserted together: their keys lie close


class Path(NamedTuple):
    """The way from the leaf at `place` to the root over `size` leaves (RFC 6962 section 2.1.1)."""

    place: int
    size: int
    hashes: list[bytes]


def path(record: SignatureRecord, root: bytes) -> Path:
    """The way to the root that the record's ledger entry carries: over all records of that entry, by place.

    Raises Refused("proof_broken") where they do not lead there.
    """
    rows = SignatureRecord.objects.filter(log_shard=record.log_shard, log_number=record.log_number)
    near = rows.filter(pk__gt=record.pk - _NEAR, pk__lt=record.pk + _NEAR)
    for found in (near, rows):  # the root itself tells whether the near ones are all; no index is needed
        places, leaves = _leaves(found)
        if merkle.root(leaves) == root and record.place in places:
            index = places.index(record.place)
            return Path(index, len(leaves), merkle.inclusion_proof(leaves, index))
    raise Refused("proof_broken")


def proof(record: SignatureRecord) -> dict[str, Any]:
    """What the signer takes away, for `ledger/verify_proof.py`.

    Raises Refused: proof_not_yet (no root covers it until the next midnight), proof_broken (`audit verify` tells more).
    """
    entry = Entry.objects.filter(shard=record.log_shard, number=record.log_number).first()
    if entry is None:
        raise Refused("proof_broken")
    if inclusion.covering(entry.shard, entry.number, entry.at) is None:
        raise Refused("proof_not_yet")
    call = path(record, _octets(entry.data.get("root")))
    try:
        found = inclusion.prove(entry)
    except inclusion.NotProven:
        raise Refused("proof_broken") from None
    return {
        "format": FORMAT,
        "signature": {"id": str(record.item.public_id), "digest": bytes(record.digest).hex()},
        "call": {"index": call.place, "size": call.size, "path": _hex(call.hashes)},
        "entry": {"record": entry.record(), "salt": bytes(entry.salt).hex()},
        "day": {
            "date": found.root.day.isoformat(),
            "index": found.place,
            "size": found.root.size,
            "path": _hex(found.path),
        },
    }


def _leaves(rows: Any) -> tuple[list[int], list[bytes]]:
    found = list(rows.order_by("place").values_list("place", "item__public_id", "digest"))
    return [place for place, _id, _digest in found], [
        leaf(one.bytes, bytes(digest)) for _, one, digest in found
    ]


def _hex(hashes: Iterable[bytes]) -> list[str]:
    return [each.hex() for each in hashes]


def _octets(text: Any) -> bytes:
    try:
        return bytes.fromhex(text)
    except (TypeError, ValueError):
        raise Refused("proof_broken") from None
