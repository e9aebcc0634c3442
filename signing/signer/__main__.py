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

from django.conf import settings

from signing.signer import server, stores
from signing.signer.journal import IssuedLog, Journal
from signing.signer.keys import Here, Keys
from signing.signer.module import Module
from signing.signer.roles import Authorities, Role, Signers

MODULE = ("-m", "signing.signer.module_process")


def _keys(role: str) -> Keys:
    """Sealed keys are opened in this process; a module that somebody else wrote lives in a child."""
    if settings.KEYSTORE == "software":
        return Here(stores.make(role))
    module = Module([sys.executable, *MODULE, "--role", role], settings.MODULE_SECONDS)
    module.begin()
    return module


def _now() -> float:
    return time.time() + settings.CLOCK_OFFSET.total_seconds()


def _role(name: str) -> Role:
    keys = _keys(name)
    folder = settings.HOME / "signer"
    if name == "authorities":
        return Authorities(keys, IssuedLog(folder / "issued"))
    return Signers(keys, Journal(folder / "journal"), _now)


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
    role = _role(options.role)
    serving = server.Server(listener, role, options.peer or [os.geteuid()])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: serving.stop())
    print(f"ready {path}", flush=True)
    serving.serve()
    role.keys.end()
    path.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
