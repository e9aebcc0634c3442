"""A throw-away clamd on a UNIX socket, which knows one harmless signature of our own and downloads nothing.

with Clamd() as scanner:
    scanner.address                       # for INKAN_CLAMD
    MARKER                                # bytes that it finds, as Inkan.Harmless.Marker
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

MARKER = b"INKAN-HARMLESS-MARKER-4f1c2a9e-FOR-TESTS-OF-THE-SCANNER"
SIGNATURE = "Inkan.Harmless.Marker"
PROGRAMS = ("/usr/sbin/clamd", "/usr/local/sbin/clamd")
START_SECONDS = 30.0


class Clamd:
    """Starts with the block and ends with it; its folder's name is short, as a socket's path must be."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="clam-"))
        self.address = str(self._folder / "s")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        program = next((path for path in PROGRAMS if Path(path).exists()), None)
        if program is None:
            raise RuntimeError("clamd is missing; `make test` installs clamav-daemon")
        signatures = self._folder / "signatures"
        signatures.mkdir()
        (signatures / "inkan.ndb").write_text(f"{SIGNATURE}:0:*:{MARKER.hex()}\n", encoding="ascii")
        settings = self._folder / "clamd.conf"
        lines = {
            "Foreground": "yes",
            "LocalSocket": self.address,
            "DatabaseDirectory": str(signatures),
            "TemporaryDirectory": str(self._folder),
            "StreamMaxLength": "6M",
            "MaxThreads": "2",
            "SelfCheck": "0",
        }
        settings.write_text("".join(f"{name} {value}\n" for name, value in lines.items()), encoding="ascii")
        self._process = subprocess.Popen(
            [program, "--config-file", str(settings)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def stop(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()

    def freeze(self) -> None:
        """It takes connections and says nothing more."""
        os.kill(self.pid, signal.SIGSTOP)

    def _wait(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            assert self._process is not None
            if self._process.poll() is not None:
                raise RuntimeError(f"clamd ended with {self._process.returncode}")
            with socket.socket(socket.AF_UNIX) as probe:
                if Path(self.address).exists() and probe.connect_ex(self.address) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("clamd did not start")
