"""Wrong tries are counted in the database before anything is checked, so that tries in parallel count too.

Five tries, then 15 minutes of rest (decision 15: it fails closed). Names that do not exist are counted and answered
alike.
"""

import unicodedata
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from staff.models import SignInCounter
from vault import keyring

TRIES = 5
REST = timedelta(minutes=15)
_FORGET = timedelta(days=1)


class LockedOut(Exception):
    """No try is left until `until`."""

    def __init__(self, until: datetime) -> None:
        self.until = until


def count_try(name: str, at: datetime) -> int:
    """Take one of the five tries and return its number; raises LockedOut when none is left.

    Call `forgive` after a success. A pause of 15 minutes gives all five back.
    """
    digest = _digest(name)
    with transaction.atomic():
        row = SignInCounter.objects.filter(name_digest=digest)
        if not row.exists():
            SignInCounter.objects.filter(
                last_try_at__lt=at - _FORGET
            ).delete()  # made-up names do not pile up
            SignInCounter.objects.bulk_create(
                [SignInCounter(name_digest=digest, last_try_at=at)], ignore_conflicts=True
            )
        row.filter(Q(locked_until__lte=at) | Q(locked_until=None, last_try_at__lte=at - REST)).update(
            tries=0, locked_until=None
        )
        taken = row.filter(tries__lt=TRIES).update(tries=F("tries") + 1, last_try_at=at)
        counter = row.get()  # ours alone: the update above has locked it until the commit
        if not taken:
            raise LockedOut(counter.locked_until or at + REST)
        if counter.tries == TRIES:
            row.update(locked_until=at + REST)
    return counter.tries


def forgive(name: str) -> None:
    """A success gives all tries back."""
    SignInCounter.objects.filter(name_digest=_digest(name)).update(tries=0, locked_until=None)


def locked_until(name: str, at: datetime) -> datetime | None:
    """Until when a name gets no more tries; None when it is not locked out."""
    rows = SignInCounter.objects.filter(name_digest=_digest(name), locked_until__gt=at)
    return rows.values_list("locked_until", flat=True).first()


def _digest(name: str) -> bytes:
    return keyring.web().mac("staff.sign_in_counter", unicodedata.normalize("NFKC", name).encode())
