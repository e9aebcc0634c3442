"""Receipt numbers: day, six random digits, a check character (decision 5). Plain."""

import re
from datetime import date

ALPHABET = (
    "ABCDEFGHJKLMNPQRSTUVWXY"  # 23 letters, without I, O and Z: a prime, so swaps and slips are all found
)
SHAPE = re.compile(r"(\d{6})-(\d{6})-([A-Z])")


def number(day: date, drawn: int) -> str:
    """`drawn` is a random number below 1,000,000; 261120-004217-K."""
    digits = f"{day:%y%m%d}{drawn:06d}"
    return f"{digits[:6]}-{digits[6:]}-{_check(digits)}"


def is_right(text: str) -> bool:
    """Whether the check character fits."""
    found = SHAPE.fullmatch(text)
    return found is not None and _check(found[1] + found[2]) == found[3]


def _check(digits: str) -> str:
    return ALPHABET[sum(place * int(digit) for place, digit in enumerate(digits, 2)) % len(ALPHABET)]
