"""The processes that bench_signing measures: PostgreSQL with every commit synced, the signer, the hot path's server."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from tests.support import services

ROWS = "import django; django.setup(); from tests.bench.signing import rows; rows.main()"
TICKS = os.sysconf("SC_CLK_TCK")
ALGORITHMS = {"rsa2048": "1.2.840.113549.1.1.11", "p256": "1.2.840.10045.4.3.2"}  # with SHA-256
HOT = (
    *("-m", "uvicorn", "deploy.hot:application", "--lifespan", "on", "--timeout-keep-alive", "75"),
    *(
        "--no-access-log",
        "--no-server-header",
        "--no-proxy-headers",
        "--log-level",
        "warning",
        "--ws",
        "none",
        "--http",
        "signing.api.straight:Straight",
    ),
)


def spent(pid: int) -> float:
    """CPU seconds (utime + stime) of a process, of its children that have ended and of those that live."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(field) for field in fields[11:15]) / TICKS + sum(spent(int(child)) for child in children)


def openssl_speed(*options: str) -> float:
    """RSA-2048 signatures a second, as `openssl speed` counts them (user time of one core unless told otherwise)."""
    done = subprocess.run(
        ["openssl", "speed", *options, "-seconds", "3", "rsa2048"], capture_output=True, text=True, check=True
    )
    found = re.search(r"rsa 2048 bits\s+\S+s\s+\S+s\s+([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found[1])


class Told(NamedTuple):
    """One measured time: what the load generator says, and CPU seconds of each part meanwhile."""

    load: dict[str, Any]
    cpu: dict[str, float]

    @property
    def signatures(self) -> int:
        return int(self.load["signatures"])

    @property
    def rate(self) -> float:
        """Signatures a second, on the wall."""
        return self.signatures / float(self.load["seconds"])

    def each(self, part: str = "") -> float:
        """Microseconds of CPU for one signature, of all parts or of one."""
        whole = self.cpu[part] if part else sum(self.cpu.values())
        return whole / max(self.signatures, 1) * 1e6


class Works:
    """Use as a context manager. `credentials`: how many stand in the database beside the signers that sign.

    `facilities`: how many systems share the signers, each bound to a client certificate (`certificates`: their files),
    which connection i shows for signer i; without, one system that is bound to none. `kind`: of the keys.
    `settings`: the product's own.
    """

    def __init__(
        self,
        name: str,
        signers: int = 64,
        credentials: int = 0,
        facilities: int = 0,
        kind: str = "rsa2048",
        **settings: str,
    ) -> None:
        folder = services.RUN / name
        self.postgresql = services.PostgreSQL(folder, fsync=True)
        self.home = home = folder / "home"
        home.mkdir(mode=0o700, parents=True)
        (home / "static").mkdir()
        (home / "keys").mkdir()
        (home / "keys" / "secret.key").write_text("bench" * 12)
        self.env = {
            **os.environ,
            **settings,
            "INKAN_HOME": str(home),
            "DATABASE_URL": self._database(),
            "DJANGO_SETTINGS_MODULE": "deploy.settings",
        }
        self.address = str(folder / "hot")
        self.signer = self._starts("-m", "signing.signer", "--role", "signers")
        assert self.signer.stdout is not None and self.signer.stdout.readline().startswith("ready")
        words = [*(str(count) for count in (signers, credentials, facilities)), kind]
        made = subprocess.run(
            [sys.executable, "-c", ROWS, *words],
            env=self.env, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            sys.exit(made.stderr)
        found = json.loads(made.stdout)
        self.signers: list[list[str]] = found["signers"]
        self.certificates: list[list[str]] = found["certificates"]
        self.kind = kind
        self.start_hot()

    def __enter__(self) -> "Works":
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self.hot, self.signer):
            process.kill()
            process.communicate()
        self.postgresql.stop()

    def _database(self) -> str:
        """Its address by the server's UNIX socket, as on one machine in production."""
        self.postgresql.new_database("bench")
        return f"postgresql://inkan@{quote(str(self.postgresql.data), safe='')}:{self.postgresql.port}/bench"

    def _starts(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, *words], env=self.env, stdout=subprocess.PIPE, text=True)

    def start_hot(self) -> None:
        Path(self.address).unlink(missing_ok=True)  # a killed server leaves it
        self.hot = self._starts(*HOT, "--uds", self.address)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(self.address) == 0:
                    return
            time.sleep(0.05)
        sys.exit("the hot path did not start")

    def start_signer(self) -> None:
        self.signer = self._starts("-m", "signing.signer", "--role", "signers")
        assert self.signer.stdout is not None and self.signer.stdout.readline().startswith("ready")

    def kills(self, what: str) -> None:
        """SIGKILL one part (`hot`, `signer`, `postgresql`) and start it again."""
        if what == "postgresql":
            self.postgresql.stop(mode="immediate")
            self.postgresql.start()
            return
        process = self.hot if what == "hot" else self.signer
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if what == "hot":
            self.start_hot()
        else:
            self.start_signer()

    def parts(self) -> dict[str, float]:
        postmaster = int((self.postgresql.data / "postmaster.pid").read_text("ascii").split()[0])
        return {
            "front": spent(self.hot.pid),
            "signer": spent(self.signer.pid),
            "PostgreSQL": spent(postmaster),
        }

    def load(self, **order: Any) -> subprocess.Popen[str]:
        """The load generator, running; its first line says that the warm-up is over."""
        mine = {"address": self.address, "signers": self.signers, "algorithm": ALGORITHMS[self.kind]}
        return load(**{**mine, **order})

    def measured(self, **order: Any) -> Told:
        return measured(self.load(**order), self.parts)


def load(**order: Any) -> subprocess.Popen[str]:
    """A load generator of its own process with this order (`load.Order`)."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.signing.load"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    print(json.dumps(order), file=process.stdin, flush=True)
    return process


def measured(process: subprocess.Popen[str], parts: Callable[[], dict[str, float]]) -> Told:
    """What a load generator counted, and the CPU seconds of each part meanwhile."""
    assert process.stdout is not None
    if process.stdout.readline().strip() != "begin":
        sys.exit("the load generator ended early")
    before = parts()
    found = json.loads(process.stdout.readline())
    after = parts()
    process.kill()
    process.communicate()
    return Told(found, {name: after[name] - before[name] for name in before})
