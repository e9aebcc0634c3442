"""The proof of one signature: from its digest to the day's signed root (issue 5 point 6; ledger/verify_proof.py).

It holds the signature's own leaf, who made it, hashes of neighbours, and the ledger's entry. A neighbour's leaf covers
a random UUID, so nothing of another signer can be read or guessed from it.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db.models import QuerySet

from ledger import inclusion, merkle
from ledger.models import Entry
from signing.errors import Refused
from signing.models import Activation, SignatureRecord
from signing.records.leaves import leaf, signer_leaf

ONE, SEVERAL = "inkan-signature-proof/1", "inkan-signature-proof/2"  # SADs that the entry is about
_NEAR = 20_000  # rows of one entry are inserted together: their keys lie close


class Path(NamedTuple):
    """The way from the leaf at `place` to the root over `size` leaves (RFC 6962 section 2.1.1)."""

    place: int
    size: int
    hashes: list[bytes]

    def told(self) -> dict[str, Any]:
        return {"index": self.place, "size": self.size, "path": _hex(self.hashes)}


class _Signed(NamedTuple):
    """A signature below an entry; `activation` is a row id."""

    place: int
    activation: int
    leaf: bytes


def proof(record: SignatureRecord) -> dict[str, Any]:
    """What the signer takes away, for `ledger/verify_proof.py`.

    Raises Refused: proof_not_yet (no root covers it until the next midnight), proof_broken (`audit verify` tells more).
    """
    entry = Entry.objects.filter(shard=record.log_shard, number=record.log_number).first()
    if entry is None:
        raise Refused("proof_broken")
    if inclusion.covering(entry.shard, entry.number, entry.at) is None:
        raise Refused("proof_not_yet")
    below = _below(record, entry.data)
    try:
        found = inclusion.prove(entry)
    except inclusion.NotProven:
        raise Refused("proof_broken") from None
    day = Path(found.place, found.root.size, found.path)
    return {
        "signature": {"id": str(record.item.public_id), "digest": bytes(record.digest).hex()},
        **below,
        "entry": {"record": entry.record(), "salt": bytes(entry.salt).hex()},
        "day": {"date": found.root.day.isoformat(), **day.told()},
    }


def _below(record: SignatureRecord, data: dict[str, Any]) -> dict[str, Any]:
    """From the signature to what its entry says; raises Refused("proof_broken") where the rows do not lead there."""
    rows = SignatureRecord.objects.filter(log_shard=record.log_shard, log_number=record.log_number)
    near = rows.filter(pk__gt=record.pk - _NEAR, pk__lt=record.pk + _NEAR)
    for found in (near, rows):  # the root itself tells whether the near ones are all; no index is needed
        signed = _signed(found)
        mine = next((each for each in signed if each.place == record.place), None)
        way = (_of_several if "callers" in data else _of_one)(mine, signed, data) if mine else None
        if way is not None:
            return way
    raise Refused("proof_broken")


def _of_one(mine: _Signed, signed: Sequence[_Signed], data: dict[str, Any]) -> dict[str, Any] | None:
    if merkle.root([each.leaf for each in signed]).hex() != data.get("root"):
        return None
    return {"format": ONE, "call": _path(mine, signed).told()}


def _of_several(mine: _Signed, signed: Sequence[_Signed], data: dict[str, Any]) -> dict[str, Any] | None:
    """As `turns.entries.signed` has put them together: by SAD, in the order of their first places."""
    groups: dict[int, list[_Signed]] = {}
    for each in signed:
        groups.setdefault(each.activation, []).append(each)
    signers = _signers(groups)
    if signers.keys() != groups.keys():
        return None
    leaves = [
        signers[key].leaf(len(group), merkle.root([each.leaf for each in group]))
        for key, group in groups.items()
    ]
    if merkle.root(leaves).hex() != data["callers"]:
        return None
    index = list(groups).index(mine.activation)
    return {
        "format": SEVERAL,
        "call": _path(mine, groups[mine.activation]).told(),
        "signer": signers[mine.activation].told(),
        "signers": Path(index, len(leaves), merkle.inclusion_proof(leaves, index)).told(),
    }


class _Signer(NamedTuple):
    """Who made the signatures under a SAD."""

    row: Activation

    def leaf(self, count: int, root: bytes) -> bytes:
        row = self.row
        return signer_leaf(
            row.public_id.bytes,
            row.credential.public_id.bytes,
            row.session.public_id.bytes,
            (count, root),
            row.client.client_id,
            self.thumbprint,
            row.session.means,
        )

    def told(self) -> dict[str, str]:
        return {
            "activation": str(self.row.public_id),
            "credential": str(self.row.credential.public_id),
            "session": str(self.row.session.public_id),
            "client": self.row.client.client_id,
            "certificate": self.thumbprint,
            "means": self.row.session.means,
        }

    @property
    def thumbprint(self) -> str:
        return bytes(self.row.certificate.thumbprint).hex() if self.row.certificate else ""


def _signers(activations: Iterable[int]) -> dict[int, _Signer]:
    rows = Activation.objects.select_related("credential", "session", "client", "certificate")
    return {row.pk: _Signer(row) for row in rows.filter(pk__in=list(activations))}


def _signed(rows: QuerySet[SignatureRecord]) -> list[_Signed]:
    found = rows.order_by("place").values_list("place", "item__activation", "item__public_id", "digest")
    return [_Signed(place, owner, leaf(one.bytes, bytes(digest))) for place, owner, one, digest in found]


def _path(mine: _Signed, among: Sequence[_Signed]) -> Path:
    index = among.index(mine)
    return Path(index, len(among), merkle.inclusion_proof([each.leaf for each in among], index))


def _hex(hashes: Iterable[bytes]) -> list[str]:
    return [each.hex() for each in hashes]
