"""One date in one field, as people write it (DQ-04, DQ-06)."""

import re
from calendar import monthrange
from datetime import MAXYEAR, date

from enrollment.days.eras import ERAS, in_both, in_era
from enrollment.problems import Problem
from enrollment.problems import gettext_noop as _

LONGEST = 40
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
WIDE_LETTERS = "".join(chr(code) for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)))
FOLDED = str.maketrans(
    "０１２３４５６７８９．／（）－‐‑‒–—―−ー，、・" + WIDE_LETTERS,
    "0123456789./()---------..." + LETTERS * 2,
)
KANJI_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
KANJI_RUN = re.compile("[〇零一二三四五六七八九十]+")
ERA = "|".join(mark for era in ERAS for mark in era.marks.split("|"))
BETWEEN = "[-./]"
REST = rf"(?P<month>[0-9]{{1,2}})(?:月|{BETWEEN})(?P<day>[0-9]{{1,2}})日?"
ERA_DATE = re.compile(rf"(?P<era>{ERA})(?P<year>元|[0-9]{{1,2}})(?:年|{BETWEEN}){REST}")
WESTERN_DATE = re.compile(rf"(?:西暦)?(?P<year>[0-9]{{4}})(?:年|{BETWEEN}){REST}")
RUN_TOGETHER = (  # 20080401, and S530401 as medical records write it
    re.compile("(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"),
    re.compile("(?P<era>[RHST])(?P<year>[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"),
)
# A driving licence says 2030年(令和12年)03月01日まで有効: the year in both calendars.
YEAR_TWICE = re.compile(r"(?P<one>[^()]{1,7}?)年?\((?P<other>[^()]{1,7}?)年?\)年?(?P<rest>[^()]+)")
AFTERWARDS = re.compile("(?:まで有効|まで|迄|交付|生まれ|生)$")
NO_YEAR = re.compile(rf"[0-9]{{1,2}}(?:年|{BETWEEN}){REST}")
NO_DAY = re.compile(rf"(?:{ERA}|西暦)?(?:元|[0-9]{{1,4}})(?:年|{BETWEEN})?(?:[0-9]{{1,2}}月?)?")


def parse(text: str) -> date:
    """The day that was typed, in either calendar.

    Raises `Problem`: date_format, date_no_era, date_incomplete, date_impossible, date_conflict (two years that
    differ), or date_era when the era did not hold on that day.
    """
    if len(text) > LONGEST:
        raise _format_problem()
    plain = AFTERWARDS.sub("", re.sub(r"\s", "", text)).translate(FOLDED).upper()
    plain = KANJI_RUN.sub(lambda run: kanji_number(run[0]), plain)
    twice = YEAR_TWICE.fullmatch(plain)
    if twice is None:
        return _single(plain)
    first, second = (_single(f"{twice[year]}年{twice['rest']}") for year in ("one", "other"))
    if first != second:
        raise Problem(
            "date_conflict",
            _("%(first)sと%(second)sのどちらか分かりません。一方だけを入力してください。"),
            first=in_both(first),
            second=in_both(second),
        )
    return first


def _single(plain: str) -> date:
    patterns = (ERA_DATE, WESTERN_DATE, *RUN_TOGETHER)
    found = next((match for match in (one.fullmatch(plain) for one in patterns) if match), None)
    if found is None:
        raise _unread(plain)
    if "era" in found.re.groupindex:
        return _in_era(found)
    return _day(int(found["year"]), found)


def _unread(plain: str) -> Problem:
    if NO_YEAR.fullmatch(plain):
        return Problem(
            "date_no_era",
            _(
                "年が西暦か和暦か分かりません。元号を付けるか、西暦4桁にしてください（例：S53.4.1、1978-04-01）。"
            ),
        )
    if NO_DAY.fullmatch(plain):
        return Problem("date_incomplete", _("年・月・日のすべてを入力してください（例：昭和53年4月1日）。"))
    return _format_problem()


def _format_problem() -> Problem:
    return Problem(
        "date_format",
        _("日付を読み取れません。例：昭和53年4月1日、S53.4.1、1978-04-01 のように入力してください。"),
    )


def kanji_number(kanji: str) -> str:
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
    day = _day(era.first.year + year - 1, found)
    if not era.first <= day <= era.last:
        right = in_era(day)
        if not right:
            raise Problem("date_era", _("%(era)sにその日はありません。"), era=era.name)
        raise Problem(
            "date_era", _("%(era)sにその日はありません。%(cured)sですか。"), era=era.name, cured=right
        )
    return day


def _day(year: int, found: re.Match[str]) -> date:
    month, day = int(found["month"]), int(found["day"])
    if not 1 <= year <= MAXYEAR:
        raise _format_problem()
    if not 1 <= month <= 12:
        raise Problem("date_impossible", _("%(month)s月はありません。月を確かめてください。"), month=month)
    last = monthrange(year, month)[1]
    if not 1 <= day <= last:
        raise Problem(
            "date_impossible",
            _("%(year)s年%(month)s月は%(last)s日までです（入力は%(day)s日）。日を確かめてください。"),
            year=year,
            month=month,
            last=last,
            day=day,
        )
    return date(year, month, day)
