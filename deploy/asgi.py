"""The router of decision 9: one port, two servers behind it.

The signing hot path is a raw ASGI application; everything else goes, with its body already read and measured, to
Django's WSGI on a pool of threads. Django itself never runs under ASGI. In production nginx does the same split
and Django runs under a WSGI server.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from math import inf
from typing import Any, cast
from urllib.parse import quote

from a2wsgi import WSGIMiddleware

from deploy.wsgi import application as django
from signing.api import hot

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

log = logging.getLogger("inkan.router")

HOT_PATHS = frozenset(hot.PATHS)
BODY_LIMIT = 6 * 1024 * 1024
# a too large upload is read to its end up to here, so that the browser shows our answer and not a broken line
DRAIN_LIMIT = 10 * BODY_LIMIT
# A body has BODY_SECONDS, and each byte of it earns more: a picture of 4 MB passes on a line of 57 kbit/s, while
# a sender that only drips is ended as soon as before. A pause or the whole is never longer than the other two.
BODY_SECONDS = 60.0
SLOWEST = 7168  # bytes a second
IDLE_SECONDS = 20.0
WHOLE_SECONDS = 600.0
THREADS = 8
PRINTABLE = bytes(range(0x21, 0x7F))
REFUSALS = {
    408: "The request did not arrive in time.",
    413: "The request is too large.",
    500: "The request could not be carried out.",
}
# scope key by which the last middleware learns that this request was refused before its view
REFUSED = "inkan.refused"


class BodyRefused(Exception):
    """The body is too large (413) or too slow (408)."""

    def __init__(self, status: int) -> None:
        self.status = status


class Gone(Exception):
    """The client hung up before its request was complete."""


async def _whole_body(receive: Receive, slowest: float) -> bytes:
    """The request's body, at most BODY_LIMIT bytes. Raises BodyRefused, Gone.

    It has BODY_SECONDS and a second more for every `slowest` bytes that have come; inf: no more.
    """
    parts: list[bytes] = []
    size = 0
    clock = asyncio.get_running_loop().time
    begun = clock()
    while True:
        left = begun + min(BODY_SECONDS + size / slowest, WHOLE_SECONDS) - clock()
        try:
            async with asyncio.timeout(min(left, IDLE_SECONDS)):
                message = await receive()
        except TimeoutError:
            raise BodyRefused(408) from None
        if message["type"] == "http.disconnect":
            raise Gone
        part = message.get("body", b"")
        size += len(part)
        if size <= BODY_LIMIT:
            parts.append(part)
        if size > DRAIN_LIMIT or not message.get("more_body", False):
            break
    if size > BODY_LIMIT:
        raise BodyRefused(413)
    return b"".join(parts)


def _replayed(body: bytes) -> Receive:
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    return receive


def _measured(scope: Scope, body: bytes) -> Scope:
    """The scope with the body's true length (Django reads no further) and a query of ASCII only (the bridge's wish)."""
    framing = (b"content-length", b"transfer-encoding")
    kept = [(name, value) for name, value in scope["headers"] if name not in framing]
    if body:
        kept.append((b"content-length", str(len(body)).encode()))
    return {**scope, "headers": kept, "query_string": quote(scope["query_string"], safe=PRINTABLE).encode()}


async def _refuse(send: Send, status: int) -> None:
    error = "server_error" if status == 500 else "invalid_request"
    body = json.dumps({"error": error, "error_description": REFUSALS[status]}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Router:
    """`hot` answers HOT_PATHS whole; `pages` (Django behind a bridge) everything else."""

    def __init__(self, pages: Asgi, hot: Asgi) -> None:
        self.pages = pages
        self.hot = hot

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _live(self, receive: Receive, send: Send) -> None:
        """Both servers start with the first request; the hot path answers what waits before it ends."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await hot.close()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._answer_whole(scope, receive, watched)
        except Gone:
            return
        except Exception:
            log.exception("the router could not answer %s", scope["path"])
            if not started:
                await _refuse(send, 500)

    async def _answer_whole(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Nobody behind the router waits for a slow sender, so none of their threads is held by one."""
        is_hot = scope["path"] in HOT_PATHS
        try:
            body = await _whole_body(receive, inf if is_hot else SLOWEST)
        except BodyRefused as problem:
            if is_hot:
                await _refuse(send, problem.status)
                return
            body, scope = b"", {**scope, REFUSED: problem.status}
        if is_hot:
            await self.hot(scope, _replayed(body), send)
        else:
            await self.pages(_measured(scope, body), _replayed(body), send)


# the two frameworks name the same message types differently
bridge = cast(Asgi, WSGIMiddleware(cast(Any, django), workers=THREADS))
application = Router(pages=bridge, hot=hot.application)
