"""Keys are made beside the signatures, for making one takes as long as some four hundred of them.

Orders wait in a ring and get one key each in turn, so that nobody's one key waits for somebody's sixty-four. A store of
this process makes a key in a forked child: a thread would not do, for the full check of a new RSA key keeps the
interpreter for 30 ms. A key module takes no second caller: it makes one when nobody has asked for a signature for QUIET
seconds, and whoever asks, HOLD_BACK seconds after the one before.
"""

import logging
import os
import selectors
import signal
import socket
import time
from collections import deque
from contextlib import suppress
from typing import NamedTuple, NoReturn

from signing.keystore import KeyKind, NewKey
from signing.signer.keys import Keys
from signing.signer.wire import Inbox, pack, unpack

MAX_ORDERS = 32
QUIET, HOLD_BACK = 0.02, 0.5
_CHILD_SECONDS = 60.0
_NICE = 10  # signatures go first where there is one core for both
_READ = 1 << 16

log = logging.getLogger(__name__)


class KeyOrder(NamedTuple):
    how_many: int
    kind: KeyKind


class Made(NamedTuple):
    """The answer to an order: `[wrapped, public key]` of each key; None: the store failed."""

    connection: socket.socket
    number: int
    keys: list[list[bytes]] | None


class _Waiting:
    def __init__(self, connection: socket.socket, number: int, order: KeyOrder) -> None:
        self.connection, self.number, self.order = connection, number, order
        self.keys: list[list[bytes]] = []

    def made(self, is_good: bool) -> Made:
        return Made(self.connection, self.number, self.keys if is_good else None)


class _Child:
    """One key by one forked process; `pipe` is readable when it has come, or will not. OSError: no process, no pipe."""

    def __init__(self, keys: Keys, waiting: _Waiting) -> None:
        self.waiting, self.until = waiting, time.monotonic() + _CHILD_SECONDS
        self.pipe, theirs = os.pipe()
        try:
            self.pid = os.fork()
        except OSError:
            os.close(self.pipe)
            raise
        else:
            if not self.pid:
                _make(keys, waiting.order.kind, theirs)
        finally:
            os.close(theirs)
        os.set_blocking(self.pipe, False)

    def key(self) -> NewKey | None:
        """None while it is being made. Raises EOFError, TimeoutError."""
        try:
            data = os.read(self.pipe, _READ)
        except BlockingIOError:
            if time.monotonic() < self.until:
                return None
            raise TimeoutError("a key took too long") from None
        frames = Inbox().feed(data)  # shorter than PIPE_BUF, so it comes whole or not at all (pipe(7))
        if not frames:
            raise EOFError("no key came of its child")
        return NewKey(*unpack(frames[0]))

    def end(self) -> None:
        os.close(self.pipe)
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)  # it has nothing left to do, whatever state it is in
        os.waitpid(self.pid, 0)


def _make(keys: Keys, kind: KeyKind, pipe: int) -> NoReturn:
    """In the child, which holds nothing of its parent's: no connection, no lock, no handler."""
    code = 1
    try:
        os.closerange(3, pipe)
        os.closerange(pipe + 1, os.sysconf("SC_OPEN_MAX"))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.nice(_NICE)
        os.write(pipe, pack(list(keys.generate(kind))))
        code = 0
    except Exception:
        log.exception("no key")
    finally:  # nothing that happens here may reach the parent's code
        os._exit(code)


class Making:
    """Owned by the thread of the server, whose selector it wakes."""

    def __init__(self, keys: Keys, selector: selectors.BaseSelector) -> None:
        self._keys, self._selector = keys, selector
        self._ring: deque[_Waiting] = deque()
        self._child: _Child | None = None
        self._asked_at = self._made_at = 0.0

    def take(self, connection: socket.socket, number: int, order: KeyOrder) -> bool:
        """False where too many wait already."""
        if len(self._ring) >= MAX_ORDERS:
            return False
        self._ring.append(_Waiting(connection, number, order))
        return True

    def forget(self, connection: socket.socket) -> None:
        """Nobody waits there any more; a key that is under way is simply lost (decision 17)."""
        self._ring = deque(each for each in self._ring if each.connection is not connection)

    def rest(self, otherwise: float | None) -> float | None:
        """Seconds after which `step` is to be called, if nothing happens before."""
        if self._child is None and not self._ring:
            return otherwise
        due = self._due_at() if self._child is None else self._child.until
        mine = max(due - time.monotonic(), 0.0)
        return mine if otherwise is None else min(mine, otherwise)

    def _due_at(self) -> float:
        """When the module may make its next key."""
        return min(self._asked_at + QUIET, self._made_at + HOLD_BACK)

    def step(self, *, is_signing: bool) -> list[Made]:
        """Goes on with one key; the orders that are complete now. `is_signing`: signatures were asked for just now."""
        if self._keys.may_fork:
            return self._beside()
        now = time.monotonic()
        if is_signing:
            self._asked_at = now
        if not self._ring or now < self._due_at():
            return []
        waiting = self._ring.popleft()
        try:
            key = self._keys.generate(waiting.order.kind)
        except Exception as problem:
            return [self._failed(waiting, problem)]
        finally:
            self._made_at = time.monotonic()
        return self._got(waiting, key)

    def end(self) -> None:
        self._ring.clear()
        self._bury()

    def _beside(self) -> list[Made]:
        made: list[Made] = []
        if self._child is not None:
            waiting = self._child.waiting
            try:
                key = self._child.key()
                if key is None:
                    return []
                made = self._got(waiting, key) if self._took(waiting) else []
            except (EOFError, TimeoutError) as problem:
                made = [self._failed(waiting, problem)] if self._took(waiting) else []
            self._bury()
        return made + self._begin_next()

    def _begin_next(self) -> list[Made]:
        if not self._ring:
            return []
        try:
            self._child = _Child(self._keys, self._ring[0])
        except OSError as problem:
            return [self._failed(self._ring.popleft(), problem)]
        self._selector.register(self._child.pipe, selectors.EVENT_READ)
        return []

    def _took(self, waiting: _Waiting) -> bool:
        """Out of the ring, if its caller still waits."""
        is_there = waiting in self._ring
        if is_there:
            self._ring.remove(waiting)
        return is_there

    def _got(self, waiting: _Waiting, key: NewKey) -> list[Made]:
        waiting.keys.append(list(key))
        if len(waiting.keys) == waiting.order.how_many:
            return [waiting.made(True)]
        self._ring.append(waiting)
        return []

    def _failed(self, waiting: _Waiting, problem: Exception) -> Made:
        log.error("no key was made: %s", problem, exc_info=problem)
        return waiting.made(False)

    def _bury(self) -> None:
        if self._child is not None:
            self._selector.unregister(self._child.pipe)
            self._child.end()
            self._child = None
