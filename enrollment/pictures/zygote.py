"""The decoder's parent: loads the libraries once, then forks one child per file (decision 28).

`python -m enrollment.pictures.zygote` with a SEQPACKET socket as standard input: each message is one question as
`wire` describes it. It is single-threaded (so that forking is sound), knows no Django and no secrets, and ends when
the socket closes.
"""

import contextlib
import gc
import importlib
import os
import resource
import select
import signal
import socket
import sys
import time
from importlib.util import find_spec
from mmap import ACCESS_READ, mmap
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from enrollment.pictures import limits, raster, structure, wire
from enrollment.pictures.hints import Finder
from enrollment.pictures.placing import Crop, CropOutside

documents: ModuleType | None = None
if find_spec("pikepdf") and find_spec("pypdfium2"):  # an optional extra (PH-50)
    documents = importlib.import_module("enrollment.documents")


def _mapped() -> int:
    """Bytes of address space that this process has."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


find_faces: Finder | None = None
beside_the_limit = 0  # what the face finder's libraries map before any file is seen
if find_spec("cv2"):  # an optional extra: advisory only
    before = _mapped()
    try:
        find_faces = importlib.import_module("enrollment.pictures.faces").find
    except (
        Exception
    ) as problem:  # another release, without cascades: pictures are judged without looking for faces
        print(f"faces are not looked for: {problem!r}", file=sys.stderr)
    beside_the_limit = _mapped() - before

READY = b"ready"
ROUND_SECONDS = 0.1


def verdict(head: dict[str, Any], upload: int) -> tuple[dict[str, Any], bytes]:
    """The answer's head and the shown copy; every failure to decode is `file_broken` (PH-17)."""
    try:
        crop = Crop(*head["crop"]) if head.get("crop") else None
        if head["kind"] == "pdf":
            return _document(wire.read(upload), crop.turned if crop else 0)
        with mmap(upload, 0, access=ACCESS_READ) as data:
            structure.check(head["kind"], data)
        with open(upload, "rb", closefd=False) as file:
            found = raster.accept(head["kind"], file, photo=head["photo"], crop=crop, find_faces=find_faces)
    except (raster.TooLarge, CropOutside) as problem:
        code = "image_too_large" if isinstance(problem, raster.TooLarge) else "crop_outside"
        return {"code": code, "width": problem.width, "height": problem.height}, b""
    except Exception:
        return {"code": "file_broken"}, b""
    answer = {
        "code": "",
        "width": found.width,
        "height": found.height,
        "shown_width": found.shown_width,
        "shown_height": found.shown_height,
        "frames": found.frames,
        "tones": found.tones,
        "measures": found.measures,
        "taken": found.taken.isoformat() if found.taken else "",
        "pages": 1,
    }
    return answer, found.shown


def _document(data: bytes, turned: int) -> tuple[dict[str, Any], bytes]:
    if documents is None:
        return {"code": "file_type"}, b""
    try:
        pages = documents.accept(data)
    except documents.DocumentRefused as problem:
        return {"code": problem.code, "pages": problem.pages}, b""
    sheet = raster.stacked(pages, turned)
    answer = {
        "code": "",
        "width": pages[0].height if turned in (90, 270) else pages[0].width,
        "height": pages[0].width if turned in (90, 270) else pages[0].height,
        "shown_width": sheet.width,
        "shown_height": sheet.height,
        "pages": len(pages),
    }
    return answer, sheet.shown


def _child(head: dict[str, Any], connection: socket.socket, upload: int, copy: int) -> None:
    """One file, under limits that hold even if a decoder is taken over."""
    connection.settimeout(limits.WALL_SECONDS)
    connection.sendall(wire.HELLO)
    seconds = limits.CPU_SECONDS[head["kind"]]
    for what, most in (
        (resource.RLIMIT_AS, limits.MEMORY_BYTES + beside_the_limit),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, wire.MOST_BODY),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(what, (most, most))
    signal.setitimer(signal.ITIMER_REAL, limits.WALL_SECONDS)
    answer, shown = verdict(head, upload)
    wire.write(copy, shown)
    wire.send_head(connection, answer)


def _fork(control: socket.socket, question: bytes, descriptors: list[int]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    with contextlib.suppress(BaseException):  # nothing that a file does may reach the parent's code
        control.close()
        quiet = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(quiet, descriptor)
        answer, upload, copy = descriptors
        _child(wire.decoded(question), socket.socket(fileno=answer), upload, copy)
        code = 0
    os._exit(code)


class Running(NamedTuple):
    """A child and the end of its connection, which is kept until it has died."""

    kind: str
    deadline: float
    answer: int


def _reap(children: dict[int, Running]) -> None:
    """Collect the dead; end those that outlived their time, whatever they did to their own timer."""
    for child, running in list(children.items()):
        if time.monotonic() > running.deadline:
            os.kill(child, signal.SIGKILL)
        dead, status, used = os.wait4(child, os.WNOHANG)
        if dead:
            del children[child]
            starved = used.ru_utime + used.ru_stime < limits.CPU_SECONDS[running.kind] * limits.STARVED
            _bury(running.answer, is_busy=starved and os.WIFSIGNALED(status) and _by_the_clock(status))


def _by_the_clock(status: int) -> bool:
    return os.WTERMSIG(status) in (signal.SIGALRM, signal.SIGKILL)


def _bury(answer: int, *, is_busy: bool) -> None:
    """Where the clock ran out before the child had its CPU, the machine is to blame and not the file."""
    with socket.socket(fileno=answer) as connection, contextlib.suppress(OSError):
        if is_busy:
            wire.send_head(connection, {"code": wire.BUSY})


def warm() -> None:
    """Decode one small picture of each kind, so that no child pays for what the libraries load at first use."""
    for kind in raster.FORMATS:
        raster.accept(kind, raster.drawn(kind), photo=True, find_faces=find_faces)
    gc.collect()
    gc.freeze()


def serve(control: socket.socket) -> None:
    children: dict[int, Running] = {}
    control.sendall(READY)
    while True:
        _reap(children)
        if not select.select([control], [], [], ROUND_SECONDS if children else None)[0]:
            continue
        question, descriptors, _flags, _address = socket.recv_fds(control, wire.MOST_HEAD, wire.DESCRIPTORS)
        if not question:
            return
        answer, *files = descriptors
        try:
            child = _fork(control, question, descriptors)
        finally:
            for descriptor in files:
                os.close(descriptor)
        kind = wire.decoded(question)["kind"]
        children[child] = Running(kind, time.monotonic() + limits.WALL_SECONDS + 1, answer)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl+C is the parent's business
    warm()
    serve(socket.socket(fileno=os.dup(0)))
