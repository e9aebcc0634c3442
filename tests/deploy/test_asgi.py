"""The router: two paths to the hot application, all else to Django with a whole, measured body; never a bare crash."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from deploy import asgi

Answer = dict[str, Any]


class Recorder:
    """An application that says what it was asked and answers 200."""

    def __init__(self) -> None:
        self.scopes: list[Any] = []
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        self.scopes.append(scope)
        self.bodies.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


class Broken:
    """An application that raises, before or after it began to answer."""

    def __init__(self, after_start: bool) -> None:
        self.after_start = after_start

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.after_start:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("the secret inside")


def ask(
    router: asgi.Router,
    path: str,
    *parts: bytes,
    hang: bool = False,
    gone: bool = False,
    pause: float = 0,
    **scope: Any,
) -> Answer:
    """Sends the body in `parts`, with a pause before each; then hangs or hangs up where told."""
    waiting = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    if not hang and not gone:
        waiting.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[Any] = []

    async def receive() -> Any:
        if waiting:
            await asyncio.sleep(pause)
            return waiting.pop(0)
        if gone:
            return {"type": "http.disconnect"}
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        sent.append(message)

    asked = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": [], **scope}
    asyncio.run(router(asked, receive, send))
    status = next((message["status"] for message in sent if "status" in message), None)
    return {"status": status, "body": b"".join(message.get("body", b"") for message in sent)}


@pytest.fixture
def pages() -> Recorder:
    return Recorder()


@pytest.fixture
def hot() -> Recorder:
    return Recorder()


@pytest.fixture
def router(pages: Recorder, hot: Recorder) -> asgi.Router:
    return asgi.Router(pages=pages, hot=hot)


@pytest.mark.parametrize(
    ("path", "is_hot"),
    [
        ("/csc/v1/credentials/authorize", True),
        ("/csc/v1/signatures/signHash", True),
        ("/csc/v1/signatures/signHash/", False),
        ("/csc/v1/credentials/list", False),
        ("/", False),
    ],
)
def test_only_the_hot_paths_are_hot(
    router: asgi.Router, pages: Recorder, hot: Recorder, path: str, is_hot: bool
) -> None:
    ask(router, path, b"x")
    assert (len(hot.scopes), len(pages.scopes)) == ((1, 0) if is_hot else (0, 1))


def test_a_body_in_pieces_arrives_whole_and_measured(router: asgi.Router, pages: Recorder) -> None:
    ask(router, "/", b"ab", b"c", headers=[(b"transfer-encoding", b"chunked"), (b"accept", b"*/*")])
    assert pages.bodies == [b"abc"]
    assert pages.scopes[0]["headers"] == [(b"accept", b"*/*"), (b"content-length", b"3")]


def test_a_length_that_lies_is_replaced_by_the_true_one(router: asgi.Router, pages: Recorder) -> None:
    ask(router, "/", b"abc", headers=[(b"content-length", b"999")])
    assert pages.scopes[0]["headers"] == [(b"content-length", b"3")]


@pytest.mark.parametrize("pieces", [1, 7])
def test_the_largest_body_passes_and_one_byte_more_does_not(
    router: asgi.Router, pages: Recorder, pieces: int
) -> None:
    piece = b"x" * (asgi.BODY_LIMIT // pieces)
    rest = b"x" * (asgi.BODY_LIMIT - len(piece) * pieces)
    ask(router, "/", *[piece] * pieces, rest)
    ask(router, "/", *[piece] * pieces, rest, b"x")
    assert [len(body) for body in pages.bodies] == [asgi.BODY_LIMIT, 0]
    assert [scope.get(asgi.REFUSED) for scope in pages.scopes] == [None, 413]


def test_a_body_without_end_is_not_kept(router: asgi.Router, pages: Recorder) -> None:
    part = b"x" * asgi.BODY_LIMIT
    ask(router, "/", *[part] * 40, hang=True)
    assert pages.scopes[0][asgi.REFUSED] == 413


def test_a_body_that_does_not_come_is_given_up(
    router: asgi.Router, pages: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi, "BODY_SECONDS", 0.05)
    ask(router, "/", b"x", hang=True)
    assert pages.scopes[0][asgi.REFUSED] == 408


def test_a_slow_line_may_take_longer_as_long_as_the_file_goes_on(
    router: asgi.Router, pages: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi, "BODY_SECONDS", 0.3)
    ask(router, "/apply/photo/", *[b"x" * asgi.SLOWEST] * 20, pause=0.05)
    assert len(pages.bodies[0]) == 20 * asgi.SLOWEST and asgi.REFUSED not in pages.scopes[0]


def test_a_picture_of_four_megabytes_passes_on_a_line_of_57_kbit() -> None:
    seconds = 4_194_304 / asgi.SLOWEST
    assert seconds <= min(asgi.BODY_SECONDS + seconds, asgi.WHOLE_SECONDS)


@pytest.mark.parametrize(
    ("limit", "seconds", "part", "pause", "hang"),
    [
        ("BODY_SECONDS", 0.3, b"x", 0.02, False),  # dripping earns nothing
        ("IDLE_SECONDS", 0.3, b"x" * 100_000, 0, True),  # what was earned is not for waiting
        ("WHOLE_SECONDS", 0.3, b"x" * 100_000, 0.02, False),  # nor for ever
    ],
)
def test_who_holds_the_line_without_need_is_ended(
    router: asgi.Router,
    pages: Recorder,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    seconds: float,
    part: bytes,
    pause: float,
    hang: bool,
) -> None:
    monkeypatch.setattr(asgi, limit, seconds)
    ask(router, "/apply/photo/", *[part] * (1 if hang else 40), pause=pause, hang=hang)
    assert pages.scopes[0][asgi.REFUSED] == 408


def test_a_signing_request_earns_no_time(
    router: asgi.Router, hot: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi, "BODY_SECONDS", 0.3)
    answer = ask(router, "/csc/v1/signatures/signHash", *[b"x" * 100_000] * 40, pause=0.02)
    assert answer["status"] == 408 and hot.scopes == []


@pytest.mark.parametrize("too", ["large", "slow"])
def test_the_hot_paths_refuse_in_json(
    router: asgi.Router, hot: Recorder, monkeypatch: pytest.MonkeyPatch, too: str
) -> None:
    monkeypatch.setattr(asgi, "BODY_SECONDS", 0.5)
    part = b"x" * (asgi.BODY_LIMIT + 1 if too == "large" else 1)
    answer = ask(router, "/csc/v1/signatures/signHash", part, hang=too == "slow")
    assert answer["status"] == (413 if too == "large" else 408)
    assert json.loads(answer["body"])["error"] == "invalid_request"
    assert hot.scopes == []


def test_who_hangs_up_early_is_not_answered(router: asgi.Router, pages: Recorder) -> None:
    assert ask(router, "/", b"x", gone=True)["status"] is None
    assert pages.scopes == []


def test_a_query_that_is_not_ascii_is_escaped_for_the_bridge(router: asgi.Router, pages: Recorder) -> None:
    ask(router, "/", query_string="next=/é&a=%20+b".encode())
    assert pages.scopes[0]["query_string"] == b"next=/%C3%A9&a=%20+b"


@pytest.mark.parametrize("path", ["/", "/csc/v1/signatures/signHash"])
def test_an_unexpected_error_is_a_bare_500(path: str, caplog: pytest.LogCaptureFixture) -> None:
    broken = Broken(after_start=False)
    answer = ask(asgi.Router(pages=broken, hot=broken), path, b"x")
    assert answer["status"] == 500
    assert json.loads(answer["body"])["error"] == "server_error"
    assert b"secret" not in answer["body"]
    assert "could not answer" in caplog.text


def test_an_answer_that_has_begun_is_not_begun_again() -> None:
    broken = Broken(after_start=True)
    assert ask(asgi.Router(pages=broken, hot=broken), "/", b"x") == {"status": 200, "body": b""}
