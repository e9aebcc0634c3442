"""The leaf of one signature in the tree whose root its ledger entry carries (decision 23)."""

from ledger import merkle


def leaf(item: bytes, digest: bytes) -> bytes:
    """SHA-256(0x00 || item's UUID (16 bytes) || digest).

    The UUID is random, so a neighbour's leaf in a proof tells nothing of the neighbour's document.
    """
    return merkle.leaf_hash(item + digest)
