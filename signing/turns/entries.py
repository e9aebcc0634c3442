"""What a turn tells the ledger: an entry for all SADs of the turn, one for all signatures, and refusals, bounded.

Each for one authority, so that its auditors find what is theirs.

An entry of one SAD says what `activation` and `signatures` write. An entry of several says what they have in common;
who asked for what stands in their rows, and `callers` binds those rows: the root of an RFC 6962 tree with one leaf for
each SAD, in the order of their first places (signatures: `leaves.signer_leaf`) or of their public ids (SADs:
`caller_leaf`).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar
from uuid import UUID

from ledger import merkle
from ledger.log import Actor
from ledger.together import Draft
from signing.records.leaves import leaf, signer_leaf
from signing.turns.calls import Call, Item, Known, Reserved

T = TypeVar("T")
MANY = "many"
_EVERYBODY = Actor("system", "signing")
_PAUSE = 60.0  # seconds between two entries of the same refusal of the same caller
_MOST = 10_000  # callers' refusals remembered
_MOST_AT_ONCE = 32  # entries of refusals in one turn


class Authorised:
    """A call that got its SAD."""

    __slots__ = ("activation", "algorithm", "call", "count", "known")

    def __init__(self, call: Call, known: Known, activation: bytes, count: int, algorithm: str) -> None:
        self.call, self.known, self.activation = call, known, activation
        self.count, self.algorithm = count, algorithm


def by_authority(calls: Iterable[T], authority: Callable[[T], str]) -> list[list[T]]:
    """Lists of one authority each, in the order of their first calls."""
    found: dict[str, list[T]] = {}
    for each in calls:
        found.setdefault(authority(each), []).append(each)
    return list(found.values())


def caller_leaf(
    activation: bytes, credential: bytes, session: bytes, client_id: str, thumbprint: str, count: int
) -> bytes:
    """SHA-256(0x00 || activation || credential || session (UUIDs, 16 bytes each) || count (4 bytes) || client's id ||
    "," || thumbprint of the facility's certificate (hexadecimal, empty where there is none)).
    """
    text = f"{client_id},{thumbprint}".encode()
    return merkle.leaf_hash(activation + credential + session + count.to_bytes(4, "big") + text)


def authorised(made: Sequence[Authorised]) -> Draft:
    """`signing.authorised`"""
    total = sum(each.count for each in made)
    if len(made) == 1:
        only = made[0]
        return _of_one(
            "signing.authorised",
            only.known,
            {
                "activation": str(UUID(bytes=only.activation)),
                "count": total,
                "algorithm": only.algorithm,
                "certificate": only.known.caller.thumbprint,
            },
        )
    leaves = [
        _leaf(each.known, each.activation, each.count)
        for each in sorted(made, key=lambda one: one.activation)
    ]
    return _of_many("signing.authorised", [each.known for each in made], leaves, {"count": total})


def signed(calls: Sequence[tuple[Reserved, list[Item]]]) -> Draft:
    """`signing.signed`: each call with those of its items that were signed, in the order of their places."""
    found: dict[bytes, tuple[Reserved, list[bytes]]] = {}
    for reserved, items in calls:
        leaves = found.setdefault(reserved.activation, (reserved, []))[1]
        leaves.extend(leaf(item.public_id, item.digest) for item in items)
    if len(found) == 1:
        ((reserved, leaves),) = found.values()
        return _of_one(
            "signing.signed",
            reserved.known,
            {
                "activation": str(UUID(bytes=reserved.activation)),
                "session": str(UUID(bytes=reserved.known.session_id)),
                "means": reserved.known.means,
                "certificate": reserved.known.caller.thumbprint,
                "algorithm": reserved.algorithm.value,
                "count": len(leaves),
                "root": merkle.root(leaves).hex(),
            },
        )
    callers = [_signer_leaf(reserved, leaves) for reserved, leaves in found.values()]
    count = sum(len(leaves) for _, leaves in found.values())
    known = [reserved.known for reserved, _ in found.values()]
    return _of_many("signing.signed", known, callers, {"count": count})


def _signer_leaf(reserved: Reserved, leaves: list[bytes]) -> bytes:
    known = reserved.known
    return signer_leaf(
        reserved.activation,
        known.credential_octets,
        known.session_id,
        (len(leaves), merkle.root(leaves)),
        known.caller.client_id,
        known.caller.thumbprint,
        known.means,
    )


def _leaf(known: Known, activation: bytes, count: int) -> bytes:
    caller = known.caller
    return caller_leaf(
        activation,
        known.credential_octets,
        known.session_id,
        caller.client_id,
        caller.thumbprint,
        count,
    )


def _of_one(kind: str, known: Known, data: dict[str, str | int | bool | None]) -> Draft:
    actor = Actor("caller", known.caller.client_id)
    return Draft(kind, actor, str(known.credential_id), known.authority, data)


def _of_many(
    kind: str, known: list[Known], callers: list[bytes], data: dict[str, str | int | bool | None]
) -> Draft:
    clients = {each.caller.client_id for each in known}
    subjects = {each.credential_id for each in known}
    return Draft(
        kind,
        Actor("caller", clients.pop()) if len(clients) == 1 else _EVERYBODY,
        str(subjects.pop()) if len(subjects) == 1 else MANY,
        known[0].authority,
        {"sads": len(callers), "callers": merkle.root(callers).hex(), **data},
    )


class Refusals:
    """The first refusal of a kind to a caller is written at once, then at most one entry a minute with their number."""

    def __init__(self) -> None:
        self._kept: dict[
            tuple[str, UUID, str, str, str], list[float]
        ] = {}  # -> [when written, how many since]

    def note(self, call: Call, code: str) -> None:
        if call.known is None:
            return
        about = (
            call.known.caller.client_id,
            call.known.credential_id,
            call.known.authority,
            call.method,
            code,
        )
        if about not in self._kept and len(self._kept) >= _MOST:
            self._kept = {key: kept for key, kept in self._kept.items() if kept[1]}
        self._kept.setdefault(about, [-_PAUSE, 0])[1] += 1

    def due(self, now: float) -> list[Draft]:
        """Entries for what is to be written now; `written` says that they are committed."""
        drafts: list[Draft] = []
        for (client, credential, authority, method, code), (at, count) in self._kept.items():
            if count and now - at >= _PAUSE and len(drafts) < _MOST_AT_ONCE:
                data: dict[str, str | int | bool | None] = {"method": method, "code": code}
                if count > 1:
                    data["count"] = int(count)
                drafts.append(
                    Draft("signing.refused", Actor("caller", client), str(credential), authority, data)
                )
        return drafts

    def written(self, drafts: Sequence[Draft], now: float) -> None:
        for draft in drafts:
            method, code = str(draft.data["method"]), str(draft.data["code"])
            about = (draft.actor.id, UUID(draft.subject), draft.authority, method, code)
            kept = self._kept.get(about)
            if kept is not None:
                count = draft.data.get("count") or 1
                assert isinstance(count, int)
                kept[0], kept[1] = now, kept[1] - count
