"""The signer's socket: one thread takes everything that waits, signs it, syncs the journal once, then answers.

One thread, because the key module takes no second one and handing requests over costs more than reading them; what
arrives meanwhile waits in the kernel, which is the back-pressure.

Only the allowed users may speak (SO_PEERCRED, unix(7)); the folder has mode 0700, the socket 0600, unless a group
is named. A broken frame closes its connection and disturbs nobody else.
"""

import fcntl
import logging
import os
import selectors
import socket
import stat
import struct
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from signing.signer.making import Making
from signing.signer.roles import BadRequest, Role
from signing.signer.wire import BadFrame, Inbox, Request, pack, request

MAX_CONNECTIONS = 256
BACKLOG = 512  # connections that come while a turn is under way
SEND_SECONDS = 5
_CREDENTIALS = struct.Struct("3i")

log = logging.getLogger(__name__)


class CannotListen(SystemExit):
    """The socket's place is not ours, or another instance serves it."""


class _Waiting(NamedTuple):
    connection: socket.socket
    request: Request


def _lock(path: Path) -> int:
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise CannotListen(f"another process serves {path}") from None
    return descriptor


def listen(path: Path, group: int | None = None) -> tuple[socket.socket, int]:
    """The listening socket and the lock that keeps a second instance away; CannotListen says why not.

    With a group id its members reach the socket too: folder 0750, socket 0660.
    """
    _make_folder(path.parent, group)
    lock = _lock(path)
    path.unlink(missing_ok=True)  # left behind by a killed instance: the lock says nobody serves it
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    if group is not None:
        os.chown(path, -1, group)
        path.chmod(0o660)
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener, lock


def _make_folder(folder: Path, group: int | None) -> None:
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if group is not None:
            os.chown(folder, -1, group)
            folder.chmod(0o750)
    found = folder.lstat()
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    too_open = found.st_mode & (0o077 if group is None else 0o027)
    if not is_ours or too_open or (group is not None and found.st_gid != group):
        who = "alone (chmod 700)" if group is None else f"and group {group} (chmod 750)"
        raise CannotListen(f"{folder} must be a folder of this user {who}")


class Server:
    """`serve` returns after `stop`, when everything that had arrived is answered but orders for keys."""

    def __init__(self, listener: socket.socket, role: Role, allowed: Iterable[int]) -> None:
        self._listener, self._role, self._allowed = listener, role, frozenset(allowed)
        self._inboxes: dict[socket.socket, Inbox] = {}
        self._selector = selectors.DefaultSelector()
        self._making = Making(role.keys, self._selector)
        self._wake, self._woken = socket.socketpair()
        self._stopping = False

    def serve(self) -> None:
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        while not self._stopping:
            self._turn(self._making.rest(self._role.keys.rest))
        self._making.end()  # whoever waits for keys asks again
        self._turn(0)  # what arrived during the last turn
        self._making.end()

    def stop(self) -> None:
        """Safe inside a signal handler."""
        self._wake.send(b"\x00")

    def _turn(self, seconds: float | None) -> None:
        """Everything that waits on any connection, signatures first; then a step towards keys that are to be made."""
        self._role.keys.tend()
        waiting: list[_Waiting] = []
        ended: list[socket.socket] = []
        for key, _ in self._selector.select(seconds):
            source = key.fileobj
            if source is self._listener:
                self._accept()
            elif source is self._woken:
                self._stopping = True
            elif isinstance(source, socket.socket) and not self._receive(source, waiting):
                ended.append(source)
        signing = [item for item in waiting if item.request.operation == "sign"]
        self._answer(signing)
        for item in waiting:
            if item.request.operation in self._role.orders:
                self._order(item)
            elif item.request.operation != "sign":
                self._answer([item])
        for connection in ended:
            self._close(connection)
        for made in self._making.step(is_signing=bool(signing)):
            answer = (
                [made.number, False, "module_failed"] if made.keys is None else [made.number, True, made.keys]
            )
            _send(made.connection, pack(answer))

    def _accept(self) -> None:
        """All that wait, for there is only one turn between two long batches."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                return
            except OSError as problem:  # gone again, or no descriptor left
                log.warning("no connection accepted: %s", problem)
                time.sleep(0.05)
                return
            self._admit(connection)

    def _admit(self, connection: socket.socket) -> None:
        peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        _, user, _ = _CREDENTIALS.unpack(peer)
        if user not in self._allowed or len(self._inboxes) >= MAX_CONNECTIONS:
            log.warning("connection of user %s refused", user)
            connection.close()
            return
        connection.settimeout(SEND_SECONDS)
        self._inboxes[connection] = Inbox(self._role.max_frame)
        self._selector.register(connection, selectors.EVENT_READ)

    def _receive(self, connection: socket.socket, waiting: list[_Waiting]) -> bool:
        """Adds the requests that are complete now; False when the connection is to be closed."""
        try:
            data = connection.recv(1 << 18)
            for body in self._inboxes[connection].feed(data):
                waiting.append(_Waiting(connection, request(body)))
        except (BadFrame, OSError) as problem:
            log.warning("connection closed: %s", problem)
            return False
        return bool(data)

    def _close(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        self._making.forget(connection)
        del self._inboxes[connection]
        connection.close()

    def _answer(self, items: list[_Waiting]) -> None:
        replies = self._replies(items)
        self._role.settle()  # an error here ends the process: no reply leaves without its journal line
        for connection, reply in replies:
            _send(connection, reply)

    def _order(self, item: _Waiting) -> None:
        number, operation, argument = item.request
        try:
            order = self._role.orders[operation](argument)
        except BadRequest:
            _send(item.connection, pack([number, False, "malformed"]))
            return
        if not self._making.take(item.connection, number, order):
            _send(item.connection, pack([number, False, "busy"]))

    def _replies(self, items: list[_Waiting]) -> list[tuple[socket.socket, bytes]]:
        together = self._role.together.get(items[0].request.operation) if len(items) > 1 else None
        if together is None:
            return [(item.connection, self._reply(item.request)) for item in items]
        try:
            results = together([item.request.argument for item in items])
        except Exception:
            log.exception("%s failed", items[0].request.operation)
            results = [None] * len(items)
        return [
            (item.connection, _packed(item.request, result))
            for item, result in zip(items, results, strict=True)
        ]

    def _reply(self, asked: Request) -> bytes:
        operation = self._role.operations.get(asked.operation)
        if asked.operation == "ping":
            is_there = self._role.keys.is_there
            return pack([asked.number, is_there, os.getpid() if is_there else "module_away"])
        if operation is None:
            return pack([asked.number, False, "unknown_operation"])
        try:
            return pack([asked.number, True, operation(asked.argument)])
        except BadRequest:
            return pack([asked.number, False, "malformed"])
        except Exception:
            log.exception("%s failed", asked.operation)
            return pack([asked.number, False, "module_failed"])


def _send(connection: socket.socket, reply: bytes) -> None:
    try:
        connection.sendall(reply)
    except OSError as problem:
        log.warning("reply not delivered: %s", problem)


def _packed(asked: Request, result: object) -> bytes:
    if result is None:
        return pack([asked.number, False, "module_failed"])
    return pack(
        [asked.number, False, "malformed"] if isinstance(result, BadRequest) else [asked.number, True, result]
    )
