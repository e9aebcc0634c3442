"""An officer signs in: name, password and second factor at once, counted, logged, and never told which was wrong."""

import logging
from datetime import datetime

from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest

from ledger import log
from staff import lockout, second_factor
from staff.models import Officer, TotpDevice

logger = logging.getLogger(__name__)


class SignInRefused(Exception):
    """Name, password or code is wrong, or the officer has left."""


def attempt(request: HttpRequest | None, username: str, password: str, code: str, at: datetime) -> Officer:
    """The officer, with `otp_device` set for django-otp; raises SignInRefused or lockout.LockedOut."""
    username = Officer.normalize_username(username)
    try:
        number = lockout.count_try(username, at)
    except lockout.LockedOut:
        logger.warning("sign-in refused: no tries left")
        raise
    officer = authenticate(request, username=username, password=password)
    if isinstance(officer, Officer):
        with transaction.atomic():
            device = second_factor.spend(officer, code, at)
            if device is not None:
                lockout.forgive(username)
                means = "totp" if isinstance(device, TotpDevice) else "recovery_code"
                log.append(
                    "staff.signed_in", actor=actor(officer), subject=_id(officer), data={"means": means}
                )
        if device is not None:
            officer.otp_device = device
            return officer
    note_failure(username, number)
    raise SignInRefused


def confirm(officer: Officer, code: str, at: datetime) -> bool:
    """Ask an officer who is signed in for the authenticator app's code again; wrong codes count as tries.

    A recovery code does not do. Raises lockout.LockedOut.
    """
    number = lockout.count_try(officer.username, at)
    with transaction.atomic():
        device = second_factor.spend(officer, code, at) if code.strip().isdigit() else None
        if device is not None:
            lockout.forgive(officer.username)
            log.append("staff.confirmed", actor=actor(officer), subject=_id(officer))
    if device is None:
        note_failure(officer.username, number)
    return device is not None


def actor(officer: Officer) -> log.Actor:
    """The officer as the ledger's actor."""
    return log.Actor("officer", _id(officer))


def note_failure(username: str, number: int) -> None:
    """A wrong try, and the one that locked the name, wherever password or code was asked for."""
    known = Officer.objects.filter(username=username).first()
    is_last = number == lockout.TRIES
    logger.warning("sign-in refused: try %s, %s", number, "known name" if known else "unknown name")
    if known is None:
        return
    with transaction.atomic():
        # Whoever tried has proven nothing, so the officer is the subject and not the actor.
        kind = "staff.locked" if is_last else "staff.sign_in_refused"
        log.append(kind, actor=log.SYSTEM, subject=_id(known), data={"tries": number})


def _id(officer: Officer) -> str:
    return str(officer.public_id)
