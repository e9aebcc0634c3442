"""What passes between the asking process and the decoding child.

The question is one message: a JSON head, and three descriptors (a connection for the answer's head, a memory file
with the upload, a memory file for the shown copy). Both sides bound what they read: the child because a file is
hostile, the asking side because a child that decoded a hostile file may be.
"""

import json
import os
import socket
import struct
from typing import Any, NamedTuple

LENGTH = struct.Struct(">I")
HELLO = b"+"  # a child's first byte: without it the file is not to blame
BUSY = "busy"  # the code of an answer without a verdict
MOST_HEAD = 16_384
MOST_BODY = 8 * 1024 * 1024
DESCRIPTORS = 3


class BadFrame(ValueError):
    """Not an answer, or one beyond its bounds, or the other side is gone."""


class Frame(NamedTuple):
    head: dict[str, Any]
    body: bytes


class MemoryFile:
    """Bytes handed over by descriptor instead of through a pipe: four megabytes cost a millisecond."""

    def __init__(self, data: bytes = b"") -> None:
        self.descriptor = os.memfd_create("inkan-picture")
        write(self.descriptor, data)

    def __enter__(self) -> "MemoryFile":
        return self

    def __exit__(self, *_problem: object) -> None:
        os.close(self.descriptor)


def write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def read(descriptor: int) -> bytes:
    """The whole of a memory file; raises `BadFrame` for one that is too long or shrinks meanwhile."""
    size = os.fstat(descriptor).st_size
    if size > MOST_BODY:
        raise BadFrame("too long")
    data = os.pread(descriptor, size, 0)
    if len(data) != size:
        raise BadFrame("changed while it was read")
    return data


def decoded(text: bytes) -> dict[str, Any]:
    try:
        head = json.loads(text)
    except ValueError as problem:
        raise BadFrame("no JSON") from problem
    if not isinstance(head, dict):
        raise BadFrame("no JSON object")
    return head


def send_head(connection: socket.socket, head: dict[str, Any]) -> None:
    encoded = json.dumps(head).encode()
    connection.sendall(LENGTH.pack(len(encoded)) + encoded)


def receive_head(connection: socket.socket) -> dict[str, Any]:
    """Raises `BadFrame`, or TimeoutError when the connection has a timeout."""
    (length,) = LENGTH.unpack(_exactly(connection, LENGTH.size))
    if length > MOST_HEAD:
        raise BadFrame("too long")
    return decoded(_exactly(connection, length))


def _exactly(connection: socket.socket, length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        part = connection.recv(length - len(parts))
        if not part:
            raise BadFrame("ended early")
        parts += part
    return bytes(parts)
