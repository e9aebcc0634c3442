"""The leaves of signatures in the trees whose roots their ledger entries carry (decision 23).

An entry about one SAD says who signed in its own words, and `root` is the tree over its signatures. An entry about
several has `callers`: the tree over one `signer_leaf` for each SAD, which holds the root over that SAD's signatures.
So either way a signature hangs below the very credential, session and system that made it.
"""

from ledger import merkle


def leaf(item: bytes, digest: bytes) -> bytes:
    """SHA-256(0x00 || item's UUID (16 bytes) || digest).

    The UUID is random, so a neighbour's leaf in a proof tells nothing of the neighbour's document.
    """
    return merkle.leaf_hash(item + digest)


def signer_leaf(
    activation: bytes,
    credential: bytes,
    session: bytes,
    signatures: tuple[int, bytes],
    client_id: str,
    thumbprint: str,
    means: str,
) -> bytes:
    """SHA-256(0x00 || activation || credential || session (UUIDs, 16 bytes each) || number of signatures (4 bytes) ||
    root of their tree (32 bytes) || client's id || "," || thumbprint of the facility's certificate (hexadecimal, empty
    where there is none) || "," || means of the session).

    `signatures`: their number and their root. The activation's UUID is random, so a neighbour's leaf tells nothing.
    """
    count, root = signatures
    words = f"{client_id},{thumbprint},{means}".encode()
    return merkle.leaf_hash(activation + credential + session + count.to_bytes(4, "big") + root + words)
