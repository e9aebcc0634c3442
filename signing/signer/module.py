"""The key module from outside: a child process with a deadline for each call, a breaker, and new starts (decision 17).

A call that misses its deadline, a child that dies and a module that fails three times running all end the same way:
the child is killed and started again, at once the first time, then after a pause that doubles up to half a minute.
Meanwhile every call is refused at once (the breaker), which says for certain that nothing was signed. A signature that
the child had been handed and did not answer is one of which nobody knows. At most 16 are handed over at a time, so a
batch that meets a hanging module loses no more than those.

A new child knows no handle of the former one: `generation` tells, and the keys are opened again from their wrapped
form. It logs in again too; a PIN that is refused is not tried a second time.
"""

import logging
import socket
import subprocess
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from signing.keystore import MODULE_LOST, Handle, KeyKind, ModuleRefused, NewKey, NotSigned, OpenKey
from signing.signer.keys import Order, Result
from signing.signer.wire import BadFrame, Inbox, Outcome, pack, unpack

CHUNK = 8  # signatures in one frame
AHEAD = 2  # frames with the child, so that it never waits for us
START_SECONDS = 30.0
GENERATE_SECONDS = 9.0  # RSA-3072 may take some; below the callers' own ten seconds
FAILURES = 3
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 30.0
_END_SECONDS = 2.0
_READ = 1 << 18

log = logging.getLogger(__name__)


class ModuleGone(Exception):
    """The child did not answer what it had been handed."""


class _Remote(NamedTuple):
    """A handle: a number of the child of that generation."""

    generation: int
    number: int


class _Child:
    def __init__(self, command: Sequence[str]) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
                [*command, "--socket", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the parent
            )
        self.is_ready = False
        self.started_at = time.monotonic()
        self._inbox, self._frames = Inbox(), deque[bytes]()

    def send(self, content: object, seconds: float) -> None:
        """OSError when the frame was not handed over whole."""
        self._socket.settimeout(seconds)
        self._socket.sendall(pack(content))

    def receive(self, seconds: float) -> Any:
        """The next frame; ModuleGone when none comes within so many seconds, or ever."""
        until = time.monotonic() + seconds
        while not self._frames:
            self._socket.settimeout(max(until - time.monotonic(), 0.0001))
            try:
                data = self._socket.recv(_READ)
            except TimeoutError:
                raise ModuleGone(f"no answer within {seconds:g} s") from None
            except OSError as problem:
                raise ModuleGone(str(problem)) from None
            if not data:
                raise ModuleGone("it has ended")
            self._frames.extend(self._inbox.feed(data))
        try:
            return unpack(self._frames.popleft())
        except BadFrame as problem:
            raise ModuleGone(str(problem)) from None

    def end(self, seconds: float = 0) -> None:
        """Closed, and killed where closing is not enough; a stopped process dies of it too."""
        self._socket.close()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            try:
                self.process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:  # inside a driver that cannot be interrupted
                log.error("process %s does not die", self.process.pid)


class Module:
    """Keys (keys.py) over a child. `command` starts it; `seconds` is the deadline of a call to open or sign."""

    rest: float | None = 0.25
    may_fork = False  # the child and its one session are this process's alone

    def __init__(self, command: Sequence[str], seconds: float) -> None:
        self._command, self._seconds = command, seconds
        self.generation = 0
        self._child: _Child | None = None
        self._residents: dict[str, OpenKey] = {}
        self._failures = 0
        self._pause = 0.0
        self._retry_at = 0.0
        self._is_barred = False

    def begin(self) -> None:
        """The first start, waited for; ModuleRefused says why there is none."""
        self._child = child = _Child(self._command)
        try:
            self._greet(child, START_SECONDS)
        except ModuleGone as problem:
            raise ModuleRefused(f"the key module's process did not start: {problem}") from None
        finally:
            if not child.is_ready:
                child.end()

    def tend(self) -> None:
        """Notices a child that died, one that has become ready, and that a pause is over."""
        child = self._child
        if child is None:
            if not self._is_barred and time.monotonic() >= self._retry_at:
                self._start()
            return
        try:
            if not child.is_ready:
                self._greet(child, 0)
            elif child.process.poll() is not None:
                self.lose("it has ended")
        except ModuleRefused as refusal:
            self._is_barred = not refusal.may_pass
            self.lose(str(refusal))
        except ModuleGone as problem:
            is_late = time.monotonic() > child.started_at + START_SECONDS
            if is_late or child.process.poll() is not None:
                self.lose(str(problem))

    def end(self) -> None:
        if self._child is not None:
            self._child.end(_END_SECONDS)
            self._child = None

    def generate(self, kind: KeyKind) -> NewKey:
        return NewKey(*self._call("generate", kind.value, max(GENERATE_SECONDS, self._seconds)))

    def open(self, wrapped: bytes) -> OpenKey:
        number, public_key = self._call("open", wrapped, self._seconds)
        return OpenKey(_Remote(self.generation, number), public_key)

    def close(self, handle: Handle) -> None:
        """A handle of a former child is closed already, and so is one of a child that is lost now."""
        if isinstance(handle, _Remote) and handle.generation == self.generation:
            with suppress(NotSigned):
                self._call("close", handle.number, self._seconds)

    def resident(self, name: str) -> OpenKey:
        self.tend()
        if name not in self._residents:
            number, public_key = self._call("resident", name, max(GENERATE_SECONDS, self._seconds))
            self._residents[name] = OpenKey(_Remote(self.generation, number), public_key)
        return self._residents[name]

    def sign_many(self, orders: Sequence[Order]) -> list[Result]:
        results: list[Result] = [NotSigned("module_away")] * len(orders)
        try:
            child = self._living()
        except NotSigned:
            return results
        flights = []
        for place, order in enumerate(orders):
            if isinstance(order.handle, _Remote) and order.handle.generation == self.generation:
                flights.append(_Flight(place, order.handle.number, order))
            else:
                results[place] = NotSigned("not_open")
        _Batch(self, child, flights, results).run(self._seconds)
        return results

    def note(self, outcome: int, content: Any) -> None:
        """Counts what speaks for a sick module."""
        if outcome == Outcome.UNKNOWN or content == MODULE_LOST:
            self._failures += 1

    def note_signature(self) -> None:
        """Only a signature shows that all is well: some broken modules still open keys."""
        self._failures, self._pause = 0, 0.0

    @property
    def is_sick(self) -> bool:
        return self._failures >= FAILURES

    @property
    def is_there(self) -> bool:
        return self._child is not None and self._child.is_ready

    def _living(self) -> _Child:
        """NotSigned while there is none: the breaker is open."""
        self.tend()
        if self._child is None or not self.is_there:
            raise NotSigned("module_away")
        return self._child

    def _call(self, operation: str, argument: object, seconds: float) -> Any:
        """NotSigned, also when the child was lost meanwhile: none of these calls signs."""
        child = self._living()
        try:
            child.send([operation, argument], seconds)
            outcome, content = child.receive(seconds)
        except (OSError, ModuleGone) as problem:
            self.lose(f"{operation}: {problem}")
            raise NotSigned("module_away") from None
        self.note(outcome, content)
        if self.is_sick:
            self.lose(f"{operation}: it keeps failing")
        if outcome != Outcome.SIGNED:
            raise NotSigned(content)
        return content

    def _start(self) -> None:
        try:
            self._child = _Child(self._command)
        except OSError as problem:  # no process, no descriptor
            self.lose(f"it cannot be started: {problem}")

    def _greet(self, child: _Child, seconds: float) -> None:
        """ModuleGone while it has said nothing, ModuleRefused when it could make no store."""
        said = child.receive(seconds)
        if not said[0]:
            raise ModuleRefused(said[2], may_pass=said[1])
        child.is_ready = True
        log.info("the key module is ready (process %s)", child.process.pid)

    def lose(self, why: str) -> None:
        """Killed; the next one at once when all was well before, else after a pause."""
        child, self._child = self._child, None
        if child is not None:
            child.end()
        self.generation += 1
        self._residents.clear()
        self._failures = 0
        self._retry_at = time.monotonic() + self._pause
        log.error("the key module is lost (%s)%s", why, ", for good" if self._is_barred else "")
        is_first = not self._pause
        self._pause = min(max(2 * self._pause, _FIRST_PAUSE), _LONGEST_PAUSE)
        if is_first:
            self.tend()


class _Flight(NamedTuple):
    """One signature on its way: its place among the results, the child's number of its key, and the order."""

    place: int
    number: int
    order: Order


class _Batch:
    """One call's signatures on their way to the child and back, a few at a time."""

    def __init__(
        self, module: Module, child: _Child, flights: Sequence[_Flight], results: list[Result]
    ) -> None:
        self._module, self._child, self._results = module, child, results
        self._waiting = deque(flights[start : start + CHUNK] for start in range(0, len(flights), CHUNK))
        self._flying: deque[Sequence[_Flight]] = deque()

    def run(self, seconds: float) -> None:
        """Fills `results`; what was never handed over keeps what stands there."""
        try:
            while self._waiting or self._flying:
                while self._waiting and len(self._flying) < AHEAD:
                    self._child.send(["sign", _frame(self._waiting[0])], seconds)
                    self._flying.append(self._waiting.popleft())
                self._take(self._child.receive(seconds))
                if self._module.is_sick:
                    self._waiting.clear()  # what the child has it may still answer; more it does not get
        except (OSError, ModuleGone) as problem:
            for chunk in self._flying:
                for flight in chunk:
                    self._results[flight.place] = ModuleGone("it was lost while signing")
            self._module.lose(f"sign: {problem}")
            return
        if self._module.is_sick:
            self._module.lose("sign: it keeps failing")

    def _take(self, answers: Any) -> None:
        if not isinstance(answers, list) or len(answers) != len(self._flying[0]):
            raise ModuleGone("it answered something else")
        for flight, (outcome, content) in zip(self._flying.popleft(), answers, strict=True):
            if outcome == Outcome.SIGNED:
                self._module.note_signature()
                self._results[flight.place] = content
            else:
                self._module.note(outcome, content)
                is_certain = outcome == Outcome.NOT_SIGNED
                self._results[flight.place] = NotSigned(content) if is_certain else ModuleGone(content)


def _frame(chunk: Sequence[_Flight]) -> list[list[object]]:
    return [[number, order.digest, order.algorithm.value] for _, number, order in chunk]
