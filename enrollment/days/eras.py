"""The eras' first and last days (DQ-05), and a day as both calendars write it."""

from datetime import date
from typing import NamedTuple


class Era(NamedTuple):
    name: str
    marks: str  # every way to begin a date of this era
    first: date
    last: date


ERAS = (
    Era("令和", "令和|令|㋿|R", date(2019, 5, 1), date.max),
    Era("平成", "平成|平|㍻|H", date(1989, 1, 8), date(2019, 4, 30)),
    Era("昭和", "昭和|昭|㍼|S", date(1926, 12, 25), date(1989, 1, 7)),
    Era("大正", "大正|大|㍽|T", date(1912, 7, 30), date(1926, 12, 24)),
)


def in_era(day: date) -> str:
    """平成元年1月8日; empty before 大正."""
    for era in ERAS:
        if era.first <= day <= era.last:
            year = day.year - era.first.year + 1
            return f"{era.name}{'元' if year == 1 else year}年{day.month}月{day.day}日"
    return ""


def in_both(day: date) -> str:
    """How a typed date is shown back: 2019年5月1日（令和元年5月1日）."""
    western, era = f"{day.year}年{day.month}月{day.day}日", in_era(day)
    return f"{western}（{era}）" if era else western
