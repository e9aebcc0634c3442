"""The chain of one shard (decision 23): each link covers its leaf and all links before it. SHA-256 throughout."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from json.encoder import encode_basestring as quoted
from typing import Any

from ledger import merkle
from ledger.canonical import canonical_json, timestamp

_LINK = b"\x02"  # RFC 6962 section 2.1 uses 0x00 for leaves and 0x01 for nodes; a link is neither
_GENESIS = b"\x03"


def genesis(shard: str) -> bytes:
    """The head of an empty shard; it differs per name, so that no chain can be passed off as another's."""
    return sha256(_GENESIS + shard.encode()).digest()


def link(head: bytes, leaf: bytes) -> bytes:
    """The next head: 32 bytes from the head so far and the leaf's hash (32 bytes each)."""
    return sha256(_LINK + head + leaf).digest()


def record(
    shard: str,
    number: int,
    at: datetime,
    kind: str,
    actor_kind: str,
    actor_id: str,
    subject: str,
    authority: str,
    data: Mapping[str, Any],
) -> dict[str, Any]:
    """What an entry's leaf covers, beside its salt."""
    return {
        "version": 1,
        "shard": shard,
        "number": number,
        "at": timestamp(at),
        "kind": kind,
        "actor": {"kind": actor_kind, "id": actor_id},
        "subject": subject,
        "authority": authority,
        "data": data,
    }


def leaf(salt: bytes, content: Mapping[str, Any]) -> bytes:
    """RFC 6962 leaf hash over salt and canonical record; the salt keeps a published neighbour unguessable."""
    return merkle.leaf_hash(salt + canonical_json(content))


def spelled(
    shard: str,
    number: int,
    at: str,
    kind: str,
    actor_kind: str,
    actor_id: str,
    subject: str,
    authority: str,
    data: str,
) -> bytes:
    """`canonical_json` of `record`, from the moment as `timestamp` and the data as `canonical_json` have spelled them.

    For who writes many: nothing is looked at twice. Raises ValueError for lone surrogates.
    """
    return (
        f'{{"actor":{{"id":{quoted(actor_id)},"kind":{quoted(actor_kind)}}},"at":"{at}",'
        f'"authority":{quoted(authority)},"data":{data},"kind":{quoted(kind)},"number":{number},'
        f'"shard":{quoted(shard)},"subject":{quoted(subject)},"version":1}}'
    ).encode()
