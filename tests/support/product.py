"""The whole product as a child process (`python -m deploy.run`), for journeys, chaos and the tests of `deploy`.

with Product.embedded(folder) as product:        # SQLite, filesystem broker
with Product.on_servers(folder) as product:      # PostgreSQL and Redis of this test run
    product.url                                  # http://localhost:PORT
    product.people()                             # what `manage.py demo_people` prints
    product.kill("worker")                       # SIGKILL; the supervisor starts it again
    product.restart()                            # SIGTERM, then the same INKAN_HOME again
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support import services

ROOT = Path(__file__).resolve().parent.parent.parent
READY_SECONDS = 90.0
# made once per run: cards, their TEST authorities and the drawn pictures cost more than the rest of a first start
DEMO_PEOPLE = ("cards", "jpki-test", "demo-pictures")
_KEPT = services.RUN / "demo-people"
END_SECONDS = 10.0
OURS = (
    "INKAN_",
    "DATABASE_URL",
    "BROKER_URL",
    "REDIS_URL",
    "STORAGE_URL",
    "EMAIL_URL",
    "HOST",
    "PORT",
    "DJANGO_",
)


def clean_environment(**ours: str) -> dict[str, str]:
    """This process's environment without any setting of Inkan's, and then `ours`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {**kept, **ours}


def alive(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def processes_of(home: Path) -> dict[int, str]:
    """pid -> command line of every living process whose environment names this INKAN_HOME."""
    found, wanted = {}, f"INKAN_HOME={home}".encode()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (place / "environ").read_bytes().split(b"\0") and alive(int(place.name)):
                found[int(place.name)] = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


class Product:
    """One installation: its folder, its port, its environment; `start` and `stop` as often as one likes."""

    def __init__(self, home: Path, settings: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.port = services.free_port()
        self.env = clean_environment(INKAN_HOME=str(home), PORT=str(self.port), **(settings or {}))
        self.process: subprocess.Popen[str] | None = None
        self.lines: list[str] = []
        self._reader: threading.Thread | None = None
        self.is_from_scratch = "INKAN_CLOCK_OFFSET" in self.env  # True: makes its own demo people

    @classmethod
    def embedded(cls, folder: Path, **settings: str) -> Self:
        """SQLite and the filesystem broker, as `make run` starts them."""
        return cls(folder / "home", settings)

    @classmethod
    def on_servers(cls, folder: Path, **settings: str) -> Self:
        """A database of its own on this run's PostgreSQL, and this run's Redis."""
        database = services.postgresql().new_database(f"journey_{uuid.uuid4().hex[:12]}")
        return cls(
            folder / "home", {"DATABASE_URL": database, "BROKER_URL": services.redis().url, **settings}
        )

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def printed(self) -> str:
        return "\n".join(self.lines)

    # --- life ------------------------------------------------------------------------------------------------
    def launch(self) -> None:
        """Starts the supervisor and does not wait."""
        self.lines = []
        if not self.home.exists() and not self.is_from_scratch and _KEPT.exists():
            self.home.mkdir(parents=True)
            for name in DEMO_PEOPLE:
                shutil.copytree(_KEPT / name, self.home / name)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "deploy.run"],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as output:
            for line in output:
                self.lines.append(line.rstrip("\n"))

    def start(self) -> Self:
        """Starts the product and waits for its ready line; raises with everything it printed when none comes."""
        is_new = not self.home.exists()
        self.launch()
        self.wait_until_ready()
        if is_new and not self.is_from_scratch and not _KEPT.exists():
            for name in DEMO_PEOPLE:
                shutil.copytree(self.home / name, _KEPT.with_suffix(".part") / name)
            _KEPT.with_suffix(".part").rename(_KEPT)
        return self

    def wait_until_ready(self) -> Self:
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            if any(line.startswith("Inkan is ready at ") for line in self.lines):
                return self
            if self.process is None or self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise AssertionError(f"Inkan did not become ready:\n{self.printed}\n{self.logs()}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Ends the product; returns the seconds it took. A process that is left over is an error."""
        if self.process is None:
            return 0.0
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(END_SECONDS + 5)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.process = None
            if self._reader is not None:
                self._reader.join(2)
        took = time.monotonic() - began
        left = processes_of(self.home)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        assert not left, f"left running after the end: {left}"
        return took

    def restart(self) -> Self:
        self.stop()
        return self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- parts -----------------------------------------------------------------------------------------------
    def pids(self) -> dict[str, int]:
        """supervisor, signer, issuer, web, worker, clock; the file may just be written anew."""
        until = time.monotonic() + 5
        while True:
            try:
                found: dict[str, int] = json.loads((self.home / "processes.json").read_text("ascii"))
            except json.JSONDecodeError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
            else:
                return found

    def kill(self, part: str) -> int:
        """SIGKILL to one part (see `pids`); returns its pid. The supervisor starts it again."""
        pid = self.pids()[part]
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_for_another(self, part: str, old: int, seconds: float = 20.0) -> int:
        """The pid of the part that took the killed one's place."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            new = self.pids()[part]
            if new != old and alive(new):
                return new
            time.sleep(0.1)
        raise AssertionError(f"{part} was not started again:\n{self.printed}")

    def logs(self) -> str:
        """What every part has written, for messages of failed tests."""
        parts = sorted((self.home / "logs").glob("*.log"))
        return "\n".join(f"--- {path.stem}\n{path.read_text(errors='replace')[-4000:]}" for path in parts)

    # --- questions -------------------------------------------------------------------------------------------
    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`manage.py …` on this installation."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0 or not check, f"manage.py {arguments}: {done.stdout}{done.stderr}"
        return done

    def tells(self, program: str, *words: str) -> Any:
        """The JSON that `main` of tests.support.<program> prints in this installation's environment."""
        command = f"import django; django.setup(); from tests.support import {program}; {program}.main()"
        done = subprocess.run(
            [sys.executable, "-c", command, *words],
            cwd=ROOT,
            env={**self.env, "DJANGO_SETTINGS_MODULE": "deploy.settings"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{program} {words}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def people(self) -> dict[str, Any]:
        """The demo people, officers and the demo EHR with their secrets."""
        found: dict[str, Any] = json.loads(self.manage("demo_people").stdout)
        return found

    def is_ready(self) -> bool:
        """Whether /readyz answers 200 just now."""
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def get(self, path: str) -> tuple[int, str]:
        """(status, body) of a plain GET without cookies; redirects are followed."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
