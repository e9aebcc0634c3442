"""The hot path's exchanges: one with the database (`Line.run`), one with the signer (a frame and its reply).

`watch` puts a block of the caller's around each; `Cut` ends the connection at one of them.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeAlias

from signing.signer import client
from signing.turns.keys import _Protocol
from signing.turns.line import Answer, Line, Lost, Step
from tests.support.killing import AFTER, BEFORE

Words: TypeAlias = list[bytes]
"""The names of the statements of an exchange; none for a frame."""
Around: TypeAlias = Callable[[Line | _Protocol, Words], AbstractContextManager[None]]


def watch(patch: Callable[[object, str, Any], None], around: Around) -> None:
    """`patch`: `setattr`, or a MonkeyPatch's, which takes it back."""
    run, ask = Line.run, _Protocol.ask

    async def watched_run(line: Line, steps: Sequence[Step]) -> list[Answer]:
        with around(line, [name for name, _ in steps]):
            return await run(line, steps)

    async def watched_ask(line: _Protocol, frame: bytes) -> Any:
        with around(line, []):
            return await ask(line, frame)

    patch(Line, "run", watched_run)
    patch(_Protocol, "ask", watched_ask)


class Cut:
    """The connection ends once: before the exchange is sent, or when the other side has done it and not said so.

    At the exchange with this number (from 1; 0: never), or at the first that has this statement.
    """

    def __init__(
        self,
        patch: Callable[[object, str, Any], None],
        number: int = 0,
        when: str = AFTER,
        *,
        word: bytes = b"",
    ) -> None:
        self._number, self._when, self._word = number, when, word
        self.count, self.is_done = 0, False
        watch(patch, self._around)

    @contextmanager
    def _around(self, line: Line | _Protocol, words: Words) -> Iterator[None]:
        self.count += 1
        is_here = not self.is_done and (self.count == self._number or self._word in words)
        self.is_done = self.is_done or is_here
        if is_here and self._when == BEFORE:
            _close(line)
        yield
        if is_here and self._when == AFTER:
            _close(line)
            raise Lost("cut") if isinstance(line, Line) else client.OutcomeUnknown("cut")


def _close(line: Line | _Protocol) -> None:
    if isinstance(line, Line):
        line.close()
    else:
        assert line.transport is not None
        line.transport.close()
