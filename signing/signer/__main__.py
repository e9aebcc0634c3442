"""`python -m signing.signer --role signers|authorities`: one process, one socket, one key store.

Reads deploy.settings for paths and the choice of store; never sets Django up and has no database. Prints
"ready SOCKET" when it answers; SIGTERM and SIGINT answer what has arrived, then end.
"""

import argparse
import logging
import os
import signal
import sys
import time
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from signing.keystore import KeyStore
from signing.keystore.software import SoftwareStore
from signing.signer import server
from signing.signer.journal import IssuedLog, Journal
from signing.signer.roles import Authorities, Role, Signers
from vault.keyring import Keyring

PKCS11_STORE = "signing.keystore.pkcs11.Pkcs11Store"


def _keyring(role: str) -> Keyring:
    path = settings.SIGNER_KEYRING_PATH if role == "signers" else settings.ISSUER_KEYRING_PATH
    if settings.IS_DEMO and not path.exists():
        return Keyring.create(path)
    return Keyring.load(path)


def _store(role: str) -> KeyStore:
    if settings.KEYSTORE == "software":
        return SoftwareStore(_keyring(role), settings.HOME / "keys" / role)
    token, pin = settings.PKCS11_TOKEN, settings.PKCS11_PIN
    if role == "authorities":
        token, pin = settings.ISSUER_PKCS11_TOKEN, settings.ISSUER_PKCS11_PIN
    # By name: the binding is an optional dependency that only this process and only this choice loads.
    store: KeyStore = import_string(PKCS11_STORE)(Path(settings.PKCS11_MODULE), token, pin)
    return store


def _now() -> float:
    return time.time() + settings.CLOCK_OFFSET.total_seconds()


def _role(name: str) -> Role:
    store = _store(name)
    folder = settings.HOME / "signer"
    if name == "authorities":
        return Authorities(store, IssuedLog(folder / "issued"))
    return Signers(store, Journal(folder / "journal"), _now)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="signing.signer", description="Holds keys, answers on a UNIX socket."
    )
    parser.add_argument("--role", choices=("signers", "authorities"), required=True)
    parser.add_argument(
        "--peer", type=int, action="append", help="user id that may speak (default: this user)"
    )
    parser.add_argument("--group", type=int, help="group id whose members reach the socket (default: none)")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deploy.settings")
    logging.basicConfig(
        level=logging.INFO, format=f"%(asctime)s %(levelname)s signer-{options.role} %(message)s"
    )
    path = settings.SIGNER_SOCKET if options.role == "signers" else settings.ISSUER_SOCKET
    listener, _lock = server.listen(path, options.group)
    serving = server.Server(listener, _role(options.role), options.peer or [os.geteuid()])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: serving.stop())
    print(f"ready {path}", flush=True)
    serving.serve()
    path.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
