"""Real signer processes for tests: both instances, on the sockets that the settings name.

The fixture `signers` starts them once per test run and yields a `Signers` whose `kill` and `start` are for fault
tests; INKAN_HOME is the run's own, so sockets, keyrings and journal are too.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.conf import settings

from signing.keystore import Algorithm
from signing.signer import client

ROLES = ("signers", "authorities")
_PR_SET_PDEATHSIG = 1
_HASHES: dict[str, HashAlgorithm] = {"sha256": SHA256(), "sha384": SHA384(), "sha512": SHA512()}


def _ends_with_parent() -> None:
    """A killed test run leaves nothing running (prctl(2))."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class SignerProcesses:
    """Both instances by role. `home` may be another INKAN_HOME than the run's."""

    def __init__(self, **environment: str) -> None:
        self.environment = environment
        self._environment = {**os.environ, **environment}
        self._running: dict[str, subprocess.Popen[str]] = {}
        self.output: IO[bytes] | None = None  # takes what those that are started from now on log

    def start(self, role: str, *arguments: str) -> None:
        """Returns when the instance answers; RuntimeError when it will not."""
        process = subprocess.Popen(
            [sys.executable, "-m", "signing.signer", "--role", role, *arguments],
            env=self._environment,
            cwd=settings.ROOT,
            stdout=subprocess.PIPE,
            stderr=self.output,
            text=True,
            preexec_fn=_ends_with_parent,
        )
        assert process.stdout is not None
        with process.stdout as output:
            line = output.readline()
        if not line.startswith("ready "):
            process.kill()
            process.wait(10)
            raise RuntimeError(f"the {role} instance did not start")
        self._running[role] = process

    def pid(self, role: str) -> int:
        return self._running[role].pid

    def module(self, role: str = "signers", *, seconds: float = 10) -> int:
        """Process id of the key module's child, waited for; TimeoutError."""
        pid, until = self.pid(role), time.monotonic() + seconds
        while time.monotonic() < until:
            found = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
            if found:
                return int(found[0])
            time.sleep(0.01)
        raise TimeoutError("the signer has no child")

    def kill(self, role: str, how: signal.Signals = signal.SIGKILL) -> int:
        """End one instance and wait for it; its exit status."""
        process = self._running.pop(role)
        process.send_signal(how)
        return process.wait(10)

    def ended(self, role: str) -> int:
        """The exit status of an instance that ends by itself, waited for."""
        return self._running.pop(role).wait(10)

    def revive(self) -> None:
        """Starts what does not run."""
        for role in ROLES:
            if role not in self._running or self._running[role].poll() is not None:
                self.start(role)

    @contextmanager
    def stopped(self, role: str) -> Iterator[None]:
        """The instance hangs (SIGSTOP) inside the block."""
        self._running[role].send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._running[role].send_signal(signal.SIGCONT)

    def stop(self) -> None:
        for role in list(self._running):
            self.kill(role, signal.SIGTERM)


@pytest.fixture(scope="session")
def signers() -> Iterator[SignerProcesses]:
    processes = SignerProcesses()
    for role in ROLES:
        processes.start(role)
    yield processes
    processes.stop()
    folder: Path = settings.SIGNER_SOCKET.parent
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def nobody_stays_killed(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that kills an instance and fails takes no other test along."""
    processes = request.getfixturevalue("signers") if "signers" in request.fixturenames else None
    yield
    if processes is not None:
        processes.revive()


@pytest.fixture
def signer(signers: SignerProcesses) -> client.Signers:
    """The client of the running signers' instance."""
    return client.signers()


@pytest.fixture
def issuer(signers: SignerProcesses) -> client.Authorities:
    """The client of the running authorities' instance."""
    return client.authorities()


def check(public_key: bytes, signature: bytes, digest: bytes, algorithm: Algorithm) -> None:
    """By cryptography's own verifier. `public_key` is a SubjectPublicKeyInfo.

    Raises InvalidSignature; AssertionError for a key of the other family.
    """
    key, hashed = load_der_public_key(public_key), _HASHES[algorithm.hash_name]
    if algorithm.scheme == "ecdsa":
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(signature, digest, ec.ECDSA(Prehashed(hashed)))
        return
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.public_numbers().e == 65537
    key.verify(signature, digest, _padding(algorithm, hashed, key), Prehashed(hashed))


def _padding(algorithm: Algorithm, hashed: HashAlgorithm, key: rsa.RSAPublicKey) -> padding.AsymmetricPadding:
    """With the salt's exact length, so that another one does not pass."""
    if algorithm.scheme == "rsa":
        return padding.PKCS1v15()
    longest = padding.calculate_max_pss_salt_length(key, hashed)
    salt = hashed.digest_size if algorithm.scheme == "rsa-pss" else longest
    return padding.PSS(padding.MGF1(hashed), salt)
