"""Numbers and addresses as people type them; each parser returns the stored form or raises a coded `Problem`.

Sources: form-rules DQ-02, DQ-10 to DQ-18, DQ-22, DQ-25. Dates are in `enrollment.days`.
"""

import re
from datetime import date
from typing import NamedTuple

from enrollment.problems import Problem
from enrollment.problems import gettext_noop as _

WIDE_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
DASHES = "-‐‑‒–—―−－ー"
SPACES = " \u3000\t\u00a0"
MOBILE = re.compile("0(?:20|50|60|70|80|90)")
MAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+(?:[A-Za-z]{2,63}|[Xx][Nn]--[A-Za-z0-9]{1,59})"
)
WIDE_ASCII = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
# Prefectures whose check digit runs over the last seven digits alone (DQ-12: Saitama, Chiba, Tokyo, Kanagawa).
SHORT_CHECK = ("11", "12", "13", "14")
TABLES = {"1": "医科", "3": "歯科", "4": "調剤", "6": "訪問看護"}  # DQ-10
TEST_PREFECTURE = "99"


def _bare(text: str, dropped: str) -> str:
    return "".join(letter for letter in text.translate(WIDE_DIGITS) if letter not in dropped)


def _digits(text: str) -> bool:
    return re.fullmatch("[0-9]+", text) is not None


def registration_number(text: str, *, most: int = 7) -> str:
    """1 to `most` digits without leading zeros; 第, 号 and spaces are dropped (DQ-02; the length is a setting).

    Raises `Problem`: registration_number_format, registration_number_zero, registration_number_length.
    """
    found = _bare(text, "第号" + SPACES)
    if not _digits(found):
        raise Problem("registration_number_format", _("登録番号は数字だけで入力してください。"))
    number = found.lstrip("0")
    if not number:
        raise Problem(
            "registration_number_zero", _("登録番号に0は使えません。免許証の番号を確かめてください。")
        )
    if len(number) > most:
        raise Problem("registration_number_length", _("登録番号は%(most)s桁以内です。"), most=most)
    return number


class InstitutionCode(NamedTuple):
    """Ten digits; `warnings` (institution_check_digit, institution_table) never refuse (DQ-13, DQ-14)."""

    value: str
    warnings: tuple[str, ...]


WARNINGS = {
    "institution_check_digit": _(
        "医療機関コードの検査数字が合いません。番号を確かめてください（仮コードの場合はそのままで構いません）。"
    ),
    "institution_table": _(
        "医療機関コードの3桁目（点数表番号）が、医科・歯科・調剤・訪問看護のどれでもありません。"
    ),
}


def institution_code(
    text: str, *, prefecture: str = "", table: str = "", production: bool = True
) -> InstitutionCode:
    """A 10-digit code, or 7 digits completed from the chosen prefecture ("01") and table ("1") (DQ-10, DQ-11).

    Raises `Problem`: institution_format, institution_incomplete, institution_length, institution_prefecture.
    """
    found = _bare(text, DASHES + SPACES + ",.，．、・")
    if not _digits(found):
        raise Problem("institution_format", _("医療機関コードは数字で入力してください。"))
    if len(found) == 7:
        if not (re.fullmatch("[0-9]{2}", prefecture) and re.fullmatch("[0-9]", table)):
            raise Problem(
                "institution_incomplete",
                _("7桁のコードのときは、都道府県と種別（医科・歯科・調剤など）も選んでください。"),
            )
        found = prefecture + table + found
    if len(found) != 10:
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
    return "01" <= code <= "47" or (code == TEST_PREFECTURE and not production)


def has_check_digit(code: str) -> bool:
    """Luhn over all ten digits, over the last seven in prefectures 11 to 14 (DQ-12)."""
    return _luhn(code[-7:] if code[:2] in SHORT_CHECK else code)


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def postal_code(text: str) -> str:
    """Seven digits; 〒, hyphen and full-width forms accepted (DQ-16). Raises `Problem` postal_code_format."""
    found = _bare(text, "〒" + DASHES + SPACES)
    if not re.fullmatch("[0-9]{7}", found):
        raise Problem("postal_code_format", _("郵便番号は7桁の数字で入力してください（例：100-8914）。"))
    return found


def phone(text: str) -> str:
    """Domestic digits without separators; +81 is converted (DQ-18). Raises `Problem` phone_format."""
    found = _bare(text.replace("＋", "+"), DASHES + SPACES + "()（）.")
    if found.startswith("+81"):
        found = "0" + found[3:].removeprefix("0")
    ten = re.fullmatch("0[1-9][0-9]{8}", found) and not MOBILE.match(found)
    eleven = re.fullmatch("[0-9]{11}", found) and MOBILE.match(found)
    if not (ten or eleven):
        raise Problem(
            "phone_format", _("電話番号は市外局番から入力してください（例：03-1234-5678、090-1234-5678）。")
        )
    return found


def email(text: str) -> str:
    """An address of ASCII letters, its domain in lower case (DQ-19). Raises `Problem` email_format."""
    found = text.strip(SPACES).translate(WIDE_ASCII)
    local, _at, domain = found.rpartition("@")
    if len(found) > 254 or len(local) > 64 or not MAIL.fullmatch(found):
        raise Problem("email_format", _("メールアドレスの形が正しくありません（例：hanako@example.jp）。"))
    return f"{local}@{domain.lower()}"


def member_number(text: str, *, digits: int = 10) -> str:
    """A membership number of exactly so many digits (DQ-25). Raises `Problem` member_number_format."""
    found = _bare(text, DASHES + SPACES)
    if not _digits(found) or len(found) != digits:
        raise Problem(
            "member_number_format", _("会員番号は%(digits)s桁の数字で入力してください。"), digits=digits
        )
    return found


def card_pin(text: str, *, digits: int, birth_date: date) -> str:
    """The PIN wished for the HPKI card: not 0000, 1111 …, 1234 or the birth date (DQ-22).

    Raises `Problem`: card_pin_format, card_pin_easy. The message never repeats the PIN.
    """
    found = text.translate(WIDE_DIGITS)
    if not _digits(found) or len(found) != digits:
        raise Problem("card_pin_format", _("暗証番号は%(digits)s桁の数字で入力してください。"), digits=digits)
    rising = "1234567890"[:digits]
    born = {
        birth_date.strftime(form)[-digits:] for form in ("%m%d", "%d%m", "%Y", "%Y%m%d", "%y%m%d", "%y%m")
    }
    if len(set(found)) == 1 or found == rising or found in born:
        raise Problem(
            "card_pin_easy",
            _("同じ数字の並び、1234、生年月日は、推測されやすいため使えません。別の番号にしてください。"),
        )
    return found
