"""Is every part that a request may need there? One short probe per part, none that changes anything lasting."""

import logging
import os
import uuid
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import connection

from deploy.celery import app
from enrollment.pictures import scanner
from signing.signer.client import Authorities, Declined, OutcomeUnknown, Signers, SignerUnavailable

PATIENCE = 2.0  # seconds for a signer; a hanging module takes longer and is not ready

log = logging.getLogger("inkan.health")


class NotReady(Exception):
    """What is missing, in plain words."""


def database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def broker() -> None:
    """The queue's server answers; on the embedded broker its folder bears a file."""
    if settings.BROKER_IS_EMBEDDED:
        bears_a_file(settings.BROKER_FOLDER)
        return
    with app.connection_for_write(connect_timeout=2) as link:
        link.ensure_connection(max_retries=1, interval_start=0, interval_step=0)


def signer() -> None:
    """It answers, and its key module is there; else NotReady."""
    _ping(Signers(settings.SIGNER_SOCKET, PATIENCE))


def issuer() -> None:
    _ping(Authorities(settings.ISSUER_SOCKET, PATIENCE))


def _ping(caller: Signers | Authorities) -> None:
    try:
        caller.ping()
    except (SignerUnavailable, OutcomeUnknown, Declined) as problem:
        raise NotReady(str(problem)) from problem
    finally:
        caller.disconnect()


def bears_a_file(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    trial = folder / f".trial-{os.getpid()}-{uuid.uuid4().hex}"
    trial.write_bytes(b"ok")
    trial.unlink()


def storage() -> None:
    bears_a_file(settings.STORAGE_ROOT)


def malware_scanner() -> None:
    scanner.ping(settings.INKAN_CLAMD)


PROBES: dict[str, Callable[[], None]] = {
    "database": database,
    "broker": broker,
    "signer": signer,
    "issuer": issuer,
    "storage": storage,
}


# What only some requests need, and only where it is configured: without it no file is taken, everything else goes on.
BESIDE = ("scanner",)


def parts() -> dict[str, str]:
    """Each part with "ok" or "unavailable"; the reason is in the log only."""
    states = {}
    probes = PROBES | ({"scanner": malware_scanner} if settings.INKAN_CLAMD else {})
    for name, probe in probes.items():
        try:
            probe()
            states[name] = "ok"
        except Exception as problem:
            log.warning("not ready: %s: %s", name, problem)
            states[name] = "unavailable"
    return states
