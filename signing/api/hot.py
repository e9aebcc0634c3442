"""The hot path: `credentials/authorize` and `signatures/signHash`, whole, as raw ASGI (decision 9).

On PostgreSQL the requests of all callers are taken together, by turns (`grouped`, `signing.turns`). On SQLite, which
has one writer, each runs on a thread and calls the functions of the slow pages (decision 10).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from django.db import close_old_connections

from signing.api import answers, callers, csc_v1, csc_v2, grouped, wire
from signing.api.answers import Reply
from signing.api.faces import Face

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

FACES = {"v1": csc_v1.FACE, "v2": csc_v2.FACE}
METHODS = ("credentials/authorize", "signatures/signHash")
PATHS = {f"/csc/{name}/{method}": (face, method) for name, face in FACES.items() for method in METHODS}
THREADS = 8
_HEADERS = {name.encode(): name for name in callers.HEADERS}
DRAIN = 8 * wire.LARGEST_BODY  # read to its end up to here, so that the client sees our answer
_pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="csc")


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI 3, http only. Answers every path; what it does not know is 404 in the standard's JSON."""
    if scope["type"] != "http":
        await _live(receive, send)
        return
    found = PATHS.get(scope["path"])
    if found is None:
        await _reply(send, answers.refusal(csc_v1.FACE, "no_such_address"))
        return
    face, method = found
    if scope["method"] != "POST":
        await _reply(send, answers.refusal(face, "method"))
        return
    body = await _body(receive)
    if body is None:
        return
    loop = asyncio.get_running_loop()
    reply: asyncio.Future[Reply] = loop.create_future()
    begin(loop, face, method, headers_of(scope["headers"]), body, partial(_tell, reply))
    await _reply(send, await reply)


def begin(
    loop: asyncio.AbstractEventLoop,
    face: Face,
    method: str,
    headers: Mapping[str, str],
    body: bytes,
    tell: Callable[[Reply], None],
) -> None:
    """Answer one of METHODS; `tell` is called once on `loop`, which is the running one (to ask for it is a system call
    in Python 3.11), perhaps at once. Header names in lower case."""

    def slowly(reply: Reply | None) -> None:
        if reply is not None:
            tell(reply)
            return
        answering = loop.run_in_executor(_pool, _answer, face, method, headers, body)
        answering.add_done_callback(
            lambda done: tell(answers.refusal(face, "failed") if done.exception() else done.result())
        )

    engine = grouped.engine(loop)
    if engine is None:
        slowly(None)
    else:
        grouped.answer(engine, face, method, headers, body, slowly)


def _tell(waiting: "asyncio.Future[Reply]", reply: Reply) -> None:
    if not waiting.done():  # the client may have hung up
        waiting.set_result(reply)


async def _live(receive: Receive, send: Send) -> None:
    """The server's start and end (ASGI lifespan)."""
    while True:
        message = await receive()
        is_over = message["type"] == "lifespan.shutdown"
        if is_over:
            await close()
        await send({"type": f"{message['type']}.complete"})
        if is_over:
            return


async def close() -> None:
    """At the server's end, before its loop is closed: whatever waits is answered first."""
    await grouped.close()


def headers_of(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Those by which a caller is known, by lower-case name (ASGI gives no other); twice is one value with a comma.

    RFC 9110 section 5.3, as under WSGI. So a second Authorization makes the header malformed instead of taking the
    first one's place.
    """
    found: dict[str, str] = {}
    for name, value in raw:
        key = _HEADERS.get(name)
        if key is not None:
            text = value.decode("latin-1")
            found[key] = f"{found[key]},{text}" if key in found else text
    return found


def _answer(face: Face, method: str, headers: Mapping[str, str], body: bytes) -> Reply:
    close_old_connections()  # what a request's start and end do inside Django
    try:
        return answers.answer(face, method, headers, body)
    finally:
        close_old_connections()


async def _body(receive: Receive) -> bytes | None:
    """The body, cut one byte above the limit; None when the client has gone."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        if size <= wire.LARGEST_BODY:
            parts.append(part)
        size += len(part)
        if not message.get("more_body", False) or size > DRAIN:
            return b"".join(parts)[: wire.LARGEST_BODY + 1]


async def _reply(send: Send, reply: Reply) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in reply.headers.items()]
    headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
