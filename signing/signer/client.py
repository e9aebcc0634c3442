"""The only way to the signer process: one kept connection per thread, and errors that say what is certain.

`SignerUnavailable`: the request never arrived whole, so nothing was signed. `OutcomeUnknown`: it was sent and no
reply came, so an item in it may have been signed and is never signed again (decision 12).
"""

import itertools
import os
import select
import socket
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from django.conf import settings

from signing.keystore import Algorithm, KeyKind, NewKey
from signing.signer.wire import MAX_FRAME, MAX_LIST_FRAME, BadFrame, Inbox, Outcome, pack, unpack

SECONDS = 10.0
KEY_SECONDS = 3.0  # more for each key that is to be made: RSA-3072, beside signatures


class SignerUnavailable(Exception):
    """Surely not signed: the request could not be handed over."""


class OutcomeUnknown(Exception):
    """The request was sent; whether it was carried out is not known."""


class Declined(Exception):
    """No for the whole frame: too_long, malformed, unknown_operation, busy (nothing was done) or module_failed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Opened(NamedTuple):
    handle: bytes
    public_key: bytes


class Signed(NamedTuple):
    signature: bytes


class NotSigned(NamedTuple):
    """Certain: no signature was made (decision 12: the item goes back to authorised)."""

    reason: str


class Unknown(NamedTuple):
    """The key module failed in the middle: the item is failed for ever."""

    reason: str


class NotOpened(NamedTuple):
    reason: str


Result: TypeAlias = Signed | NotSigned | Unknown


class Item(NamedTuple):
    """One authorised hash: `key` is a handle of `open` or a wrapped key, `item` the row's public id."""

    key: bytes
    item: UUID
    digest: bytes
    algorithm: Algorithm


class _Connection:
    def __init__(self, path: Path, seconds: float) -> None:
        self.owner = os.getpid()  # a forked worker must not share its parent's connection
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(seconds)
        try:
            self._connect(str(path), time.monotonic() + seconds)
        except OSError as problem:
            self._socket.close()
            raise SignerUnavailable(f"no signer at {path}") from problem

    def _connect(self, path: str, deadline: float) -> None:
        while True:
            try:
                return self._socket.connect(path)
            except (
                BlockingIOError
            ):  # unix(7): the listener's queue is full, and a socket with a timeout is not let wait
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def is_dead(self) -> bool:
        """Readable while nothing was asked: the other end has closed."""
        poll = select.poll()  # not select(): a busy server holds more than 1,024 descriptors
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def send(self, frame: bytes, seconds: float) -> None:
        """`seconds`: how long this and the answer may each take."""
        self._socket.settimeout(seconds)
        try:
            self._socket.sendall(frame)
        except OSError as problem:  # not handed over whole, so no frame arrived
            raise SignerUnavailable("the signer went away") from problem

    def receive(self) -> Any:
        inbox = Inbox()
        try:
            while True:
                data = self._socket.recv(1 << 18)
                if not data:
                    raise OutcomeUnknown("the signer closed before its reply")
                for body in inbox.feed(data):
                    return unpack(body)
        except (OSError, BadFrame) as problem:
            raise OutcomeUnknown("no reply of the signer") from problem

    def close(self) -> None:
        self._socket.close()


class _Caller:
    """Safe to share between threads; each has its own connection."""

    max_frame = MAX_FRAME

    def __init__(self, path: Path, seconds: float = SECONDS) -> None:
        self._path, self._seconds = path, seconds
        self._local = threading.local()
        self._numbers = itertools.count(1)

    def ping(self) -> int:
        """The signer's process id; Declined("module_away") while its key module is being started again."""
        return int(self._call("ping", None))

    def disconnect(self) -> None:
        """Close this thread's connection, if it has one."""
        connection: _Connection | None = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            connection.close()

    def _connection(self) -> _Connection:
        kept: _Connection | None = getattr(self._local, "connection", None)
        if kept is not None and (kept.owner != os.getpid() or kept.is_dead()):
            self.disconnect()
            kept = None
        if kept is None:
            kept = self._local.connection = _Connection(self._path, self._seconds)
        return kept

    def _call(self, operation: str, argument: object, more: float = 0.0) -> Any:
        number = next(self._numbers)
        try:
            frame = pack([number, operation, argument], self.max_frame)
        except BadFrame:
            raise Declined("too_long") from None
        connection = self._connection()
        try:
            connection.send(frame, self._seconds + more)
            reply = connection.receive()
            if not (isinstance(reply, list) and len(reply) == 3 and reply[0] == number):
                raise OutcomeUnknown("a reply to something else")
        except (SignerUnavailable, OutcomeUnknown):
            self.disconnect()  # a late reply must not meet the next request
            raise
        if reply[1] is not True:
            raise Declined(str(reply[2]))
        return reply[2]


def _result(value: Any) -> Result:
    outcome, content = value
    if outcome == Outcome.SIGNED:
        return Signed(content)
    return NotSigned(content) if outcome == Outcome.NOT_SIGNED else Unknown(content)


class Signers(_Caller):
    """The instance that holds the signers' keys."""

    def generate(self, count: int, kind: KeyKind = KeyKind.RSA_2048) -> list[NewKey]:
        """`count` (1 to 64) fresh keys; one that is not stored is simply lost (decision 17).

        They are made beside the signatures, one of each caller's in turn. Declined("busy"): too many callers wait.
        """
        made = self._call("generate", [count, kind.value], KEY_SECONDS * count)
        return [NewKey(*pair) for pair in made]

    def open(self, keys: Sequence[tuple[bytes, datetime]]) -> list[Opened | NotOpened]:
        """Unwrap each (wrapped key, until); the handle dies at that moment of the product's time."""
        answers = self._call("open", [[bytes(wrapped), until.timestamp()] for wrapped, until in keys])
        return [Opened(*what) if outcome == Outcome.SIGNED else NotOpened(what) for outcome, what in answers]

    def close(self, handles: Sequence[bytes]) -> int:
        """Forget these handles; returns how many were open."""
        return int(self._call("close", list(handles)))

    def sign(self, items: Sequence[Item]) -> list[Result]:
        """One result per item in the same order. The signer refuses an item that it has signed before."""
        batch = [[bytes(one.key), one.item.bytes, bytes(one.digest), one.algorithm.value] for one in items]
        return [_result(value) for value in self._call("sign", batch)]


class Authorities(_Caller):
    """The instance that holds the authorities' keys, their responders' and the log key."""

    max_frame = MAX_LIST_FRAME

    def issue(self, orders: Sequence[tuple[str, bytes]]) -> list[Result]:
        """Each (key name, to-be-signed certificate or CRL) signed by RSA_SHA256: always the same bytes."""
        return [_result(value) for value in self._call("issue", [[name, body] for name, body in orders])]

    def answer(self, orders: Sequence[tuple[str, bytes]]) -> list[Result]:
        """Each (responder's key name, OCSP ResponseData) signed by RSA_SHA256; at most 4,096 at once."""
        return [_result(value) for value in self._call("answer", [[name, body] for name, body in orders])]

    def public(self, names: Sequence[str]) -> list[bytes]:
        """SubjectPublicKeyInfo of each named key, which is made when first asked for; Declined for a bad name."""
        answers = self._call("public", list(names))
        for outcome, what in answers:
            if outcome != Outcome.SIGNED:
                raise Declined(what)
        return [what for _, what in answers]

    def log_sign(self, data: bytes) -> bytes:
        """The log key's signature (RSA PKCS#1 v1.5, SHA-256) over at most 8 kB (decision 23)."""
        result = _result(self._call("log_sign", data))
        if not isinstance(result, Signed):
            raise Declined(result.reason)
        return result.signature


@lru_cache(maxsize=4)
def _signers(path: Path) -> Signers:
    return Signers(path)


@lru_cache(maxsize=4)
def _authorities(path: Path) -> Authorities:
    return Authorities(path)


def signers() -> Signers:
    """The client of settings.SIGNER_SOCKET."""
    return _signers(settings.SIGNER_SOCKET)


def authorities() -> Authorities:
    """The client of settings.ISSUER_SOCKET."""
    return _authorities(settings.ISSUER_SOCKET)
