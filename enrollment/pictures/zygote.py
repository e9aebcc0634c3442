"""The decoder's parent: loads the libraries once, then forks one child per file (decision 28).

`python -m enrollment.pictures.zygote` with a SEQPACKET socket as standard input: each message carries one
connection, on which the child reads a file and writes its verdict in the frames of `wire`. It is single-threaded
(so that forking is sound), knows no Django and no secrets, and ends when the socket closes.
"""

import contextlib
import importlib
import os
import resource
import select
import signal
import socket
import time
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from enrollment.pictures import limits, raster, structure, wire

documents: ModuleType | None = None
if find_spec("pikepdf") and find_spec("pypdfium2"):  # an optional extra (PH-50)
    documents = importlib.import_module("enrollment.documents")

READY = b"ready"


def verdict(head: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    """The answer's head and the shown copy; every failure to decode is `file_broken` (PH-17)."""
    try:
        if head["kind"] == "pdf":
            return _document(data)
        structure.check(head["kind"], data)
        found = raster.accept(head["kind"], data, photo=head["photo"])
    except raster.TooLarge as problem:
        return {"code": "image_too_large", "width": problem.width, "height": problem.height}, b""
    except Exception:
        return {"code": "file_broken"}, b""
    answer = {
        "code": "",
        "width": found.width,
        "height": found.height,
        "frames": found.frames,
        "tones": found.tones,
        "mean": found.mean,
        "taken": found.taken.isoformat() if found.taken else "",
        "pages": 1,
    }
    return answer, found.shown


def _document(data: bytes) -> tuple[dict[str, Any], bytes]:
    if documents is None:
        return {"code": "file_type"}, b""
    try:
        pages = documents.accept(data)
    except documents.DocumentRefused as problem:
        return {"code": problem.code, "pages": problem.pages}, b""
    answer = {"code": "", "width": pages[0].width, "height": pages[0].height, "pages": len(pages)}
    return answer, raster.stacked(pages)


def _child(connection: socket.socket) -> None:
    """One file, under limits that hold even if a decoder is taken over."""
    connection.settimeout(limits.WALL_SECONDS)
    connection.sendall(wire.HELLO)
    frame = wire.receive(connection)
    seconds = limits.CPU_SECONDS[frame.head["kind"]]
    for what, most in (
        (resource.RLIMIT_AS, limits.MEMORY_BYTES),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(what, (most, most))
    signal.setitimer(signal.ITIMER_REAL, limits.WALL_SECONDS)
    wire.send(connection, *verdict(frame.head, frame.body))


def _fork(control: socket.socket, connection: socket.socket) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    with contextlib.suppress(BaseException):  # nothing that a file does may reach the parent's code
        control.close()
        quiet = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(quiet, descriptor)
        _child(connection)
        code = 0
    os._exit(code)


def _reap(children: dict[int, float]) -> None:
    """Collect the dead; end those that outlived their time, whatever they did to their own timer."""
    for child, deadline in list(children.items()):
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
        if os.waitpid(child, os.WNOHANG)[0]:
            del children[child]


def serve(control: socket.socket) -> None:
    children: dict[int, float] = {}
    control.sendall(READY)
    while True:
        _reap(children)
        if not select.select([control], [], [], 0.2 if children else None)[0]:
            continue
        message, descriptors, _flags, _address = socket.recv_fds(control, 1, 1)
        if not message:
            return
        for descriptor in descriptors:
            with socket.socket(fileno=descriptor) as connection:
                children[_fork(control, connection)] = time.monotonic() + limits.WALL_SECONDS + 1


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl+C is the parent's business
    serve(socket.socket(fileno=os.dup(0)))
