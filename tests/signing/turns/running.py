"""The hot path's application on a loop of its own thread, asked from any thread; no server, no HTTP parser."""

import asyncio
import base64
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

from django.db import connections

from signing.api import hot
from signing.signer import client
from signing.turns.known import RECHECK
from tests.support.csc import RSA_SHA256, Api, b64
from tests.support.days import Day


class Answer(NamedTuple):
    """One exchange; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: Any


def leave_the_pool_clean() -> None:
    """No thread of the slow path keeps a connection to the test's database or signers."""
    everyone = threading.Barrier(hot.THREADS)

    def close() -> None:
        everyone.wait(10)
        connections.close_all()
        client.signers().disconnect()

    for done in [hot._pool.submit(close) for _ in range(hot.THREADS)]:
        done.result(20)


class Hot:
    """Use as a context manager. The engine begins with the first request and is closed with the context.

    `headers` go with every request; `version` is the API's. `left` gets each reply's body in the moment it leaves.
    """

    headers: dict[str, str] = {}
    version = "v1"

    def __init__(self) -> None:
        self.left: Callable[[bytes], object] = lambda body: None

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(hot.close(), self._loop).result(30)
        asyncio.run_coroutine_threadsafe(self._loop.shutdown_default_executor(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        leave_the_pool_clean()

    def ask(self, method: str, body: object, bearer: str) -> Answer:
        """POST /csc/v1/<method>; a body of bytes is sent as it is."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return asyncio.run_coroutine_threadsafe(self._exchange(method, content, bearer), self._loop).result(
            60
        )

    def authorizes(self, day: Day, digests: Sequence[bytes], **changes: Any) -> Answer:
        body = {
            "credentialID": str(day.credential.public_id),
            "numSignatures": len(digests),
            "hash": b64(*digests),
        }
        return self.ask("credentials/authorize", {**body, **changes}, day.bearer)

    def sad(self, day: Day, *digests: bytes) -> str:
        answer = self.authorizes(day, digests)
        assert answer.status == 200, answer
        return str(answer.body["SAD"])

    def signs(self, day: Day, sad: str, *digests: bytes, **changes: Any) -> Answer:
        body = {"credentialID": str(day.credential.public_id), "SAD": sad, "hash": b64(*digests)}
        return self.ask("signatures/signHash", {**body, "signAlgo": RSA_SHA256, **changes}, day.bearer)

    async def _exchange(self, method: str, content: bytes, bearer: str) -> Answer:
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)
            if message["type"] == "http.response.body":
                self.left(message["body"])

        given = {"authorization": f"Bearer {bearer}", **self.headers} if bearer else self.headers
        headers = [(name.lower().encode(), value.encode()) for name, value in given.items()]
        scope = {
            "type": "http",
            "path": f"/csc/{self.version}/{method}",
            "method": "POST",
            "headers": headers,
        }
        await hot.application(scope, receive, send)
        answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], answered, json.loads(sent[1]["body"]))


class HotApi(Api):
    """`Api` over the hot path; for the two methods that it has."""

    def __init__(self, day: Day, hot: Hot) -> None:
        super().__init__(day)
        self._hot = hot

    def call(self, method: str, body: Mapping[str, Any] | bytes, bearer: str | None = None) -> "Response":
        return Response(self._hot.ask(method, body, self.day.bearer if bearer is None else bearer))


class Response:
    """An answer as Django's test client has it."""

    def __init__(self, answer: Answer) -> None:
        self.status_code, self._headers, self._body = answer

    def __getitem__(self, name: str) -> str:
        return self._headers[name.lower()]

    def json(self) -> Any:
        return self._body


def heard(ask: Callable[[], Answer], status: int) -> Answer:
    """Asks until a revocation has arrived, which takes milliseconds; sooner than it would be found by looking."""
    until = time.monotonic() + RECHECK / 2
    answer = ask()
    while answer.status != status and time.monotonic() < until:
        answer = ask()
    assert answer.status == status, answer
    return answer


def verify(day: Day, answer: Answer, *digests: bytes) -> None:
    """Signature i belongs to digest i."""
    assert answer.status == 200, answer
    made = answer.body["signatures"]
    assert len(made) == len(digests)
    for signature, digest in zip(made, digests, strict=True):
        day.verify(base64.b64decode(signature), digest)
