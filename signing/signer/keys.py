"""What a role asks of its key store, many signatures at once: in this process (`Here`) or in a child (module.py)."""

import logging
from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeAlias

from signing.keystore import Algorithm, Handle, KeyKind, KeyStore, NewKey, NotSigned, OpenKey

log = logging.getLogger(__name__)

Result: TypeAlias = bytes | Exception
"""A signature; NotSigned where surely none was made; any other exception where nobody knows (decision 12)."""


class Order(NamedTuple):
    handle: Handle
    digest: bytes
    algorithm: Algorithm


class Keys(Protocol):
    """Owned by one thread. `generate`, `open` and `resident` raise as a KeyStore does, when there is none too."""

    generation: int
    """Grows when the store was lost: handles of an earlier one are dead."""
    rest: float | None
    """Seconds after which `tend` wants to be called again; None: never."""
    may_fork: bool
    """Whether a forked child of this process can `generate`."""

    def generate(self, kind: KeyKind) -> NewKey: ...

    def open(self, wrapped: bytes) -> OpenKey: ...

    def close(self, handle: Handle) -> None: ...

    def resident(self, name: str) -> OpenKey: ...

    def sign_many(self, orders: Sequence[Order]) -> list[Result]:
        """One result for each, in the same order; raises nothing."""
        ...

    @property
    def is_there(self) -> bool:
        """Whether it could be asked now."""
        ...

    def tend(self) -> None:
        """Whatever is to be done between two turns; returns at once."""
        ...

    def end(self) -> None: ...


class Here:
    """A store in this process: nothing lies between, so a hanging store hangs the process."""

    generation = 0
    rest: float | None = None
    may_fork = True
    is_there = True

    def __init__(self, store: KeyStore) -> None:
        self._store = store

    def generate(self, kind: KeyKind) -> NewKey:
        return self._store.generate(kind)

    def open(self, wrapped: bytes) -> OpenKey:
        return self._store.open(wrapped)

    def close(self, handle: Handle) -> None:
        self._store.close(handle)

    def resident(self, name: str) -> OpenKey:
        return self._store.resident(name)

    def sign_many(self, orders: Sequence[Order]) -> list[Result]:
        results: list[Result] = []
        for handle, digest, algorithm in orders:
            try:
                results.append(self._store.sign(handle, digest, algorithm))
            except NotSigned as refusal:
                results.append(refusal)
            except Exception as problem:
                log.exception("the key store failed while signing")
                results.append(problem)
        return results

    def tend(self) -> None:
        """Nothing to do."""

    def end(self) -> None:
        """Nothing to free."""


def sign_one(keys: Keys, order: Order) -> bytes:
    """Raises what `sign_many` would have given."""
    (result,) = keys.sign_many([order])
    if isinstance(result, Exception):
        raise result
    return result
