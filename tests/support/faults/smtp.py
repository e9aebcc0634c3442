"""A mail server on loopback that keeps what it is given, and can be as rude as real ones."""

import email
import socketserver
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class SmtpSink(socketserver.ThreadingTCPServer):
    """`refuse` makes it answer 451, `hang_up` leaves after the data without an answer, `rude` answers no goodbye."""

    allow_reuse_address = daemon_threads = True
    refuse = hang_up = rude = False

    def __init__(self) -> None:
        self.received: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Talk)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def copies(self) -> Counter[str]:
        """How many copies of each mail came, by the public id in its Message-ID."""
        heads = (str(email.message_from_bytes(raw)["message-id"]) for raw in list(self.received))
        return Counter(head.strip("<>").partition("@")[0] for head in heads)


class _Talk(socketserver.StreamRequestHandler):
    server: SmtpSink

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        try:
            self._talk()
        except ConnectionError:
            return  # the sender was killed

    def _talk(self) -> None:
        self.say("220 sink")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.say("354 go on")
                if not self._takes():
                    return
            elif word == b"QUIT":
                self.say("500 no" if self.server.rude else "221 bye")
                return
            else:
                self.say("451 later" if self.server.refuse and word == b"MAIL" else "250 ok")

    def _takes(self) -> bool:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False  # died in the middle of a mail: it is none
            lines.append(line)
        self.server.received.append(b"".join(lines))
        if not self.server.hang_up:
            self.say("250 ok")
        return not self.server.hang_up


@contextmanager
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()
