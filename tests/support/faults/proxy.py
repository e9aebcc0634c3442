"""A line to PostgreSQL that breaks at the worst moment: the server has done it, the client does not hear of it.

    with Proxy(port, b"COMMIT", nth=2) as proxy: …   # the second commit arrives, is carried out, and its reply is lost

The client's bytes are searched for the word; the server's answer to that message is read to its end (ReadyForQuery,
PostgreSQL manual 55.2.3) and then both ends are cut. Without a word it only passes everything on.
"""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

_READY = b"Z\x00\x00\x00\x05"  # ReadyForQuery: length 5, then one byte of transaction state


class Proxy:
    """Listens on loopback at `port`; `dropped` counts the answers that were kept back."""

    def __init__(self, server_port: int, word: bytes = b"", nth: int = 1) -> None:
        self.dropped = 0
        self._server_port, self._word, self._nth = server_port, word, nth
        self._seen = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            server = socket.create_connection(("127.0.0.1", self._server_port))
            _Line(self, client, server)

    def cuts(self, sent: bytes) -> bool:
        """Whether the answer to these bytes is to be lost."""
        if not self._word or self._word not in sent:
            return False
        self._seen += 1
        return self._seen == self._nth


class _Line:
    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._is_cut = threading.Event()
        threading.Thread(target=self._forward, daemon=True).start()
        threading.Thread(target=self._answer, daemon=True).start()

    def _forward(self) -> None:
        try:
            while data := self._client.recv(65536):
                if self._proxy.cuts(data):
                    self._is_cut.set()
                self._server.sendall(data)
        except OSError:
            pass
        if not self._is_cut.is_set():
            self._close()

    def _answer(self) -> None:
        kept = b""
        try:
            while data := self._server.recv(65536):
                if self._is_cut.is_set():
                    kept += data
                    if kept[-6:-1] == _READY:
                        self._proxy.dropped += 1
                        break
                else:
                    self._client.sendall(data)
        except OSError:
            pass
        self._close()

    def _close(self) -> None:
        for end in (self._client, self._server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
