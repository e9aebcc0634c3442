"""Time-based one-time codes: RFC 6238 over RFC 4226 as django-otp computes them."""

from datetime import datetime, timedelta

from django_otp.oath import TOTP

STEP = 30  # seconds
DIGITS = 6
_DRIFT = 1  # steps before and after, RFC 6238 section 5.2 (at most one network delay)


def matching_step(seed: bytes, code: str, at: datetime, after: int) -> int | None:
    """The time step whose code this is, later than step `after` (RFC 6238 section 5.2: a code is good once)."""
    if len(code) != DIGITS or not code.isascii() or not code.isdigit():
        return None
    clock = TOTP(seed, step=STEP, digits=DIGITS)
    clock.time = at.timestamp()
    if not clock.verify(int(code), tolerance=_DRIFT, min_t=after + 1):
        return None
    return int(clock.t())


def code_at(seed: bytes, at: datetime) -> str:
    """What an authenticator app shows at this moment."""
    clock = TOTP(seed, step=STEP, digits=DIGITS)
    clock.time = at.timestamp()
    return f"{clock.token():0{DIGITS}d}"


def phone_time(at: datetime, offset: timedelta) -> datetime:
    """The officer's phone knows nothing of the demo's shifted clock (INKAN_CLOCK_OFFSET)."""
    return at - offset
