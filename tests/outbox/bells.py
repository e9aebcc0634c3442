"""A ringer that remembers, one that is away, and handlers that tests fill."""

from collections.abc import Callable

RUNG: list[tuple[int, str]] = []
HANDLERS: dict[str, Callable[[str], None]] = {}


def ring(job_id: int, queue: str) -> None:
    RUNG.append((job_id, queue))


def ring_at_nobody(job_id: int, queue: str) -> None:
    raise ConnectionError("the broker is away")
