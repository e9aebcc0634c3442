"""The load generator of bench_signing, a process of its own whose CPU is not counted: raw HTTP/1.1 on kept connections.

Reads one JSON object from standard input (`Order`), prints `begin` when the warm-up is over and one JSON object at the
end. Each connection belongs to one signer and asks for pairs: authorize, then signHash. With a rate, pairs are due at
fixed moments and a pair's time counts from the moment it was due, however late it could be sent.
"""

import asyncio
import base64
import json
import os
import ssl
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import uvloop

RSA_SHA256 = "1.2.840.113549.1.1.11"
_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class Order(NamedTuple):
    """What is to be done. `signers`: (bearer, credentialID); `acknowledged`: a file for every signature that came."""

    address: str  # a UNIX socket's path, or a port on loopback
    signers: list[list[str]]
    connections: int = 32
    hashes: int = 1
    warm: float = 1.0
    seconds: float = 4.0
    pairs: int = (
        0  # counted from the end of one on and instead of seconds: for a server that takes seconds for each
    )
    rate: float = 0.0
    acknowledged: str = ""
    certificates: list[list[str]] = []  # files of certificate and key; connection i shows the i-th of them
    algorithm: str = RSA_SHA256


class Told:
    """What was counted while it counted."""

    def __init__(self) -> None:
        self.is_counting = False
        self.refused: dict[str, int] = {}
        self.kept: list[str] = []
        self.restart()

    def restart(self) -> None:
        self.signatures = 0
        self.pairs = 0
        self.taken: list[float] = []

    async def counts(self, pairs: int) -> None:
        """Until so many are counted."""
        while self.pairs < pairs:
            await asyncio.sleep(0.005)

    def pair(self, signatures: list[str], digests: list[str], seconds: float, keep: bool) -> None:
        if keep:
            self.kept += digests
        if self.is_counting:
            self.pairs += 1
            self.signatures += len(signatures)
            self.taken.append(seconds)

    def refusal(self, what: str) -> None:
        self.refused[what] = self.refused.get(what, 0) + 1


class Line(asyncio.Protocol):
    """One connection; `idle` is told when a pair is over."""

    def __init__(self, order: Order, signer: list[str], told: Told, idle: "deque[Line] | None") -> None:
        self.order, self.told, self.idle = order, told, idle
        self.bearer, self.credential = signer
        self.transport: Any = None
        self.buffer = b""
        self.is_signing = False
        self.digests: list[str] = []
        self.due = 0.0
        self.is_ending = False  # the server has said that it answers nothing more here
        self.unsent: tuple[str, dict[str, Any]] | None = None
        self.is_over = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, problem: Exception | None) -> None:
        if not self.is_over.done():
            self.is_over.set_result(None)

    def begin(self, due: float) -> None:
        self.due, self.is_signing = due, False
        self.digests = [base64.b64encode(os.urandom(32)).decode() for _ in range(self.order.hashes)]
        body = {"credentialID": self.credential, "numSignatures": len(self.digests), "hash": self.digests}
        self._ask("credentials/authorize", body)

    def goes_on(self, before: "Line") -> None:
        """With what the connection before this one was told to leave unsent."""
        self.due, self.is_signing, self.digests = before.due, before.is_signing, before.digests
        assert before.unsent is not None
        self._ask(*before.unsent)

    def _ask(self, method: str, body: dict[str, Any]) -> None:
        if self.is_ending:
            self.unsent = (method, body)
            self.transport.close()
            return
        content = json.dumps(body, separators=(",", ":")).encode()
        head = (
            f"POST /csc/v1/{method} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.bearer}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        self.transport.write(head.encode() + content)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(_END)
        if end < 0:
            return
        head = self.buffer[:end].lower()
        self.is_ending = b"\r\nconnection: close" in head  # nginx: after a thousand requests
        at = head.find(_LENGTH) + len(_LENGTH)
        length = int(head[at:].split(b"\r\n", 1)[0])
        if len(self.buffer) < end + 4 + length:
            return
        body, self.buffer = self.buffer[end + 4 : end + 4 + length], self.buffer[end + 4 + length :]
        self._answered(int(head[9:12]), json.loads(body))

    def _answered(self, status: int, body: dict[str, Any]) -> None:
        if status != 200:
            self.told.refusal(f"{status} {body.get('error_description')}")
            asyncio.get_running_loop().call_later(0.05, self._over)
        elif self.is_signing:
            taken = time.perf_counter() - self.due
            self.told.pair(body["signatures"], self.digests, taken, bool(self.order.acknowledged))
            self._over()
        else:
            self.is_signing = True
            wish = {
                "credentialID": self.credential,
                "SAD": body["SAD"],
                "hash": self.digests,
                "signAlgo": self.order.algorithm,
            }
            self._ask("signatures/signHash", wish)

    def _over(self) -> None:
        if self.idle is None:
            self.begin(time.perf_counter())
        elif self.is_ending:
            self.transport.close()
        else:
            self.idle.append(self)


def _tls(order: Order, number: int) -> ssl.SSLContext | None:
    if not order.certificates:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # a throw-away server on loopback
    context.load_cert_chain(*order.certificates[number % len(order.certificates)])
    return context


async def _connected(
    loop: asyncio.AbstractEventLoop, order: Order, made: Callable[[], Line], context: ssl.SSLContext | None
) -> tuple[Any, Line]:
    if order.address.isdecimal():
        return await loop.create_connection(made, "127.0.0.1", int(order.address), ssl=context)
    return await loop.create_unix_connection(made, order.address)


async def _kept_open(order: Order, number: int, told: Told, idle: "deque[Line] | None") -> None:
    """The connection, made again as often as it breaks."""
    loop, context = asyncio.get_running_loop(), _tls(order, number)
    before: Line | None = None
    signer = order.signers[number % len(order.signers)]
    while True:
        try:
            _, line = await _connected(loop, order, lambda: Line(order, signer, told, idle), context)
        except OSError:
            await asyncio.sleep(0.1)
            continue
        if before is not None and before.unsent is not None:
            line.goes_on(before)
        elif idle is None:
            line.begin(time.perf_counter())
        else:
            idle.append(line)
        await line.is_over
        if idle is not None and line in idle:
            idle.remove(line)
        if not line.is_ending:
            told.refusal("connection lost")
        before = line


async def _by_the_clock(rate: float, idle: "deque[Line]") -> None:
    due = time.perf_counter()
    while True:
        now = time.perf_counter()
        while due <= now and idle:
            idle.popleft().begin(due)
            due += 1 / rate
        await asyncio.sleep(0.001)


def _part(taken: list[float], share: float) -> float:
    return sorted(taken)[min(int(len(taken) * share), len(taken) - 1)] * 1000 if taken else 0.0


async def _work(order: Order) -> None:
    told, idle = Told(), deque[Line]() if order.rate else None
    lines = [asyncio.create_task(_kept_open(order, n, told, idle)) for n in range(order.connections)]
    if idle is not None:
        lines.append(asyncio.create_task(_by_the_clock(order.rate, idle)))
    await asyncio.sleep(order.warm)
    if order.pairs:
        told.is_counting = True
        await told.counts(1)
        told.restart()
    told.is_counting, began = True, time.perf_counter()
    print("begin", flush=True)
    await (told.counts(order.pairs) if order.pairs else asyncio.sleep(order.seconds))
    told.is_counting, took = False, time.perf_counter() - began
    if order.acknowledged:
        with open(order.acknowledged, "w", encoding="ascii") as file:
            file.write("\n".join(told.kept))
    found = {
        "seconds": took,
        "pairs": told.pairs,
        "signatures": told.signatures,
        "refused": told.refused,
        "p50": _part(told.taken, 0.5),
        "p99": _part(told.taken, 0.99),
    }
    print(json.dumps(found), flush=True)


def main() -> None:
    order = Order(**json.loads(sys.stdin.readline()))
    uvloop.run(_work(order))


if __name__ == "__main__":
    main()
