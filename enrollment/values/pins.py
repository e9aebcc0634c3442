"""The PIN wished for the HPKI card (DQ-22)."""

from datetime import date

from enrollment.problems import Problem
from enrollment.problems import gettext_noop as _
from enrollment.values.folding import WIDE_DIGITS, is_digits

SAME, RISING, BIRTH = "same", "rising", "birth"  # what an authority's rule may refuse
REFUSED = {
    SAME: _("同じ数字だけの番号は、推測されやすいため使えません。別の番号にしてください。"),
    RISING: _("1234のような順番どおりの番号は、推測されやすいため使えません。別の番号にしてください。"),
    BIRTH: _(
        "生年月日から分かる番号は、カードを拾った人に推測されやすいため使えません。別の番号にしてください。"
    ),
}
# Each way in which people write their birthday with four, six or eight digits.
FORMS = ("%m%d", "%d%m", "%Y", "%y%m", "%m%y", "%y%m%d", "%Y%m", "%Y%m%d", "%d%m%y", "%m%d%Y")


def card_pin(
    text: str, *, digits: int, birth_date: date, refused: tuple[str, ...] = (SAME, RISING, BIRTH)
) -> str:
    """So many digits that are none of the `refused` kinds: 0000 and 1111, 1234, the birth date.

    Raises `Problem`: card_pin_format, card_pin_length, card_pin_easy. No message repeats the PIN.
    """
    found = text.translate(WIDE_DIGITS)
    if not is_digits(found):
        raise Problem("card_pin_format", _("数字でない文字が含まれています。数字だけで入力してください。"))
    if len(found) != digits:
        raise Problem(
            "card_pin_length",
            _("暗証番号は%(digits)s桁です（入力は%(typed)s桁）。"),
            digits=digits,
            typed=len(found),
        )
    for kind in refused:
        if _is(kind, found, birth_date):
            raise Problem("card_pin_easy", REFUSED[kind])
    return found


def _is(kind: str, pin: str, birth_date: date) -> bool:
    if kind == SAME:
        return len(set(pin)) == 1
    if kind == RISING:
        return pin == "1234567890"[: len(pin)]
    return pin in {birth_date.strftime(form) for form in FORMS}


def same_digits(text: str) -> str:
    """What is compared with a PIN that was typed before: full-width digits are digits."""
    return text.translate(WIDE_DIGITS)
