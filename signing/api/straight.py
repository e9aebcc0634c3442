"""uvicorn's HTTP protocol with a straight way for the hot path's two methods: no task, no messages, one write.

`uvicorn deploy.hot:application --http signing.api.straight:Straight`. uvicorn keeps the connection, its parser, its
order of requests and its end; a request for one of `hot.PATHS` goes from the parsed body to `hot.begin`, and its reply
back in one piece. Everything else (other paths and methods, an upgrade, `Expect`, HTTP/1.0) goes uvicorn's own way to
the ASGI application, which answers the same; so does a whole server without this protocol.
"""

from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from signing.api import hot, wire
from signing.api.answers import Reply

_PATHS = {path.encode(): found for path, found in hot.PATHS.items()}
_LONGEST_HEAD = 65_536  # octets of all headers of a request
_FAR = float("inf")


@lru_cache(maxsize=256)
def _head(status: int, headers: tuple[tuple[str, str], ...], is_kept: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        *(f"{name.lower()}: {value}" for name, value in headers),
    ]
    return "\r\n".join([*lines, *([] if is_kept else ["connection: close"]), ""]).encode()


class _Heard:
    """What uvicorn sets for its application to see; here nobody waits for it."""

    def set(self) -> None:
        """Nothing to wake."""


class _Exchange:
    """One request and its reply; stands where uvicorn keeps its own cycle and has the members that it looks at."""

    __slots__ = ("body", "disconnected", "keep_alive", "more_body", "response_complete", "size")
    message_event = _Heard()

    def __init__(self) -> None:
        self.body = bytearray()
        self.size = 0  # of the whole body; `body` ends one octet above the limit
        self.more_body, self.keep_alive = True, True
        self.response_complete = self.disconnected = False


class Straight(HttpToolsProtocol):
    """One connection."""

    _head = 0
    _idle_since = _FAR
    _is_straight = False

    def on_message_begin(self) -> None:
        self.url, self.headers, self.expect_100_continue = b"", [], False
        self._head, self._is_straight = 0, False

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head += len(name) + len(value)
        if self._head > _LONGEST_HEAD:
            raise ValueError("too long a head")  # the parser tells it as its own error: 400, and the end
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        found, parser = _PATHS.get(self.url), self.parser
        if (
            found is None
            or not (self.cycle is None or self.cycle.response_complete)  # requests in a row: in their order
            or self.expect_100_continue
            or parser.get_method() != b"POST"
            or parser.should_upgrade()
            or parser.get_http_version() != "1.1"
        ):
            self._as_uvicorn_does()
            return
        self._is_straight = True
        self._found = found
        exchange = _Exchange()
        exchange.keep_alive = parser.should_keep_alive()
        self.cycle = cast(Any, exchange)

    def _as_uvicorn_does(self) -> None:
        url, headers, is_expecting = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.headers, self.expect_100_continue = url, headers, is_expecting
        self.scope["headers"] = headers
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._is_straight:
            super().on_body(body)
            return
        exchange = cast(_Exchange, self.cycle)
        exchange.size += len(body)
        room = wire.LARGEST_BODY + 1 - len(exchange.body)
        exchange.body += body if len(body) <= room else body[:room]
        if exchange.size > hot.DRAIN and exchange.more_body:  # answered without the rest
            exchange.keep_alive = False
            self._begin(exchange)

    def on_message_complete(self) -> None:
        if not self._is_straight:
            super().on_message_complete()
        elif self.cycle.more_body:
            self._begin(cast(_Exchange, self.cycle))

    def _begin(self, exchange: _Exchange) -> None:
        exchange.more_body = False
        face, method = self._found
        headers, body = hot.headers_of(self.headers), bytes(exchange.body)
        hot.begin(self.loop, face, method, headers, body, partial(self._reply, exchange))

    def _reply(self, exchange: _Exchange, reply: Reply) -> None:
        """The reply leaves in one write. Who has hung up gets none."""
        if self.transport.is_closing():
            return
        parts = [_head(reply.status, tuple(reply.headers.items()), exchange.keep_alive)]
        for name, value in self.server_state.default_headers:  # the date
            parts += (name, b": ", value, b"\r\n")
        parts += (b"content-length: %d\r\n\r\n" % len(reply.body), reply.body)
        exchange.response_complete = True
        self.transport.write(b"".join(parts))
        if not exchange.keep_alive:
            self.transport.close()
        self.on_response_complete()

    # --- an idle connection's end: one timer, moved on when it rings --------------------------------------------------
    def on_response_complete(self) -> None:
        if self.pipeline:
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        self.flow.resume_reading()
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None and not self.transport.is_closing():
            self._ring_in(self.timeout_keep_alive)

    def _unset_keepalive_if_required(self) -> None:
        self._idle_since = _FAR

    def timeout_keep_alive_handler(self) -> None:
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        self.timeout_keep_alive_task = None
        if self.transport.is_closing():
            return
        if left <= 0:
            self.transport.close()
        else:
            self._ring_in(min(left, self.timeout_keep_alive))

    def _ring_in(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        timer, self.timeout_keep_alive_task = self.timeout_keep_alive_task, None
        if timer is not None:
            timer.cancel()
