"""The straight way inside uvicorn's HTTP protocol: a real server on loopback, spoken to byte by byte."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from django.db import connection

from ledger import clock
from signing.api import hot, wire
from signing.api.straight import Straight
from signing.signer import client as signer_client
from tests.signing.turns.running import leave_the_pool_clean
from tests.support import days, services
from tests.support.csc import RSA_SHA256, b64, digest
from tests.support.days import Day
from tests.support.signers import SignerProcesses

pytestmark = [
    pytest.mark.requirement("SG-1"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="the test's own connection holds the database"),
]
AUTHORIZE, SIGN = "/csc/v1/credentials/authorize", "/csc/v1/signatures/signHash"


class Connection:
    """One TCP connection; replies are read as a strict client reads them."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.file = self.socket.makefile("rb")

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.socket.sendall(part)
            time.sleep(0.01)

    def reply(self) -> tuple[int, dict[str, str], Any]:
        status = int(self.file.readline().split()[1])
        headers: dict[str, str] = {}
        while (line := self.file.readline().strip()) != b"":
            name, _, value = line.decode().partition(": ")
            assert name not in headers
            headers[name] = value
        body = self.file.read(int(headers["content-length"]))
        is_json = headers["content-type"] == "application/json"
        return status, headers, json.loads(body) if is_json else body

    def is_closed(self) -> bool:
        return self.file.read(1) == b""

    def close(self) -> None:
        self.file.close()
        self.socket.close()


@pytest.fixture
def server(signers: SignerProcesses) -> Iterator[uvicorn.Server]:
    config = uvicorn.Config(
        hot.application, port=services.free_port(), http=Straight, ws="none", lifespan="on", log_config=None,
        timeout_keep_alive=1,
    )  # fmt: skip
    running = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(running.serve()))
    thread.start()
    until = time.monotonic() + 20
    while not running.started and time.monotonic() < until:
        time.sleep(0.02)
    yield running
    running.should_exit = True
    thread.join(20)
    assert not thread.is_alive()
    leave_the_pool_clean()
    signer_client.signers().disconnect()


@pytest.fixture
def line(server: uvicorn.Server) -> Iterator[Connection]:
    made = Connection(server.config.port)
    yield made
    made.close()


def request(path: str, body: bytes, *headers: str, method: str = "POST", version: str = "1.1") -> bytes:
    lines = [f"{method} {path} HTTP/{version}", "Host: localhost", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def authorize(day: Day, number: int, *headers: str) -> bytes:
    body = {
        "credentialID": str(day.credential.public_id),
        "numSignatures": 1,
        "hash": b64(digest(number)),
    }
    return request(AUTHORIZE, json.dumps(body).encode(), f"Authorization: Bearer {day.bearer}", *headers)


def sign(day: Day, sad: str, number: int) -> bytes:
    body = {"credentialID": str(day.credential.public_id), "SAD": sad, "hash": b64(digest(number))}
    content = json.dumps({**body, "signAlgo": RSA_SHA256}).encode()
    return request(SIGN, content, f"authorization: Bearer {day.bearer}")


def test_a_kept_connection_signs_and_signs(line: Connection) -> None:
    day = days.day(clock.now())
    for number in range(3):
        line.send(authorize(day, number))
        status, headers, made = line.reply()
        assert (status, headers["cache-control"]) == (200, "no-store")
        line.send(sign(day, made["SAD"], number))
        status, _, signed = line.reply()
        assert status == 200
        day.verify(wire.octets(signed["signatures"][0]), digest(number))


def test_requests_in_a_row_are_answered_in_their_order(line: Connection) -> None:
    day = days.day(clock.now())
    bad = request(AUTHORIZE, b"[]", f"Authorization: Bearer {day.bearer}")
    line.send(authorize(day, 1) + bad + request("/nowhere", b"") + authorize(day, 2))
    assert [line.reply()[0] for _ in range(4)] == [200, 400, 404, 200]


def test_a_body_in_pieces_and_in_chunks_is_one_body(line: Connection) -> None:
    day = days.day(clock.now())
    whole = authorize(day, 1)
    line.send(*[whole[at : at + 90] for at in range(0, len(whole), 90)])
    assert line.reply()[0] == 200
    head, _, body = whole.partition(b"\r\n\r\n")
    lines = [each for each in head.split(b"\r\n") if not each.startswith(b"Content-Length")]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:40], body[40:], b""))
    line.send(b"\r\n".join([*lines, b"Transfer-Encoding: chunked", b"", b""]), chunks)
    assert line.reply()[0] == 200


@pytest.mark.parametrize("extra", ["", "Expect: 100-continue"])
def test_what_goes_the_common_way_is_answered_alike(line: Connection, extra: str) -> None:
    day = days.day(clock.now())
    line.send(authorize(day, 1, *([extra] if extra else [])))
    if extra.startswith("Expect"):
        assert line.file.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert line.file.readline() == b"\r\n"
    assert line.reply()[0] == 200


def test_other_methods_and_versions(line: Connection) -> None:
    line.send(request(AUTHORIZE, b"", method="GET"))
    assert line.reply()[0] == 405
    line.send(request(AUTHORIZE, b"{}", version="1.0"))
    assert line.reply()[0] in (400, 401)
    assert line.is_closed()


def test_who_asks_for_the_end_gets_it(line: Connection) -> None:
    day = days.day(clock.now())
    line.send(authorize(day, 1, "Connection: close"))
    status, headers, _ = line.reply()
    assert (status, headers["connection"]) == (200, "close")
    assert line.is_closed()


def test_a_body_above_the_limit_is_refused_and_a_giant_is_cut_off(line: Connection) -> None:
    line.send(request(AUTHORIZE, b" " * (wire.LARGEST_BODY + 1), "Authorization: Bearer x"))
    assert line.reply()[0] == 413
    line.send(request(AUTHORIZE, b"{}"))  # the connection has survived
    assert line.reply()[0] in (400, 401)
    giant = b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (AUTHORIZE.encode(), 1 << 40)
    line.send(giant + b" " * (hot.DRAIN + 1))
    status, headers, _ = line.reply()
    assert (status, headers["connection"]) == (413, "close")
    assert line.is_closed()


@pytest.mark.parametrize(
    "bad",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"POST / HTTP/9.9\r\n\r\n",
        b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}" % SIGN.encode(),
        b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}" % SIGN.encode(),
        b"POST %b HTTP/1.1\r\n" % SIGN.encode() + b"a: " + b"b" * 70_000 + b"\r\n\r\n",
    ],
    ids=["tls", "version", "two_lengths", "length_and_chunks", "long_head"],
)  # fmt: skip
def test_what_is_no_request_gets_400_and_the_end(line: Connection, bad: bytes) -> None:
    line.send(bad)
    assert line.reply()[0] == 400
    assert line.is_closed()


def test_a_second_authorization_takes_nobodys_place(line: Connection) -> None:
    day = days.day(clock.now())
    line.send(authorize(day, 1, "Authorization: Bearer other"))
    assert line.reply()[0] == 400


def test_an_idle_connection_is_closed_and_a_busy_one_is_not(line: Connection) -> None:
    day = days.day(clock.now())
    for number in range(4):  # twice as long as the limit, never idle for so long
        line.send(authorize(day, number))
        assert line.reply()[0] == 200
        time.sleep(0.5)
    began = time.monotonic()
    assert line.is_closed()
    assert time.monotonic() - began < 5


def test_who_hangs_up_disturbs_nobody(server: uvicorn.Server, line: Connection) -> None:
    day = days.day(clock.now())
    for number in range(8):
        leaver = Connection(server.config.port)
        leaver.socket.sendall(authorize(day, number))
        leaver.close()
    line.send(authorize(day, 100))
    assert line.reply()[0] == 200


def test_what_only_the_slow_path_answers_comes_back_the_same_way(line: Connection, settings: Any) -> None:
    settings.SIGNING_STEP_UP = "tests.signing.turns.test_callers.always"
    day = days.day(clock.now())
    line.send(authorize(day, 1))
    status, _, body = line.reply()
    assert (status, set(body)) == (400, {"error", "error_description"})
