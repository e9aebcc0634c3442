"""The product's time (decision 14): UTC inside, JST for people, shifted as a whole by CLOCK_OFFSET."""

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

JST = ZoneInfo("Asia/Tokyo")


def now() -> datetime:
    """The product's time, aware, in UTC. Read once per request and pass it on."""
    return timezone.now() + settings.CLOCK_OFFSET


def today(at: datetime) -> date:
    """The civil day in Japan at this moment."""
    return at.astimezone(JST).date()


def civil_months_later(day: date, months: int) -> date:
    """The last day of a period of civil months whose first day is not counted (Civil Code arts. 140, 143).

    The period begins on the next day, so 2027-02-28 + 3 months ends on 2027-05-31 and
    2026-11-28, -29 and -30 + 3 months all end on 2027-02-28 (ST-17).
    """
    first = day + timedelta(days=1)
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    month += 1
    length = monthrange(year, month)[1]
    if first.day > length:
        return date(year, month, length)
    return date(year, month, first.day) - timedelta(days=1)


def end_of_day(day: date) -> datetime:
    """24:00 JST of that day: the first moment that no longer belongs to it."""
    return datetime.combine(day + timedelta(days=1), time.min, JST)


def last_day(end: datetime) -> date:
    """The day whose 24:00 JST `end` is: what people read as "until" (the inverse of end_of_day)."""
    return today(end - timedelta(microseconds=1))
