"""The asking side: keeps one zygote alive and asks it about one file at a time per thread.

Safe in threads and after a fork (a forked process starts its own zygote when it first needs one).
"""

import atexit
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from enrollment.pictures import limits, wire

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "enrollment.pictures.zygote")
AT_ONCE = max(2, min(4, os.cpu_count() or 2))

# No secret of ours reaches it. Large pages make a child's memory cheap (glibc's malloc.hugetlb: half the page faults),
# and it has one thread, because it forks.
ENVIRONMENT = {
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "OPENBLAS_NUM_THREADS": "1",
}


class Killed(RuntimeError):
    """The child ended without an answer: its limits, or the file, have killed it."""


class Unavailable(RuntimeError):
    """No decoder could be started, or too many files wait; it says nothing about the file."""


class Zygote:
    """A lazily started decoder process; `ask` may be called from any thread."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = command
        self._forget()
        os.register_at_fork(after_in_child=self._forget)
        atexit.register(self.stop)

    def _forget(self) -> None:
        """Start from nothing; in a forked process the other's zygote is left to the other."""
        inherited: subprocess.Popen[bytes] | None = getattr(self, "_process", None)
        if inherited:
            inherited.returncode = 0
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    @property
    def pid(self) -> int:
        """The running zygote's process id, 0 when there is none."""
        return self._process.pid if self._process else 0

    def ask(self, head: dict[str, Any], body: bytes) -> wire.Frame:
        """One file's verdict within about ten seconds; raises `Killed` or `Unavailable`."""
        until = time.monotonic() + limits.PATIENCE_SECONDS
        if not self._places.acquire(timeout=limits.PATIENCE_SECONDS):
            raise Unavailable("too many files at once")
        try:
            with wire.MemoryFile(body) as upload, wire.MemoryFile() as copy:
                with self._asked(head, upload, copy) as connection:
                    connection.settimeout(max(0.1, until - time.monotonic()))
                    answer = wire.receive_head(connection)
                if answer.get("code") == wire.BUSY:
                    raise Unavailable("the machine had no time for it")
                return wire.Frame(answer, wire.read(copy.descriptor))
        except TimeoutError as problem:  # its own limits would have ended the child: this machine is too busy
            raise Unavailable("no answer in time") from problem
        except (wire.BadFrame, OSError) as problem:
            raise Killed(str(problem)) from problem
        finally:
            self._places.release()

    def stop(self) -> None:
        """End the process; the next question starts another."""
        with self._lock:
            self._stop()

    def _stop(self) -> None:
        if self._control:
            self._control.close()
        if self._process:
            self._process.kill()
            self._process.wait()
        self._process, self._control = None, None

    def _asked(self, head: dict[str, Any], upload: wire.MemoryFile, copy: wire.MemoryFile) -> socket.socket:
        """A connection to a child that lives; where there is none, the zygote has died and is started anew."""
        question = json.dumps(head).encode()
        for _attempt in range(2):
            ours, theirs = socket.socketpair()
            with theirs, ExitStack() as unless_it_lives:
                unless_it_lives.enter_context(ours)
                ours.settimeout(limits.PATIENCE_SECONDS)
                asked = self._hand_over(question, [theirs.fileno(), upload.descriptor, copy.descriptor])
                if asked and _lives(ours, theirs):
                    unless_it_lives.pop_all()
                    return ours
                self._replace(asked)
        raise Unavailable("the decoder ends as soon as it starts")

    def _hand_over(self, question: bytes, descriptors: list[int]) -> "subprocess.Popen[bytes] | None":
        """The process that has taken the question; None when it was gone."""
        with self._lock:
            try:
                socket.send_fds(self._running(), [question], descriptors)
            except OSError:
                self._stop()
                return None
            return self._process

    def _replace(self, failed: "subprocess.Popen[bytes] | None") -> None:
        """Stop a process that took a connection and never answered, unless another thread has done so."""
        with self._lock:
            if failed and failed is self._process:
                self._stop()

    def _running(self) -> socket.socket:
        if self._process and self._process.poll() is None and self._control:
            return self._control
        self._stop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - a constant command
                self._command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                cwd=ROOT,
                env=ENVIRONMENT,
            )
        ours.settimeout(limits.START_SECONDS)
        self._control = ours
        try:
            ready = ours.recv(16)
        except OSError as problem:
            self._stop()
            raise Unavailable("the decoder does not start") from problem
        if not ready:
            self._stop()
            raise Unavailable("the decoder does not start")
        return ours


def _lives(connection: socket.socket, theirs: socket.socket) -> bool:
    """Whether a child says hello; our copy of its end is closed first, so that its death can be noticed."""
    theirs.close()
    try:
        return connection.recv(len(wire.HELLO)) == wire.HELLO
    except OSError:
        return False


zygote = Zygote()
