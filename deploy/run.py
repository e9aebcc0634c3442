"""`make run`: the whole product in the foreground, on embedded defaults (contract.md "Commands").

The supervisor itself loads neither Django nor an app. It prepares the installation in a child, starts the servers
in process groups of their own, starts again whatever dies, and ends everything within ten seconds of SIGINT or
SIGTERM (decision 16). If it is killed itself, the kernel ends its children (PR_SET_PDEATHSIG).
"""

import contextlib
import ctypes
import fcntl
import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from deploy import environment

PR_SET_PDEATHSIG = 1
ROOT = environment.ROOT
PYTHON = sys.executable
READY_SECONDS = 90
FRONT_SECONDS, KEYS_SECONDS = 6.0, 2.0  # together under the ten seconds of decision 16
STEADY_SECONDS = 30.0
LONGEST_PAUSE = 10.0
TAIL_LINES = 15
LOG_LIMIT = 5 * 1024 * 1024


class CannotRun(SystemExit):
    """Stops the start; its text says why and what to do."""


def _followed() -> None:
    """In the child, before its program starts: die when the supervisor dies."""
    with contextlib.suppress(OSError, AttributeError):  # another system than Linux: without this net
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Child:
    """One server process: its command, its log, and how often it has died lately."""

    def __init__(self, name: str, command: list[str], env: Mapping[str, str], logs: Path) -> None:
        self.name = name
        self.command = command
        self.env = env
        self.log = logs / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.pause = 0.5
        self.start_again_at = 0.0

    def start(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603  (our own commands)
                self.command,
                cwd=ROOT,
                env=dict(self.env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_followed,
            )
        self.started_at = time.monotonic()

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def tend(self) -> bool:
        """Starts the process again when it has died, after a pause that doubles while it keeps dying.

        Returns whether it was started.
        """
        if self.process is None or self.is_alive():
            return False
        now = time.monotonic()
        if self.start_again_at == 0.0:
            self.end_group()
            if now - self.started_at > STEADY_SECONDS:
                self.pause = 0.5
            self.start_again_at = now + self.pause
            print(
                f"{self.name} ended with status {self.process.returncode}; starting it again in {self.pause:g} s."
            )
            print(self.tail(), flush=True)
            self.pause = min(self.pause * 2, LONGEST_PAUSE)
        elif now >= self.start_again_at:
            self.start_again_at = 0.0
            self.start()
            return True
        return False

    def tail(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:]
        return "\n".join(f"  {self.name} | {line}" for line in lines)

    def ask_to_end(self) -> None:
        if self.process is not None and self.is_alive():
            self.process.terminate()

    def end_group(self) -> None:
        """Ends what is left of the child's process group, grandchildren included."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _module(name: str, *arguments: str) -> list[str]:
    return [PYTHON, "-m", name, *arguments]


def _children(env: Mapping[str, str], home: Path, host: str, port: int) -> tuple[list[Child], list[Child]]:
    """(the processes that hold keys, the processes in front of them)."""
    logs = home / "logs"
    logs.mkdir(mode=0o700, exist_ok=True)

    def child(name: str, *command: str) -> Child:
        return Child(name, _module(*command), env, logs)

    celery = ("celery", "--app", "deploy.celery", "--quiet")
    worker = ("worker", "--pool", "prefork", "--concurrency", "2", "--loglevel", "WARNING")
    alone = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    web = ("--host", host, "--port", str(port), "--no-access-log", "--no-server-header", "--no-proxy-headers")
    calm = ("--log-level", "warning", "--ws", "none", "--timeout-graceful-shutdown", "3", "--lifespan", "on")
    keys = [
        child("signer", "signing.signer", "--role", "signers"),
        child("issuer", "signing.signer", "--role", "authorities"),
    ]
    front = [
        child("web", "uvicorn", "deploy.asgi:application", *web, *calm),
        child("worker", *celery, *worker, *alone),
        child("clock", *celery, "beat", "--loglevel", "WARNING", "--pidfile", ""),
    ]
    return keys, front


@contextlib.contextmanager
def _only_run(home: Path) -> Iterator[None]:
    """Holds the lock of this INKAN_HOME; a second run on it is refused in words."""
    with (home / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise CannotRun(
                f"Inkan already runs on {home} (process {holder}). Stop it first, or choose another folder: "
                "INKAN_HOME=/another/folder PORT=8001 make run"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise CannotRun(
                f"Inkan cannot listen on {host}:{port} ({problem.strerror}). Choose another port: PORT=8001 make run"
            ) from None


def _make_secret_key(folder: Path) -> None:
    """The key of Django's signed values, made once with mode 0600."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        handle = os.open(folder / "secret.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))


def _is_ready(host: str, port: int, name: str) -> bool:
    address = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104  (compared, not bound)
    try:
        line = http.client.HTTPConnection(address, port, timeout=5)
        line.request("GET", "/readyz", headers={"Host": name})
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False


class Supervisor:
    def __init__(self, values: Mapping[str, object]) -> None:
        self.home = Path(str(values["INKAN_HOME"]))
        self.host, self.port = str(values["HOST"]), int(str(values["PORT"]))
        self.origin = str(values["INKAN_ORIGIN"] or f"http://localhost:{self.port}").rstrip("/")
        self.env = {**os.environ, "INKAN_HOME": str(self.home), "PYTHONUNBUFFERED": "1"}
        self.asked_to_end = False
        self.preparation: subprocess.Popen[bytes] | None = None
        self.keys: list[Child] = []
        self.front: list[Child] = []

    def end(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_end = True
        if self.preparation is not None and self.preparation.poll() is None:
            self.preparation.terminate()

    def prepare(self) -> str:
        """Keys, database and demo data, in a child; returns the table of demo people."""
        self.preparation = subprocess.Popen(  # noqa: S603  (our own command)
            [PYTHON, "manage.py", "prepare_demo"],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_followed,
        )
        output, _ = self.preparation.communicate()
        if self.preparation.returncode and not self.asked_to_end:
            raise CannotRun(f"Inkan could not prepare {self.home}; what went wrong stands above.")
        return output.decode("utf-8")

    def announce(self, table: str) -> None:
        print(
            f"Inkan is ready at {self.origin}/"
            if self.origin.endswith(f":{self.port}")
            else self._elsewhere()
        )
        print(
            f"\n{table}\nEverything is kept under {self.home} (`make reset` deletes it). Ctrl-C ends Inkan.",
            flush=True,
        )

    def _elsewhere(self) -> str:
        return f"Inkan is ready at http://localhost:{self.port}/ (its pages name {self.origin}/)"

    def tend_until_asked_to_end(self, table: str) -> None:
        deadline, name = time.monotonic() + READY_SECONDS, urlsplit(self.origin).hostname or "localhost"
        announced = False
        while not self.asked_to_end:
            if any([child.tend() for child in (*self.keys, *self.front)]):
                self.write_pids()
            if not announced and _is_ready(self.host, self.port, name):
                announced = True
                self.announce(table)
            if not announced and time.monotonic() > deadline:
                raise CannotRun(
                    f"Inkan did not become ready within {READY_SECONDS} s; see {self.home / 'logs'}."
                )
            time.sleep(0.3)

    def end_all(self) -> None:
        """First those who ask for signatures, then those who make them."""
        for children, seconds in ((self.front, FRONT_SECONDS), (self.keys, KEYS_SECONDS)):
            for child in children:
                child.ask_to_end()
            until = time.monotonic() + seconds
            while time.monotonic() < until and any(child.is_alive() for child in children):
                time.sleep(0.05)
            for child in children:
                child.end_group()

    def run(self) -> None:
        """The keys' processes first: preparing asks the authorities' one for the CAs' certificates."""
        signal.signal(signal.SIGINT, self.end)
        signal.signal(signal.SIGTERM, self.end)
        signal.signal(signal.SIGHUP, self.end)
        _make_secret_key(self.home / "keys")
        self.keys, self.front = _children(self.env, self.home, self.host, self.port)
        try:
            for child in self.keys:
                child.start()
            table = self.prepare()
            if self.asked_to_end:
                return
            for child in self.front:
                child.start()
            self.write_pids()
            self.tend_until_asked_to_end(table)
        finally:
            self.end_all()

    def write_pids(self) -> None:
        """Which process is which, for the operator and for the tests that kill one."""
        pids = {child.name: child.process.pid for child in (*self.keys, *self.front) if child.process}
        (self.home / "processes.json").write_text(json.dumps({"supervisor": os.getpid(), **pids}))


def main() -> None:
    values = environment.read()
    if values["INKAN_ENV"] != "demo":
        raise CannotRun(
            "`make run` is the demo. In production each process is started by itself: deploy/README.md."
        )
    os.umask(0o077)  # database, logs and files are for this user alone
    supervisor = Supervisor(values)
    supervisor.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _only_run(supervisor.home):
        _check_port(supervisor.host, supervisor.port)
        supervisor.run()


if __name__ == "__main__":
    main()
