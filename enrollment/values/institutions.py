"""医療機関コード and 薬局コード (DQ-10 to DQ-15)."""

import re
from typing import NamedTuple

from enrollment.problems import Problem
from enrollment.problems import gettext_noop as _
from enrollment.values.folding import DASHES, SPACES, bare, is_digits
from enrollment.values.prefectures import PREFECTURES

# Prefectures whose check digit runs over the last seven digits alone (DQ-12: Saitama, Chiba, Tokyo, Kanagawa).
SHORT_CHECK = ("11", "12", "13", "14")
MEDICAL, DENTAL, PHARMACY, NURSING = "1", "3", "4", "6"
TABLES = {MEDICAL: _("医科"), DENTAL: _("歯科"), PHARMACY: _("調剤"), NURSING: _("訪問看護")}  # DQ-10
TEST_PREFECTURE = "99"
TEST_NAME = _("試験用")
WHOLE, SHORT = 10, 7


class InstitutionCode(NamedTuple):
    """Ten digits; `warnings` (institution_check_digit, institution_table) never refuse (DQ-13, DQ-14)."""

    value: str
    warnings: tuple[str, ...]


WARNINGS = {
    "institution_check_digit": _(
        "医療機関コードの最後の1桁（検査数字）が、ほかの数字と合いません。打ち間違いがないか確かめてください。"
        "仮コードの場合や、番号が正しい場合は、そのままで構いません。"
    ),
    "institution_table": _(
        "医療機関コードの3桁目（点数表番号）が、医科（1）・歯科（3）・調剤（4）・訪問看護（6）のどれでもありません。"
    ),
}


def institution_code(
    text: str, *, prefecture: str = "", table: str = "", production: bool = True
) -> InstitutionCode:
    """A 10-digit code, or 7 digits completed from the chosen prefecture ("01") and table ("1") (DQ-10, DQ-11).

    Raises `Problem`: institution_format, institution_incomplete, institution_length, institution_prefecture.
    """
    found = bare(text, DASHES + SPACES + ",.，．、・")
    if not is_digits(found):
        raise Problem(
            "institution_format",
            _("医療機関コードに数字でない文字があります。分からない場合は空欄にしてください。"),
        )
    if len(found) == SHORT:
        if not (re.fullmatch("[0-9]{2}", prefecture) and re.fullmatch("[0-9]", table)):
            raise Problem(
                "institution_incomplete",
                _("7桁のコードのときは、都道府県と種別（医科・歯科・調剤など）も選んでください。"),
            )
        found = prefecture + table + found
    if len(found) != WHOLE:
        raise Problem(
            "institution_length",
            _("医療機関コードは10桁です（入力は%(digits)s桁）。7桁のコードも使えます。"),
            digits=len(found),
        )
    if not _is_prefecture(found[:2], production):
        raise Problem(
            "institution_prefecture",
            _("医療機関コードの先頭2桁（都道府県番号）は01から47です（入力は%(code)s）。"),
            code=found[:2],
        )
    warnings = () if found[2] in TABLES else ("institution_table",)
    if not has_check_digit(found):
        warnings = (*warnings, "institution_check_digit")
    return InstitutionCode(found, warnings)


def _is_prefecture(code: str, production: bool) -> bool:
    return code in PREFECTURES or (code == TEST_PREFECTURE and not production)


def has_check_digit(code: str) -> bool:
    """Luhn over all ten digits, over the last seven in prefectures 11 to 14 (DQ-12)."""
    return _luhn(code[-SHORT:] if code[:2] in SHORT_CHECK else code)


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def parts(code: str) -> tuple[str, str]:
    """Prefecture and table of a ten-digit code in words, each "" where there is none: 東京都, 医科 (DQ-10)."""
    prefecture = TEST_NAME if code[:2] == TEST_PREFECTURE else PREFECTURES.get(code[:2], "")
    return prefecture, TABLES.get(code[2:3], "")
