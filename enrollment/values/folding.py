"""What people type where digits are meant: full-width digits, dashes of every kind, spaces."""

import re

WIDE_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
DASHES = "-‐‑‒–—―−－ー"
SPACES = " \u3000\t\u00a0"


def bare(text: str, dropped: str) -> str:
    """The text with half-width digits and without the characters that may stand between them."""
    return "".join(letter for letter in text.translate(WIDE_DIGITS) if letter not in dropped)


def is_digits(text: str) -> bool:
    return re.fullmatch("[0-9]+", text) is not None
