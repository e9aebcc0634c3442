"""`python -m signing.signer.module_process`: the key module's own process, a child of the signer (decision 17).

It owns the store and nothing else: no journal, no public socket. It first says whether the store could be made, then
answers one frame after the other over the socket that it was born with, and ends when that closes or its parent dies.
A module that hangs or crashes takes this process along and no other.

    hello   [True] or [False, whether trying again may help, words]
    frame   [operation, argument]   reply  [outcome, content or reason]
    "sign"  [[number, digest, algorithm], …]   reply [[outcome, signature or reason], …]
"""

import argparse
import ctypes
import itertools
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

from signing.keystore import Algorithm, Handle, KeyKind, KeyStore, ModuleRefused, NotSigned, OpenKey
from signing.signer import stores
from signing.signer.keys import Here, Order
from signing.signer.wire import Inbox, Outcome, pack, unpack

_PR_SET_PDEATHSIG = 1
_READ = 1 << 18

log = logging.getLogger(__name__)


class Worker:
    """The store and the objects that were opened in it, by number."""

    def __init__(self, store: KeyStore) -> None:
        self._store, self._keys = store, Here(store)
        self._objects: dict[int, Handle] = {}
        self._numbers = itertools.count(1)
        self._operations: dict[str, Callable[[Any], object]] = {
            "generate": self._generate,
            "open": self._open,
            "close": self._close,
            "resident": self._resident,
        }

    def answer(self, operation: str, argument: Any) -> object:
        if operation == "sign":
            return self._sign(argument)
        try:
            return [Outcome.SIGNED, self._operations[operation](argument)]
        except NotSigned as refusal:
            return [Outcome.NOT_SIGNED, refusal.reason]
        except Exception:
            log.exception("%s failed in the key module", operation)
            return [Outcome.UNKNOWN, "module_failed"]

    def _generate(self, kind: str) -> object:
        return list(self._store.generate(KeyKind(kind)))

    def _open(self, wrapped: bytes) -> object:
        return self._kept(self._store.open(wrapped))

    def _resident(self, name: str) -> object:
        return self._kept(self._store.resident(name))

    def _kept(self, key: OpenKey) -> object:
        number = next(self._numbers)
        self._objects[number] = key.handle
        return [number, key.public_key]

    def _close(self, number: int) -> object:
        handle = self._objects.pop(number, None)
        if handle is not None:
            self._store.close(handle)
        return None

    def _sign(self, argument: list[Any]) -> object:
        orders = [
            Order(self._objects.get(number), digest, Algorithm(name)) for number, digest, name in argument
        ]
        return [_told(result) for result in self._keys.sign_many(orders)]


def _told(result: bytes | Exception) -> list[object]:
    if isinstance(result, bytes):
        return [Outcome.SIGNED, result]
    if isinstance(result, NotSigned):
        return [Outcome.NOT_SIGNED, result.reason]
    return [Outcome.UNKNOWN, "module_failed"]


def serve(connection: socket.socket, worker: Worker) -> None:
    """Until the parent closes."""
    inbox = Inbox()
    while data := connection.recv(_READ):
        for body in inbox.feed(data):
            operation, argument = unpack(body)
            connection.sendall(pack(worker.answer(operation, argument)))


def main() -> int:
    parser = argparse.ArgumentParser(prog="signing.signer.module_process")
    parser.add_argument("--role", choices=("signers", "authorities"), required=True)
    parser.add_argument("--socket", type=int, required=True, help="number of the inherited descriptor")
    options = parser.parse_args()
    # However the parent ends, this process ends too, also in the middle of a hanging call (prctl(2)).
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # A service manager tells all processes of a service to end; the parent still has what had arrived to answer.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deploy.settings")
    logging.basicConfig(
        level=logging.INFO, format=f"%(asctime)s %(levelname)s module-{options.role} %(message)s"
    )
    with socket.socket(fileno=options.socket) as connection:
        try:
            worker = Worker(stores.make(options.role))
        except ModuleRefused as refusal:
            connection.sendall(pack([False, refusal.may_pass, str(refusal)]))
            return 1
        connection.sendall(pack([True]))
        serve(connection, worker)
    return 0


if __name__ == "__main__":
    sys.exit(main())
