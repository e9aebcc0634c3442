"""Frames between the asking process and the decoding child: a length, a JSON head, a length, a body.

Both sides bound what they read: the child because a file is hostile, the asking side because a child that
decoded a hostile file may be.
"""

import json
import socket
import struct
from typing import Any, NamedTuple

LENGTH = struct.Struct(">I")
HELLO = b"+"  # a child's first byte: without it the file is not to blame
MOST_HEAD = 65_536
MOST_BODY = 8 * 1024 * 1024


class BadFrame(ValueError):
    """Not a frame, or one beyond its bounds, or the other side is gone."""


class Frame(NamedTuple):
    head: dict[str, Any]
    body: bytes


def send(connection: socket.socket, head: dict[str, Any], body: bytes = b"") -> None:
    """Raises OSError when the other side is gone or slow."""
    encoded = json.dumps(head).encode()
    connection.sendall(LENGTH.pack(len(encoded)) + encoded + LENGTH.pack(len(body)))
    connection.sendall(body)


def receive(connection: socket.socket) -> Frame:
    """Raises `BadFrame`, or TimeoutError when the connection has a timeout."""
    try:
        head = json.loads(_part(connection, MOST_HEAD))
    except ValueError as problem:
        raise BadFrame("no JSON head") from problem
    if not isinstance(head, dict):
        raise BadFrame("no JSON object")
    return Frame(head, _part(connection, MOST_BODY))


def _part(connection: socket.socket, most: int) -> bytes:
    (length,) = LENGTH.unpack(_exactly(connection, LENGTH.size))
    if length > most:
        raise BadFrame("too long")
    return _exactly(connection, length)


def _exactly(connection: socket.socket, length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        part = connection.recv(min(length - len(parts), 1 << 20))
        if not part:
            raise BadFrame("ended early")
        parts += part
    return bytes(parts)
