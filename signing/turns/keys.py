"""The signer process as the event loop speaks to it: one kept connection, one frame for all hashes of a turn.

What is certain is told as in `signing.signer.client`, whose words these are: SignerUnavailable, OutcomeUnknown,
Declined. Keys are opened once a day and remembered by handle (decision 17); after a reconnection all are opened anew.
"""

import asyncio
import itertools
import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from signing.signer import client
from signing.signer.wire import BadFrame, Inbox, pack, unpack
from signing.turns.calls import Asked, Reserved

logger = logging.getLogger(__name__)

NOT_OPEN = client.NotSigned("not_open")
_MOST_OPEN = 50_000  # handles remembered; the signer forgets what rests longest by itself
_FRAME = 1024  # items: a quarter of what the signer takes, and a quarter of a second


class _Protocol(asyncio.Protocol):
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.inbox = Inbox()
        self.reply: asyncio.Future[Any] | None = None
        self.transport: asyncio.Transport | None = None
        self.is_lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is no child of it

    def connection_lost(self, problem: Exception | None) -> None:
        self.is_lost = True
        self._end(client.OutcomeUnknown("the signer closed before its reply"))

    def data_received(self, data: bytes) -> None:
        try:
            for body in self.inbox.feed(data):
                if self.reply is not None and not self.reply.done():
                    self.reply.set_result(unpack(body))
        except BadFrame:
            self._end(client.OutcomeUnknown("a frame that is none"))

    async def ask(self, frame: bytes) -> Any:
        """The reply to a frame. Raises client.OutcomeUnknown, after client.SECONDS too."""
        assert self.transport is not None
        self.reply = self.loop.create_future()
        self.transport.write(frame)
        bell = self.loop.call_later(client.SECONDS, self._end, client.OutcomeUnknown("no reply in time"))
        try:
            return await self.reply
        finally:
            bell.cancel()

    def _end(self, problem: Exception) -> None:
        if self.reply is not None and not self.reply.done():
            self.reply.set_exception(problem)


class Keys:
    """Owned by one task: `sign` is not called twice at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers = itertools.count(1)
        self._line: _Protocol | None = None
        self._open: dict[int, tuple[bytes, datetime]] = {}

    def lacks(self, reserved: Reserved) -> bool:
        """Whether its wrapped key must be read and opened first."""
        kept = self._open.get(reserved.known.caller.credential)
        return kept is None or kept[1] < reserved.known.caller.session_expires_at

    def close(self) -> None:
        if self._line is not None and self._line.transport is not None:
            self._line.transport.close()
        self._line = None

    async def sign(self, calls: Sequence[Reserved], wrapped: dict[int, bytes]) -> list[Asked]:
        """The signer's word for every item. `wrapped`: the keys of those that `lacks` named. Never raises."""
        closed: dict[int, client.Result] = {}
        try:
            closed = await self._open_all([each for each in calls if self.lacks(each)], wrapped)
        except (client.SignerUnavailable, client.OutcomeUnknown, client.Declined) as problem:
            logger.error("no key was opened: %s", problem)
            self._open.clear()  # opening signs nothing, so nothing is uncertain
            return [Asked(each, [client.NotSigned("unavailable")] * len(each.items)) for each in calls]
        ready = [each for each in calls if each.known.caller.credential not in closed]
        words = iter(await self._sign_all(ready))
        told = []
        for each in calls:
            refused = closed.get(each.known.caller.credential)
            results = (
                [refused] * len(each.items) if refused else list(itertools.islice(words, len(each.items)))
            )
            told.append(Asked(each, results))
        return told

    def forget(self, credential: int) -> None:
        self._open.pop(credential, None)

    async def _open_all(
        self, calls: Sequence[Reserved], wrapped: dict[int, bytes]
    ) -> dict[int, client.Result]:
        wanted = {each.known.caller.credential: each.known.caller.session_expires_at for each in calls}
        if not wanted:
            return {}
        while self._open and len(self._open) + len(wanted) > _MOST_OPEN:
            self._open.pop(next(iter(self._open)))
        asked = [[wrapped.get(credential, b""), until.timestamp()] for credential, until in wanted.items()]
        closed: dict[int, client.Result] = {}
        answers = await self._call("open", asked)
        for (credential, until), (outcome, what) in zip(wanted.items(), answers, strict=True):
            if outcome == 1:
                self._open[credential] = (what[0], until)
            else:
                logger.error("a key was not opened: %s", what)
                closed[credential] = client.NotSigned("unavailable")
        return closed

    async def _sign_all(self, calls: Sequence[Reserved]) -> list[client.Result]:
        items = [
            [self._open[each.known.caller.credential][0], item.public_id, item.digest, each.algorithm.value]
            for each in calls
            for item in each.items
        ]
        results: list[client.Result] = []
        for start in range(0, len(items), _FRAME):
            frame = items[start : start + _FRAME]
            try:
                results += [_result(value) for value in await self._call("sign", frame)]
            except client.SignerUnavailable as problem:
                logger.error("nothing was signed: %s", problem)
                results += [client.NotSigned("unavailable")] * len(frame)
            except (client.OutcomeUnknown, client.Declined) as problem:
                logger.error("nobody knows what was signed: %s", problem)
                results += [client.Unknown("no_reply")] * len(frame)
        return results

    async def _call(self, operation: str, argument: object) -> Any:
        number = next(self._numbers)
        frame = pack([number, operation, argument])
        line = await self._connected()
        try:
            reply = await line.ask(frame)
            if not (isinstance(reply, list) and len(reply) == 3 and reply[0] == number):
                raise client.OutcomeUnknown("a reply to something else")
        except client.OutcomeUnknown:
            self.close()  # a late reply must not meet the next request
            raise
        if reply[1] is not True:
            raise client.Declined(str(reply[2]))
        return reply[2]

    async def _connected(self) -> _Protocol:
        if self._line is None or self._line.is_lost:
            self._open.clear()  # another process may answer now, which holds none of them
            try:
                async with asyncio.timeout(client.SECONDS):
                    loop = asyncio.get_running_loop()
                    _, self._line = await loop.create_unix_connection(
                        lambda: _Protocol(loop), str(self._path)
                    )
            except (OSError, TimeoutError) as problem:
                self._line = None
                raise client.SignerUnavailable(f"no signer at {self._path}") from problem
        return self._line


def _result(value: Any) -> client.Result:
    outcome, content = value
    if outcome == 1:
        return client.Signed(content)
    return client.NotSigned(content) if outcome == 0 else client.Unknown(content)


def not_open(asked: Asked) -> bool:
    """The signer was restarted and has forgotten the handle: nothing of this call was signed."""
    return bool(asked.results) and all(result == NOT_OPEN for result in asked.results)
