"""What stands between a key and its signature: the CPU of the signer beside the bare operation of the same run.

`python -m tests.bench.bench_keys` (SECONDS=3 a figure). Real signer processes over their real sockets, journal and its
sync included. Yardsticks: for SoftHSM a bare loop of C_SignInit and C_Sign over the same kind of object in
one process (aim 75 %, reach 90 %); for the software store `openssl speed` on one core. CPU is that of the signer and
of its child, so a busy machine changes little; each ratio is yardstick over ours.

The last table is the price of a child for the software store, which has none: the same store run the other way.
"""

import ctypes
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

os.environ["TEST_DATABASE"] = "sqlite"  # no server is needed

from tests.support import services, softhsm

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deploy.settings")

from ledger import clock
from signing.keystore import DIGEST_SIZE, Algorithm, KeyKind
from signing.keystore.pkcs11 import Pkcs11Store
from signing.signer.client import Item, Opened, Signed, Signers

SECONDS = float(os.environ.get("SECONDS", "3"))
AIM, REACH = 0.75, 0.90
CALLERS = 16
WAYS = {
    KeyKind.RSA_2048: Algorithm.RSA_SHA256,
    KeyKind.RSA_3072: Algorithm.RSA_SHA256,
    KeyKind.P256: Algorithm.ECDSA_SHA256,
}
SPEEDS = {KeyKind.RSA_2048: "rsa2048", KeyKind.RSA_3072: "rsa3072", KeyKind.P256: "ecdsap256"}
IN_A_CHILD = """
import sys
from signing.signer import __main__ as signer, module
def keys(role):
    made = module.Module([sys.executable, *signer.MODULE, "--role", role], 3)
    made.begin()
    return made
signer._keys = keys
sys.exit(signer.main())
"""


class Cost(NamedTuple):
    """CPU microseconds of one signature, in the signer and in its child, and signatures a second of the wall."""

    signer: float
    child: float
    per_second: float

    @property
    def all(self) -> float:
        return self.signer + self.child


def spent(pid: int) -> float:
    """CPU seconds of all threads of one process, to the nanosecond (proc(5), schedstat)."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text("ascii").split()[0]) for task in tasks) / 1e9


class Signer:
    """A signer process of its own; `environment` tells its store."""

    def __init__(self, folder: Path, program: list[str], environment: dict[str, str]) -> None:
        here = {"INKAN_HOME": str(folder / "home"), "INKAN_SIGNER_SOCKET": str(folder / "s" / "signer")}
        self._process = subprocess.Popen(
            [sys.executable, *program, "--role", "signers"],
            env={**os.environ, **here, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        if not self._process.stdout.readline().startswith(b"ready "):
            sys.exit("a signer did not start")
        self.caller = Signers(folder / "s" / "signer")

    def parts(self) -> tuple[float, float]:
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
        return spent(pid), sum(spent(int(child)) for child in children)

    def measured(self, kind: KeyKind, size: int, callers: int = 1) -> Cost:
        """Frames of `size` signatures of each caller, one after the other, with a key that is open."""
        (key,) = self.caller.generate(1, kind)
        (opened,) = self.caller.open([(key.wrapped, clock.now() + timedelta(hours=1))])
        assert isinstance(opened, Opened)
        digest, counts = bytes(DIGEST_SIZE[WAYS[kind]]), [0] * callers

        def frame() -> None:
            items = [Item(opened.handle, uuid.uuid4(), digest, WAYS[kind]) for _ in range(size)]
            if not all(isinstance(one, Signed) for one in self.caller.sign(items)):
                os._exit(1)

        def call(number: int) -> None:
            while time.monotonic() < began + SECONDS:
                frame()
                counts[number] += size
            self.caller.disconnect()

        frame()
        threads = [threading.Thread(target=call, args=(number,)) for number in range(callers)]
        before, began = self.parts(), time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took, after = time.monotonic() - began, self.parts()
        signer, child = (
            1e6 * (late - early) / sum(counts) for early, late in zip(before, after, strict=True)
        )
        return Cost(signer, child, sum(counts) / took)

    def ends(self) -> None:
        self.caller.disconnect()
        self._process.kill()
        self._process.communicate()


def bare(token: softhsm.Token, kind: KeyKind) -> float:
    """CPU microseconds of C_SignInit and C_Sign alone, called by ctypes, in a process that has just forked off."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writer, f"{_bare(token, kind):.3f}".encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        took = float(told.read())
    os.waitpid(pid, 0)
    return took


def _bare(token: softhsm.Token, kind: KeyKind) -> float:
    os.environ["SOFTHSM2_CONF"] = str(token.configuration)
    store = Pkcs11Store(token.module, token.label, token.pin)
    key = store.open(store.generate(kind).wrapped).handle
    session = ctypes.c_ulong(store._session.session.value())
    handle = ctypes.c_ulong(key.number)  # type: ignore[attr-defined]
    module = ctypes.CDLL(str(token.module))  # the very library that is loaded already
    digest = bytes(32)
    data = bytes.fromhex("3031300d060960864801650304020105000420") + digest if kind.is_rsa else digest

    class Mechanism(ctypes.Structure):
        _fields_ = [("mechanism", ctypes.c_ulong), ("parameter", ctypes.c_void_p), ("length", ctypes.c_ulong)]

    mechanism = Mechanism(0x1 if kind.is_rsa else 0x1041, None, 0)  # CKM_RSA_PKCS, CKM_ECDSA
    signature, room = ctypes.create_string_buffer(512), ctypes.c_ulong()

    def once() -> None:
        room.value = 512
        refused = module.C_SignInit(session, ctypes.byref(mechanism), handle)
        if refused or module.C_Sign(session, data, len(data), signature, ctypes.byref(room)):
            sys.exit("the module did not sign")

    return _per_call(once)


def _per_call(once: Callable[[], None]) -> float:
    for _ in range(20):
        once()
    count, before, until = 0, time.process_time(), time.monotonic() + SECONDS
    while time.monotonic() < until:
        once()
        count += 1
    return 1e6 * (time.process_time() - before) / count


def openssl(kind: KeyKind) -> float:
    """CPU microseconds of one signature by `openssl speed`, which counts user time."""
    command = ["openssl", "speed", "-seconds", f"{max(1, round(SECONDS))}", SPEEDS[kind]]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    last = [line for line in told.splitlines() if re.search(r"\d+\.\d+s", line)][-1]
    seconds = re.findall(r"(\d+\.\d+)s", last)[0]
    return 1e6 / float(re.findall(r"(\d+\.\d+)(?!\d*s)", last.replace(seconds + "s", ""))[-2])


def line(name: str, cost: Cost, yard: float, aim: float = 0) -> None:
    ratio = yard / cost.all
    verdict = "" if not aim else "  BELOW" if ratio < aim else "  reached" if ratio >= REACH else ""
    print(f"{name:<42} {cost.all:7.1f} us = signer {cost.signer:6.1f} + child {cost.child:6.1f}"
          f"  {ratio:6.1%}{verdict}  ({cost.per_second:,.0f}/s)", flush=True)  # fmt: skip


def shapes() -> list[tuple[str, int, int]]:
    """Name, signatures in a frame, callers at once."""
    return [
        ("batch of 100", 100, 1),
        (f"single, {CALLERS} callers", 1, CALLERS),
        ("single, one caller", 1, 1),
    ]


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="keys-", dir=services.RUN))
    token = softhsm.create(folder / "hsm")
    software = Signer(folder / "a", ["-m", "signing.signer"], {})
    apart = Signer(folder / "b", ["-c", IN_A_CHILD], {})
    hardware = Signer(folder / "c", ["-m", "signing.signer"], token.environment(folder / "c"))
    try:
        print(f"SoftHSM beside bare C_SignInit and C_Sign, RSA-2048: aim {AIM:.0%}, reach {REACH:.0%}")
        for kind in WAYS:
            yard = bare(token, kind)
            print(f"{f'{kind}: bare':<42} {yard:7.1f} us")
            for name, size, callers in shapes():
                aim = AIM if kind is KeyKind.RSA_2048 and callers * size > 1 else 0
                line(f"{kind}: {name}", hardware.measured(kind, size, callers), yard, aim)
        print("software store beside openssl speed")
        for kind in WAYS:
            yard = openssl(kind)
            print(f"{f'{kind}: openssl speed':<42} {yard:7.1f} us")
            for name, size, callers in shapes():
                here = software.measured(kind, size, callers)
                there = apart.measured(kind, size, callers)
                line(f"{kind}: {name}", here, yard)
                print(f"{'':<42} {there.all:7.1f} us in a child: {there.all - here.all:+.1f} us (not used)")
    finally:
        for one in (software, apart, hardware):
            one.ends()
    print(f"the machine: {os.cpu_count()} cores, load of the last minute {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
