"""Loaded by pytest before Django: a private INKAN_HOME and a throw-away PostgreSQL for this run.

INKAN_TEST_DATABASE-like switches would be read by deploy.environment as unknown, so the switch is TEST_DATABASE:
"postgresql" (default) or "sqlite". Everything listens on loopback, lives in the run's own folder and ends with it.
"""

import atexit
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

RUN = Path(tempfile.mkdtemp(prefix="inkan-test-"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _as_postgres(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root: then its own user runs it."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


def _quietly(command: list[str], *, check: bool = True) -> None:
    subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=check,
        cwd="/",
    )


def postgresql_bin() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise SystemExit("PostgreSQL's server programs are missing; `make test` installs them")
    return found[-1].parent


class PostgreSQL:
    """A fresh cluster on loopback, stopped when the run ends."""

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        self.binaries, self.data, self.port = postgresql_bin(), folder / "pg", free_port()
        self.options = (
            f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.data} -c max_connections=100 "
            # nobody's statistics but those that a test takes itself (autovacuum sees no rows of an open transaction)
            f"-c autovacuum={'on' if fsync else 'off'} "
            # nothing of a test run outlives the machine: no replicas, no torn pages to repair
            f"-c wal_level=minimal -c max_wal_senders=0 -c full_page_writes={'on' if fsync else 'off'} "
            f"-c fsync={'on' if fsync else 'off'}"
        )
        self.data.mkdir(parents=True)
        for above in (self.data, *self.data.parents):
            if above == Path(tempfile.gettempdir()):
                break
            above.chmod(0o755)
        if os.geteuid() == 0:
            shutil.chown(self.data, "postgres", "postgres")
        how = ["-U", "inkan", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
        _quietly(_as_postgres([f"{self.binaries}/initdb", "-D", f"{self.data}", *how]))
        self.start()
        atexit.register(self.stop)

    def _control(self, *arguments: str, check: bool = True) -> None:
        _quietly(_as_postgres([f"{self.binaries}/pg_ctl", "-D", f"{self.data}", *arguments]), check=check)

    def start(self) -> None:
        self._control("-w", "-l", f"{self.data}/log", "-o", self.options, "start")

    def stop(self, *, mode: str = "immediate") -> None:
        self._control("-m", mode, "stop", check=False)

    def new_database(self, name: str) -> str:
        """An empty database; returns its DATABASE_URL."""
        _quietly([f"{self.binaries}/createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "inkan", name])
        return self.url(name)

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://inkan@127.0.0.1:{self.port}/{name}"


class Redis:
    """An empty Redis on loopback that writes nothing to disk, stopped when the run ends."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder / "redis", free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process: subprocess.Popen[bytes] | None = None
        self.start()
        atexit.register(self.stop)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        listen = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        self.process = subprocess.Popen(
            ["redis-server", *listen, "--save", "", "--appendonly", "no", "--daemonize", "no"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("Redis did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


_kept: dict[str, PostgreSQL | Redis] = {}


def postgresql() -> PostgreSQL:
    """The run's own PostgreSQL, started when it is first asked for."""
    if "postgresql" not in _kept:
        _kept["postgresql"] = PostgreSQL(RUN)
    server = _kept["postgresql"]
    assert isinstance(server, PostgreSQL)
    return server


def redis() -> Redis:
    """The run's own Redis, started when it is first asked for."""
    if "redis" not in _kept:
        _kept["redis"] = Redis(RUN)
    server = _kept["redis"]
    assert isinstance(server, Redis)
    return server


def _prepare_environment() -> None:
    """In-process tests see this run's INKAN_HOME and nothing of the developer's own settings."""
    for name in [name for name in os.environ if name.startswith("INKAN_")]:
        del os.environ[name]
    for name in ("BROKER_URL", "REDIS_URL", "STORAGE_URL", "EMAIL_URL", "DATABASE_URL", "HOST", "PORT"):
        os.environ.pop(name, None)
    home = RUN / "home"
    (home / "keys").mkdir(parents=True)
    (home / "static").mkdir()  # whitenoise warns where nothing was collected
    (home / "keys" / "secret.key").write_text(secrets.token_urlsafe(48))
    os.environ["INKAN_HOME"] = str(home)
    if os.environ.get("TEST_DATABASE", "postgresql") == "postgresql":
        os.environ["DATABASE_URL"] = postgresql().url()


atexit.register(shutil.rmtree, RUN, ignore_errors=True)
_prepare_environment()
