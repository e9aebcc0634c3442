"""Telephone numbers of Japan: read in every form, shown as people read them (DQ-18).

Area codes are those of the ministry's numbering plan (総務省 市外局番の一覧): an area code and the exchange behind it
have six digits together with the leading 0, the subscriber's number has four.
"""

import re

from enrollment.problems import Problem
from enrollment.problems import gettext_noop as _
from enrollment.values.folding import DASHES, SPACES, bare, is_digits

SEPARATORS = DASHES + SPACES + "()（）.．・/／"
ELEVEN = re.compile("0(?:20|50|60|70|80|90)")  # 0800 begins as 080 does
FREE, FREE_MOBILE = re.compile("0(?:120|570|990|180)"), "0800"
JAPAN = re.compile(r"(?:\+|010|00)?81")

# The first digits behind the 0, by how long the area code is; the longest that fits decides. A code of three digits
# that begins like one of two stands here only where both exist; every other code has three.
# fmt: off
AREA_CODES = {
    1: "3 6 4 420 429 4700 4709 471",
    2: "11 15 17 18 19 22 23 24 25 26 27 28 29 42 43 44 45 46 47 48 49 52 53 54 55 58 59 72 73 75 76 77 78 79 "
       "82 83 84 86 87 88 89 92 93 95 96 97 98 99 "
       "1541 1548 1551 1557 2230 2234 2235 2236 2237 2238 2239 2550 2551 2552 2553 2554 2555 2556 2559 2560 2570 "
       "2571 2575 2576 2577 2578 2579 2580 2640 2646 2647 2648 2788 2789 2830 2833 2834 2890 2895 2930 2935 2936 "
       "2938 4220 4280 4281 4284 4285 4286 5392 5396 5398 5999 7942 7943 7944 7945 7949 7950 7955 7956 7959 7960 "
       "7966 7967 8240 8242 8243 8249 8290 8292 8296 8360 8377 8378 83963 83966 8636 8652 8660 8672 8680 8689 8690 "
       "8694 8695 8699 9940 9947 9948",
    3: "59797 59798",
    4: "1267 1372 1374 1377 1392 1397 1398 1456 1457 1466 1547 1558 1564 1586 1587 1632 1634 1635 1648 1654 1655 "
       "1656 1658 4992 4994 4996 4998 5769 5979 7468 8387 8388 8396 8477 8512 8514 9496 9802 9912 9913 9969",
}
# Third digits with which a code of three digits begins like one of two.
THIRD = {
    "15": "2345678", "17": "2345689", "18": "234567", "19": "1234578", "22": "0345689", "23": "34578",
    "24": "01234678", "25": "0456789", "26": "013456789", "27": "046789", "28": "02345789", "29": "1345679",
    "42": "28", "43": "689", "46": "03567", "47": "05689", "48": "0", "49": "345", "53": "1236789", "54": "4578",
    "55": "01345678", "58": "14567", "59": "456789", "72": "15", "73": "56789", "76": "135678", "77": "01234689",
    "79": "01456789", "82": "034679", "83": "345678", "84": "5678", "86": "356789", "87": "579", "88": "034579",
    "89": "2345678", "92": "0", "93": "0", "95": "0245679", "96": "456789", "97": "234789", "98": "0234567",
    "99": "34567",
}
# fmt: on
LENGTHS = {prefix: length for length, prefixes in AREA_CODES.items() for prefix in prefixes.split()}
LENGTHS |= {
    first + third: 3 for first, thirds in THIRD.items() for third in thirds if first + third not in LENGTHS
}
LONGEST_PREFIX = max(map(len, LENGTHS))
DEFAULT_LENGTH = 3


def phone(text: str) -> str:
    """Domestic digits without separators; +81 is converted. Raises `Problem` phone_format."""
    found = bare(text.replace("＋", "+"), SEPARATORS)
    country = JAPAN.match(found) if found.startswith(("+", "01081", "0081")) else None
    if country:
        found = "0" + found[country.end() :].removeprefix("0")
    if found.startswith("+"):
        raise Problem(
            "phone_format", _("日本国内の電話番号を入力してください（+81から始まる番号も使えます）。")
        )
    if not is_digits(found):
        raise Problem(
            "phone_format", _("電話番号に数字でない文字があります（例：03-1234-5678、090-1234-5678）。")
        )
    wanted = 11 if ELEVEN.match(found) else 10
    if not re.fullmatch("0[1-9][0-9]+", found):
        raise Problem(
            "phone_format", _("電話番号は0から始まる市外局番から入力してください（例：03-1234-5678）。")
        )
    if len(found) != wanted:
        raise Problem(
            "phone_format",
            _(
                "%(begin)sから始まる電話番号は%(wanted)s桁です（入力は%(typed)s桁）。市外局番から入力してください。"
            ),
            begin=found[:3] if wanted == 11 else found[:2],
            wanted=wanted,
            typed=len(found),
        )
    return found


def hyphenated(digits: str) -> str:
    """A stored number as people read it: 03-1234-5678, 0422-12-3456, 090-1234-5678, 0800-080-4583."""
    if not is_digits(digits) or len(digits) not in (10, 11):
        return digits
    if len(digits) == 11:
        cut = 4 if digits.startswith(FREE_MOBILE) else 3
        return f"{digits[:cut]}-{digits[cut:7]}-{digits[7:]}"
    if FREE.match(digits):
        return f"{digits[:4]}-{digits[4:7]}-{digits[7:]}"
    cut = 1 + _area_length(digits[1:])
    return f"{digits[:cut]}-{digits[cut:6]}-{digits[6:]}"


def _area_length(digits: str) -> int:
    for size in range(LONGEST_PREFIX, 0, -1):
        if digits[:size] in LENGTHS:
            return LENGTHS[digits[:size]]
    return DEFAULT_LENGTH
