"""The hot path: the raw ASGI door in front of the same functions."""

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from ledger import clock
from signing.api import hot
from tests.signing.turns.running import leave_the_pool_clean
from tests.support import days
from tests.support.csc import (
    NOT_AUTHORISED,
    RSA_SHA256,
    b64,
    digest,
)
from tests.support.signers import SignerProcesses


class TestHot:
    """The raw ASGI door; it works on threads and database connections of its own."""

    pytestmark = [
        pytest.mark.django_db(transaction=True),
        pytest.mark.skipif(
            connection.vendor == "sqlite", reason="the test's own connection holds the database"
        ),
    ]

    @pytest.fixture(autouse=True)
    def pool_left_clean(self) -> Iterator[None]:
        yield
        leave_the_pool_clean()

    def ask(
        self,
        path: str,
        body: bytes,
        headers: dict[str, str] | None = None,
        method: str = "POST",
        parts: int = 3,
    ) -> tuple[int, dict[str, str], Any]:
        """Status, headers and JSON body of one ASGI exchange."""
        size = max(1, -(-len(body) // parts))
        pieces = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

        async def send(message: Any) -> None:
            sent.append(message)

        raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        scope = {"type": "http", "path": path, "method": method, "headers": raw}

        async def exchange() -> None:
            await hot.application(scope, receive, send)
            await hot.close()

        asyncio.run(exchange())
        answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        assert int(answered["content-length"]) == len(sent[1]["body"])
        return sent[0]["status"], answered, json.loads(sent[1]["body"])

    def test_the_pair_of_calls_gives_a_signature(self, signers: SignerProcesses) -> None:
        day = days.day(clock.now())
        headers = {"Authorization": f"Bearer {day.bearer}"}
        request: dict[str, Any] = {"credentialID": str(day.credential.public_id), "hash": b64(digest(1))}
        body = json.dumps({**request, "numSignatures": 1}).encode()
        status, answered, authorised = self.ask("/csc/v1/credentials/authorize", body, headers)
        assert (status, answered["content-type"]) == (200, "application/json")
        body = json.dumps({**request, "SAD": authorised["SAD"], "signAlgo": RSA_SHA256}).encode()
        status, _answered, made = self.ask("/csc/v1/signatures/signHash", body, headers)
        assert status == 200
        day.verify(base64.b64decode(made["signatures"][0]), digest(1))
        status, _answered, again = self.ask("/csc/v1/signatures/signHash", body, headers)
        assert (status, again["error_description"]) == NOT_AUTHORISED

    @pytest.mark.parametrize(
        ("path", "method", "body", "status"),
        [
            ("/csc/v1/signatures/signHash", "GET", b"", 405),
            ("/csc/v1/signatures/signHash", "POST", b"{", 400),
            ("/csc/v1/signatures/signHash", "POST", b"{}", 401),
            ("/csc/v1/signatures/signHash", "POST", b"x" * (2 * 1024 * 1024), 413),
            ("/csc/v9/signatures/signHash", "POST", b"{}", 404),
        ],
    )
    def test_errors_are_whole_answers_too(self, path: str, method: str, body: bytes, status: int) -> None:
        got, headers, answer = self.ask(path, body, method=method)
        assert (got, headers["content-type"]) == (status, "application/json")
        assert set(answer) == {"error", "error_description"}

    def test_a_header_that_is_no_text_is_no_server_error(self) -> None:
        scope_headers = {"Authorization": "Bearer ÿ"}
        status, _headers, _answer = self.ask("/csc/v1/signatures/signHash", b"{}", scope_headers)
        assert status in (400, 401)
