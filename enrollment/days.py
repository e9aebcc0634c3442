"""Days as people write them: Japanese eras, Western years, full-width and kanji numerals, and back.

Sources: form-rules DQ-04 to DQ-07, PH-07, PH-12, PH-52. Months are civil-law months (K-14).
"""

import re
from calendar import monthrange
from datetime import date
from typing import NamedTuple

from enrollment.problems import Problem
from enrollment.problems import gettext_noop as _


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
FULL_WIDTH = str.maketrans(
    "０１２３４５６７８９．／－‐−ー，、"
    + "".join(chr(code) for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))),
    "0123456789./----.." + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" * 2,
)
KANJI_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
KANJI_RUN = re.compile("[〇零一二三四五六七八九十]+")
BETWEEN = "[-./]"
ERA_DATE = re.compile(
    rf"(?P<era>{'|'.join(era.marks for era in ERAS)})"
    rf"(?P<year>元|[0-9]{{1,2}})(?:年|{BETWEEN})(?P<month>[0-9]{{1,2}})(?:月|{BETWEEN})(?P<day>[0-9]{{1,2}})日?"
)
WESTERN_DATE = re.compile(
    rf"(?:西暦)?(?P<year>[0-9]{{4}})(?:年|{BETWEEN})(?P<month>[0-9]{{1,2}})(?:月|{BETWEEN})(?P<day>[0-9]{{1,2}})日?"
)
EIGHT_DIGITS = re.compile("(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})")
HISTORY_CERTIFICATES_SINCE = date(2012, 1, 1)  # PH-11 (3)


def _format_problem() -> Problem:
    return Problem(
        "date_format",
        _("日付を読み取れません。例：昭和53年4月1日、S53.4.1、1978-04-01 のように入力してください。"),
    )


def parse(text: str) -> date:
    """One date in one field, era or Western (DQ-04, DQ-06).

    Raises `Problem`: date_format, date_impossible, or date_era when the era did not hold on that day.
    """
    if len(text) > 40:
        raise _format_problem()
    plain = re.sub("[ \u3000]", "", text).translate(FULL_WIDTH).upper()
    plain = KANJI_RUN.sub(lambda run: _number(run[0]), plain)
    found = ERA_DATE.fullmatch(plain)
    if found:
        return _in_era(found)
    found = WESTERN_DATE.fullmatch(plain) or EIGHT_DIGITS.fullmatch(plain)
    if not found:
        raise _format_problem()
    return _day(int(found["year"]), int(found["month"]), int(found["day"]))


def _number(kanji: str) -> str:
    """五十三 is 53, 二〇二四 is 2024; a run that is no number stays and then fits no pattern."""
    if "十" not in kanji:
        return kanji.translate(KANJI_DIGITS)
    tens, _ten, ones = kanji.partition("十")
    if len(tens) > 1 or len(ones) > 1 or "十" in ones:
        return kanji
    return str(int(tens.translate(KANJI_DIGITS) or 1) * 10 + int(ones.translate(KANJI_DIGITS) or 0))


def _in_era(found: re.Match[str]) -> date:
    era = next(era for era in ERAS if found["era"] in era.marks.split("|"))
    year = 1 if found["year"] == "元" else int(found["year"])
    if year == 0:
        raise _format_problem()
    day = _day(era.first.year + year - 1, int(found["month"]), int(found["day"]))
    if not era.first <= day <= era.last:
        right = in_era(day)
        if not right:
            raise Problem("date_era", _("%(era)sにその日はありません。"), era=era.name)
        raise Problem(
            "date_era", _("%(era)sにその日はありません。%(cured)sですか。"), era=era.name, cured=right
        )
    return day


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise Problem("date_impossible", _("その日付はありません。年月日を確かめてください。")) from None


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


def months_from(day: date, months: int) -> date:
    """The same day so many months later or earlier, or that month's last day where it is missing (PH-52).

    A period that runs forward from an event counts otherwise: `ledger.clock.civil_months_later`.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def registered_on(text: str, *, birth_date: date, today: date) -> date:
    """登録年月日: not after today and not before the 18th birthday (DQ-07).

    Raises `Problem`: those of `parse`, registered_future, registered_too_young.
    """
    day = parse(text)
    if day > today:
        raise Problem("registered_future", _("登録年月日が今日より後になっています。"))
    if day < months_from(birth_date, 18 * 12):
        raise Problem("registered_too_young", _("登録年月日が18歳の誕生日より前になっています。"))
    return day


def is_early_registration(day: date, birth_date: date) -> bool:
    """Under 22 years: possible, but worth a line of confirmation (DQ-07)."""
    return day < months_from(birth_date, 22 * 12)


def reissued_on(text: str, *, registered: date, today: date) -> date:
    """書換交付: not before 登録年月日 (DQ-07). Raises `Problem` as `parse`, or reissued_range."""
    day = parse(text)
    if not registered <= day <= today:
        raise Problem("reissued_range", _("書換交付の日は、登録年月日から今日までの日付にしてください。"))
    return day


def check_photo_taken(day: date, submitted: date) -> None:
    """The declared shooting date: within six months before submission (PH-07, PH-52).

    Raises `Problem`: photo_future, photo_old (which names the earliest day).
    """
    if day > submitted:
        raise Problem("photo_future", _("撮影日が今日より後になっています。"))
    earliest = months_from(submitted, -6)
    if day < earliest:
        raise Problem(
            "photo_old",
            _("撮影から6か月を過ぎています。%(earliest)s以降に撮影した写真を添付してください。"),
            earliest=in_both(earliest),
        )


def check_identity_day(kind: str, day: date, submitted: date) -> None:
    """Expiry of an identity document, or issue of a driving history certificate (PH-11, PH-12).

    `kind`: my_number_card, driving_licence, driving_history, passport.
    Raises `Problem`: identity_expired, identity_issued_early, identity_future.
    """
    if kind != "driving_history":
        if day < submitted:
            raise Problem(
                "identity_expired", _("有効期限が切れています。有効期限内の身分証を添付してください。")
            )
        return
    if day < HISTORY_CERTIFICATES_SINCE:
        raise Problem(
            "identity_issued_early",
            _("運転経歴証明書は、平成24年（2012年）1月1日以降に交付されたものに限ります。"),
        )
    if day > submitted:
        raise Problem("identity_future", _("交付日が今日より後になっています。"))
