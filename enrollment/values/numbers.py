"""Registration numbers, postal codes, mail addresses and membership numbers as people type them.

Sources: form-rules DQ-02, DQ-16, DQ-19, DQ-25.
"""

import re

from enrollment.problems import Problem
from enrollment.problems import gettext_noop as _
from enrollment.values.folding import DASHES, SPACES, bare, is_digits

MAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+(?:[A-Za-z]{2,63}|[Xx][Nn]--[A-Za-z0-9]{1,59})"
)
WIDE_ASCII = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
POSTAL_DIGITS = 7


def registration_number(text: str, *, most: int = 7) -> str:
    """1 to `most` digits without leading zeros; 第, 号 and spaces are dropped (DQ-02; the length is a setting).

    Raises `Problem`: registration_number_format, registration_number_zero, registration_number_length.
    """
    found = bare(text, "第号" + SPACES)
    if not is_digits(found):
        raise Problem(
            "registration_number_format",
            _("登録番号に数字でない文字があります。免許証の番号を、数字だけで入力してください。"),
        )
    number = found.lstrip("0")
    if not number:
        raise Problem(
            "registration_number_zero", _("登録番号に0は使えません。免許証の番号を確かめてください。")
        )
    if len(number) > most:
        raise Problem(
            "registration_number_length",
            _("登録番号は%(most)s桁以内です（入力は%(typed)s桁）。免許証の番号を確かめてください。"),
            most=most,
            typed=len(number),
        )
    return number


def card_id(text: str) -> str:
    """The カードID on a card's face in half-width capitals, without spaces and dashes; "" for what cannot be one."""
    found = bare(text.translate(WIDE_ASCII), SPACES + DASHES).upper()
    return found if re.fullmatch("[A-Z0-9]+", found) else ""


def postal_code(text: str) -> str:
    """Seven digits; 〒, hyphen and full-width forms accepted (DQ-16). Raises `Problem` postal_code_format."""
    found = bare(text, "〒" + DASHES + SPACES)
    if not is_digits(found):
        raise Problem(
            "postal_code_format",
            _("郵便番号に数字でない文字があります。7桁の数字で入力してください（例：100-8916）。"),
        )
    if len(found) != POSTAL_DIGITS:
        raise Problem(
            "postal_code_format",
            _("郵便番号は7桁です（入力は%(typed)s桁）。数字を確かめてください（例：100-8916）。"),
            typed=len(found),
        )
    return found


def email(text: str) -> str:
    """An address of ASCII letters, its domain in lower case (DQ-19). Raises `Problem` email_format."""
    found = text.strip(SPACES).translate(WIDE_ASCII)
    local, _at, domain = found.rpartition("@")
    if len(found) > 254 or len(local) > 64 or not MAIL.fullmatch(found):
        raise _mail_problem(found, local, domain)
    return f"{local}@{domain.lower()}"


def _mail_problem(found: str, local: str, domain: str) -> Problem:
    """What is wrong with an address, as far as it can be named."""
    code = "email_format"
    strange = next((letter for letter in found if not "!" <= letter <= "~"), "")
    if strange and strange.isprintable() and not strange.isspace():
        return Problem(
            code,
            _("メールアドレスに使えない文字「%(letter)s」があります。半角の英数字と記号だけにしてください。"),
            letter=strange,
        )
    if strange:
        return Problem(code, _("メールアドレスの途中に空白や改行があります。取り除いてください。"))
    if found.count("@") != 1:
        return Problem(
            code,
            _("メールアドレスには「@」が1つ必要です（入力には%(count)s個）。例：hanako@example.jp"),
            count=found.count("@"),
        )
    if local and "." not in domain:
        return Problem(
            code, _("「@」の後の「%(domain)s」に「.」がありません。例：hanako@example.jp"), domain=domain[:40]
        )
    return Problem(code, _("メールアドレスの形が正しくありません（例：hanako@example.jp）。"))


def member_number(text: str, *, digits: int = 10) -> str:
    """A membership number of exactly so many digits (DQ-25). Raises `Problem` member_number_format."""
    found = bare(text, DASHES + SPACES)
    if not is_digits(found):
        raise Problem(
            "member_number_format", _("会員番号に数字でない文字があります。数字だけで入力してください。")
        )
    if len(found) != digits:
        raise Problem(
            "member_number_format",
            _("会員番号は%(digits)s桁です（入力は%(typed)s桁）。会員証などで確かめてください。"),
            digits=digits,
            typed=len(found),
        )
    return found
