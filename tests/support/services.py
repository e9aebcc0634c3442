"""Loaded by pytest before Django: a private INKAN_HOME and a throw-away PostgreSQL for this run.

INKAN_TEST_DATABASE-like switches would be read by deploy.environment as unknown, so the switch is TEST_DATABASE:
"postgresql" (default) or "sqlite".
"""

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

RUN = Path(tempfile.mkdtemp(prefix="inkan-test-"))
atexit.register(shutil.rmtree, RUN, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _as_postgres(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root: then its own user runs it."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


def postgresql_bin() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise SystemExit("PostgreSQL's server programs are missing; `make test` installs them")
    return found[-1].parent


def start_postgresql(folder: Path, *, fsync: bool = False) -> str:
    """A fresh cluster on loopback; returns its DATABASE_URL. It is stopped when the run ends."""
    data, port, binaries = folder / "pg", free_port(), postgresql_bin()
    folder.chmod(0o755)
    data.mkdir(parents=True)
    if os.geteuid() == 0:
        shutil.chown(data, "postgres", "postgres")
    quiet = {"stdout": subprocess.DEVNULL, "check": True, "cwd": "/"}
    subprocess.run(_as_postgres([f"{binaries}/initdb", "-D", f"{data}", "-U", "inkan", "-A", "trust", "-E", "UTF8",
                                 "--no-locale", "-N"]), **quiet)
    options = f"-c listen_addresses=127.0.0.1 -p {port} -k {data} -c fsync={'on' if fsync else 'off'} -c max_connections=100"
    subprocess.run(_as_postgres([f"{binaries}/pg_ctl", "-D", f"{data}", "-w", "-l", f"{data}/log", "-o", options,
                                 "start"]), **quiet)
    atexit.register(subprocess.run, _as_postgres([f"{binaries}/pg_ctl", "-D", f"{data}", "-m", "immediate", "stop"]),
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, cwd="/")
    return f"postgresql://inkan@127.0.0.1:{port}/postgres"


os.environ["INKAN_HOME"] = str(RUN / "home")
(RUN / "home").mkdir()
for name in [name for name in os.environ if name.startswith("INKAN_") and name != "INKAN_HOME"]:
    del os.environ[name]
if os.environ.get("TEST_DATABASE", "postgresql") == "postgresql":
    os.environ["DATABASE_URL"] = start_postgresql(RUN)
