"""What signing in and confirming leaves behind: codes, card readings, sessions, and the clear text of a link.

A day is added to each short life, so that "too often" and a late answer can still be told from an unknown one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from enrollment.models import (
    ApplicantSession,
    CardReading,
    EmailCode,
    JoinRequest,
    NameChange,
    PhoneReading,
    UnsentForm,
)
from ledger.clock import civil_months_later, end_of_day, today
from ledger.erasure import Erased
from outbox import notices
from signing import links

DAY = timedelta(days=1)
JOIN_DAYS = 90
NAME_DAYS = 30  # as a draft


def _codes(at: datetime) -> QuerySet[EmailCode]:
    return EmailCode.objects.filter(expires_at__lte=at - DAY)


def _readings(at: datetime) -> QuerySet[CardReading]:
    return CardReading.objects.filter(expires_at__lte=at - DAY)


def _unsent(at: datetime) -> QuerySet[UnsentForm]:
    return UnsentForm.objects.filter(expires_at__lte=at)


def _answers(at: datetime) -> QuerySet[PhoneReading]:
    """What a phone has read off a card and no browser has fetched."""
    return PhoneReading.objects.filter(answer__isnull=False, reading__expires_at__lte=at)


def _sessions(at: datetime) -> QuerySet[ApplicantSession]:
    return ApplicantSession.objects.filter(
        Q(ended_at__lte=at - DAY) | Q(last_seen_at__lte=at - settings.APPLICANT_IDLE - DAY)
    )


def _joins(at: datetime) -> QuerySet[JoinRequest]:
    """What came to nothing; a joined one stays with its case (BD-14)."""
    return JoinRequest.objects.exclude(state="joined").filter(frozen_at__lte=at - timedelta(days=JOIN_DAYS))


def _names(at: datetime) -> QuerySet[NameChange]:
    """Changes of name that were prepared and never signed."""
    return NameChange.objects.filter(changed_at__lte=at - timedelta(days=NAME_DAYS))


def _keys(rows: QuerySet[Any], most: int) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True)[:most])


def _delete(rows: QuerySet[Any], keys: Sequence[int], name: str) -> Erased | None:
    count = rows.filter(pk__in=keys).delete()[1].get(rows.model._meta.label, 0)
    return Erased(name, {"count": count}) if count else None


def spent_codes(at: datetime, most: int) -> list[int]:
    return _keys(_codes(at), most)


def erase_codes(keys: Sequence[int], at: datetime) -> Erased | None:
    return _delete(_codes(at), keys, "email_code")


def old_readings(at: datetime, most: int) -> list[int]:
    return _keys(_readings(at), most)


def erase_readings(keys: Sequence[int], at: datetime) -> Erased | None:
    return _delete(_readings(at), keys, "card_reading")


def unsent_forms(at: datetime, most: int) -> list[int]:
    return _keys(_unsent(at), most)


def erase_unsent(keys: Sequence[int], at: datetime) -> Erased | None:
    return _delete(_unsent(at), keys, "unsent_form")


def unfetched_answers(at: datetime, most: int) -> list[int]:
    return _keys(_answers(at), most)


def erase_answers(keys: Sequence[int], at: datetime) -> Erased | None:
    count = PhoneReading.objects.filter(pk__in=_keys(_answers(at).filter(pk__in=keys), len(keys))).update(
        answer=None
    )
    return Erased("phone_answer", {"count": count}) if count else None


def ended_sessions(at: datetime, most: int) -> list[int]:
    return _keys(_sessions(at), most)


def erase_sessions(keys: Sequence[int], at: datetime) -> Erased | None:
    return _delete(_sessions(at), keys, "applicant_session")


def _links_end(at: datetime) -> datetime:
    """A notice posted before this moment tells of a link that has ended whatever happened to it (ST-17)."""
    return end_of_day(civil_months_later(today(at), -links.MONTHS)) - timedelta(days=4)


def old_secrets(at: datetime, most: int) -> list[int]:
    """Where the news of a binding, an expiry or a lock has been lost, the clear text goes by its age."""
    return notices.with_old_secret(_links_end(at), most)


def erase_secrets(keys: Sequence[int], at: datetime) -> Erased | None:
    count = notices.erase_old_secrets(keys, _links_end(at))
    return Erased("link_secret", {"count": count}) if count else None


def old_joins(at: datetime, most: int) -> list[int]:
    return _keys(_joins(at), most)


def erase_joins(keys: Sequence[int], at: datetime) -> Erased | None:
    return _delete(_joins(at), keys, "join_request")


def unsigned_names(at: datetime, most: int) -> list[int]:
    return _keys(_names(at), most)


def erase_names(keys: Sequence[int], at: datetime) -> Erased | None:
    return _delete(_names(at), keys, "name_change")
