"""The chain of one shard (decision 23): each link covers its leaf and all links before it. SHA-256 throughout."""

from hashlib import sha256

_LINK = b"\x02"  # RFC 6962 section 2.1 uses 0x00 for leaves and 0x01 for nodes; a link is neither
_GENESIS = b"\x03"


def genesis(shard: str) -> bytes:
    """The head of an empty shard; it differs per name, so that no chain can be passed off as another's."""
    return sha256(_GENESIS + shard.encode()).digest()


def link(head: bytes, leaf: bytes) -> bytes:
    """The next head: 32 bytes from the head so far and the leaf's hash (32 bytes each)."""
    return sha256(_LINK + head + leaf).digest()
