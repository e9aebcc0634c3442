"""What the ledger keeps of an approval: which one, how many hashes; never what they are called."""

from ledger import log
from signing.activation import DIGEST_SIZES
from signing.models import Approval

_SIZES = {name: size for size, name in DIGEST_SIZES.items()}


def digests(approval: Approval) -> list[bytes]:
    """In the caller's order."""
    joined, size = bytes(approval.digests), _SIZES[approval.hash_algorithm]
    return [joined[at : at + size] for at in range(0, len(joined), size)]


def write(approval: Approval, kind: str, actor: log.Actor, **more: str) -> None:
    """The entry of a move, last in its transaction."""
    log.append(
        kind,
        actor=actor,
        subject=str(approval.credential.public_id),
        authority=approval.credential.authority,
        data={"approval": str(approval.public_id), "count": len(digests(approval)), **more},
    )
