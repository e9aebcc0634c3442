"""A throw-away SoftHSM token: the key module of the tests, never of a product (it is no HSM)."""

import os
import subprocess
from pathlib import Path
from typing import NamedTuple

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
)


class Token(NamedTuple):
    module: Path
    label: str
    pin: str
    configuration: Path  # goes into SOFTHSM2_CONF of the process that loads the module

    def environment(self, folder: Path) -> dict[str, str]:
        """Of both instances over this token; their state and sockets lie in `folder`, whose path must be short."""
        return {
            "SOFTHSM2_CONF": str(self.configuration),
            "INKAN_HOME": str(folder / "home"),
            "INKAN_KEYSTORE": "pkcs11",
            "INKAN_PKCS11_MODULE": str(self.module),
            "INKAN_PKCS11_TOKEN": self.label,
            "INKAN_PKCS11_PIN": self.pin,
            "INKAN_SIGNER_SOCKET": str(folder / "s" / "signer"),
            "INKAN_ISSUER_SOCKET": str(folder / "s" / "issuer"),
        }


def create(folder: Path, label: str = "inkan-test") -> Token:
    """An initialised token under `folder`; RuntimeError where SoftHSM is not installed."""
    module = next((Path(path) for path in MODULES if Path(path).exists()), None)
    if module is None:
        raise RuntimeError("SoftHSM is missing; `make test` installs softhsm2")
    tokens, configuration = folder / "tokens", folder / "softhsm2.conf"
    tokens.mkdir(parents=True)
    configuration.write_text(
        f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    pin = "8391027456"
    command = [
        "softhsm2-util",
        "--init-token",
        "--free",
        "--label",
        label,
        "--so-pin",
        "7650918234",
        "--pin",
        pin,
    ]
    subprocess.run(
        command,
        env={**os.environ, "SOFTHSM2_CONF": str(configuration)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return Token(module, label, pin, configuration)
