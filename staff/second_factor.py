"""The second factor: a code of the authenticator app, or one of the recovery codes."""

import secrets
import unicodedata
from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django_otp.models import Device

from ledger import log
from staff import totp
from staff.models import SEED, Officer, RecoveryCode, RecoverySheet, TotpDevice
from vault import keyring, tokens

SHEET = 10  # codes on a sheet


def spend(officer: Officer, code: str, at: datetime) -> Device | None:
    """The device whose unused code this is; the code is spent. None, and every asked device slowed down, otherwise.

    Call it inside a transaction together with what the code is for.
    """
    code = _plain(code)
    phone_at = totp.phone_time(at, settings.CLOCK_OFFSET)
    asked = list(_devices(officer, code))
    for device in asked:
        if device.verify_is_allowed()[0] and _accepts(device, code, at, phone_at):
            device.throttle_reset(commit=False)
            type(device).objects.filter(pk=device.pk).update(
                throttling_failure_timestamp=None, throttling_failure_count=0
            )
            return device
    for device in asked:
        type(device).objects.filter(pk=device.pk).update(
            throttling_failure_timestamp=phone_at, throttling_failure_count=F("throttling_failure_count") + 1
        )
    return None


def new_recovery_codes(officer: Officer, actor: log.Actor) -> list[str]:
    """A fresh sheet of ten codes, returned in clear this once; those of the old sheet are void."""
    codes = [tokens.new_password() for _ in range(SHEET)]
    with transaction.atomic():
        sheet, _is_new = RecoverySheet.objects.get_or_create(user=officer, defaults={"name": "recovery"})
        sheet.codes.all().delete()
        RecoveryCode.objects.bulk_create(
            RecoveryCode(sheet=sheet, digest=_digest(sheet, code)) for code in codes
        )
        log.append("staff.recovery_codes_made", actor=actor, subject=str(officer.public_id))
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def new_pending_device(officer: Officer) -> TotpDevice:
    """A device that nothing is opened with until its first code is given; a former one that waits is gone."""
    with transaction.atomic():
        TotpDevice.objects.filter(user=officer, confirmed=False).delete()
        made: TotpDevice = TotpDevice.objects.create(
            user=officer, name="TOTP", confirmed=False, seed=secrets.token_bytes(SEED)
        )
    return made


def pending_device(officer: Officer) -> TotpDevice | None:
    found: TotpDevice | None = (
        TotpDevice.objects.filter(user=officer, confirmed=False).order_by("-pk").first()
    )
    return found


def confirm_pending_device(officer: Officer, code: str, at: datetime) -> bool:
    """Whether this is the waiting device's code; it then takes the place of every other device of the officer.

    Call it inside a transaction, after the try has been counted (staff.lockout). The code is spent.
    """
    waiting = TotpDevice.objects.select_for_update().filter(user=officer, confirmed=False)
    device = waiting.order_by("-pk").first()
    if device is None or not _accepts(device, _plain(code), at, totp.phone_time(at, settings.CLOCK_OFFSET)):
        return False
    if TotpDevice.objects.filter(pk=device.pk, confirmed=False).update(confirmed=True) != 1:
        return False
    TotpDevice.objects.filter(user=officer).exclude(pk=device.pk).delete()
    log.append(
        "staff.device_confirmed",
        actor=log.Actor("officer", str(officer.public_id)),
        subject=str(officer.public_id),
    )
    return True


def recovery_codes_left(officer: Officer) -> int:
    return RecoveryCode.objects.filter(sheet__user=officer, used_at=None).count()


def _devices(officer: Officer, code: str) -> Iterator[TotpDevice | RecoverySheet]:
    kind = TotpDevice if code.isdigit() else RecoverySheet
    # Locked, so that tries in parallel see each other's count.
    yield from kind.objects.select_for_update().filter(user=officer, confirmed=True).order_by("pk")


def _accepts(device: TotpDevice | RecoverySheet, code: str, at: datetime, phone_at: datetime) -> bool:
    if isinstance(device, TotpDevice):
        step = totp.matching_step(bytes(device.seed), code, phone_at, device.last_t)
        fresh = TotpDevice.objects.filter(pk=device.pk, last_t__lt=step if step is not None else -1)
        return step is not None and fresh.update(last_t=step) == 1
    unused = device.codes.filter(digest=_digest(device, code), used_at=None)
    return bool(unused.update(used_at=at) == 1)


def _plain(code: str) -> str:
    """Full-width digits, spaces and hyphens are how people type codes."""
    return "".join(unicodedata.normalize("NFKC", code).lower().replace("-", "").split())[:32]


def _digest(sheet: RecoverySheet, code: str) -> bytes:
    return keyring.web().mac("staff.recovery_code", f"{sheet.pk}:{code}".encode())
