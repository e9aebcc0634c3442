"""certomancer-csc-dummy (MIT): a CSC 1.0.4 server for tests of clients, run beside ours as the peer that forgives all.

Its own words: no authentication, no protection against replays, every key of its PKI may sign.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.support.services import free_port
from tests.support.web import wait_for

_CONFIG = """
keysets:
  keys:
    path-prefix: keys
    keys:
      root: {{path: root.pem}}
      rsa: {{path: rsa.pem}}
      ec: {{path: ec.pem}}
pki-architectures:
  pki:
    keyset: keys
    entities:
      root: {{country-name: JP, common-name: Root}}
      signer: {{country-name: JP, common-name: Signer}}
      signer2: {{country-name: JP, common-name: Signer with a curve}}
    certs:
      root:
        subject: root
        subject-key: root
        issuer: root
        validity: {{valid-from: "2020-01-01T00:00:00+0000", valid-to: "2100-01-01T00:00:00+0000"}}
        extensions:
          - id: basic_constraints
            critical: true
            value: {{ca: true}}
      signer:
        subject: signer
        subject-key: rsa
        issuer: root
        authority-key: root
        validity: {{valid-from: "2020-01-01T00:00:00+0000", valid-to: "2100-01-01T00:00:00+0000"}}
      signer2:
        subject: signer2
        subject-key: ec
        issuer: root
        authority-key: root
        validity: {{valid-from: "2020-01-01T00:00:00+0000", valid-to: "2100-01-01T00:00:00+0000"}}
"""
RSA_SIGNER, EC_SIGNER, ROOT = "pki/signer", "pki/signer2", "pki/root"


@contextmanager
def dummy(folder: Path) -> Iterator[str]:
    """The address of a running dummy with an RSA-2048 and a P-256 signer."""
    with running(folder) as (port, _process):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def running(folder: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """As `dummy`, by its port on loopback, with its process."""
    keys = folder / "keys"
    keys.mkdir()
    made = {
        "root": rsa.generate_private_key(65537, 2048),
        "rsa": rsa.generate_private_key(65537, 2048),
        "ec": ec.generate_private_key(ec.SECP256R1()),
    }
    for name, key in made.items():
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[attr-defined]
        (keys / f"{name}.pem").write_bytes(pem)
    config = folder / "certomancer.yml"
    config.write_text(_CONFIG.format(), encoding="utf-8")
    port = free_port()
    command = [sys.executable, "-m", "csc_dummy", str(config), str(port), "2"]
    with (folder / "dummy.log").open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
        try:
            wait_for(f"http://127.0.0.1:{port}/info", process)
            yield port, process
        finally:
            process.terminate()
            process.wait(15)
