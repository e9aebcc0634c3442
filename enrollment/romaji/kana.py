"""A typed kana field as full-width katakana (NM-11, NM-12, NM-13, NM-15, RJ-23).

Everything is an explicit table: Unicode normal forms would turn U+309B into a space and a mark (NM-04).
"""

import re

from enrollment.problems import Problem
from enrollment.problems import gettext_noop as _

LONGEST = 60
SPACES = " \u3000\u00a0\t"
SPACE_RUN = re.compile(f"[{SPACES}]+")
HALF = "ｦｧｨｩｪｫｬｭｮｯｰｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝ･"
FULL = (
    "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソ"
    + "タチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン・"
)
WIDEN = str.maketrans(HALF, FULL) | {code: code + 0x60 for code in range(0x3041, 0x3097)}  # hiragana too
PLAIN = "カキクケコサシスセソタチツテトハヒフヘホウ"
VOICED = dict(zip(PLAIN, "ガギグゲゴザジズゼゾダヂヅデドバビブベボヴ", strict=True))
HALF_VOICED = dict(zip("ハヒフヘホ", "パピプペポ", strict=True))
VOICED_MARKS = "\u309b\u3099\uff9e"
HALF_VOICED_MARKS = "\u309c\u309a\uff9f"
MARKS = re.compile(f"(.)([{VOICED_MARKS}{HALF_VOICED_MARKS}])")
DASHES = re.compile("(?<=[ァ-ヴー])[\u2212\u2010\u2015\uff0d-]+")
TAKEN = re.compile("[ァ-ヴー]+(?:・[ァ-ヴー]+)*")
KANA = re.compile("[ァ-ヴー・]")
# Where a large letter stands although a small one is usual (NM-13). Not after every i-row kana: ミヤコ and
# キヨミ are names; the words are those that no rule can tell from others (マツトモ is a name, ハツトリ is not).
LARGE = re.compile(
    "(?<=[キシチニヒミリギジヂビピ])[ヨユ](?=[ウーン])|(?<=[キシチニヒリギジヂビピ])ヤ(?=[クン])|ツ(?=[パピプペポ])"
)
LARGE_IN_WORDS = re.compile("(?<=^ハ)ツ(?=トリ)|(?<=^[ホハニ])ツ(?=タ$)|(?<=^イ)ツ(?=シキ$)")
SMALL = str.maketrans("ヤユヨツ", "ャュョッ")


def _join(match: re.Match[str]) -> str:
    letter, mark = match[1], match[2]
    table = VOICED if mark in VOICED_MARKS else HALF_VOICED
    return table.get(letter, letter + mark)


def normalised(text: str) -> str:
    """Half-width, hiragana, separate marks and dashes as full-width katakana; the rest stays as it is."""
    text = text.strip(SPACES).translate(WIDEN)
    return DASHES.sub(lambda match: "ー" * len(match[0]), MARKS.sub(_join, text))


def kana(text: str) -> str:
    """One kana field, 1 to 60 characters; ・ separates parts (NM-11).

    Raises `Problem`: kana_empty, kana_too_long, kana_space, kana_characters (which names the first one).
    """
    found = normalised(text)
    if not found:
        raise Problem("kana_empty", _("カタカナで入力してください。"))
    if len(found) > LONGEST:
        raise Problem("kana_too_long", _("カタカナは%(most)s文字以内で入力してください。"), most=LONGEST)
    if any(space in found for space in SPACES):
        raise Problem(
            "kana_space",
            _("空白は使えません。姓と名は別々の欄に入力し、ミドルネームは「・」で区切ってください。"),
        )
    if not TAKEN.fullmatch(found):
        strange = next((letter for letter in found if not KANA.match(letter)), "・")
        raise Problem(
            "kana_characters",
            _("カタカナで入力してください（「%(letter)s」は使えません）。"),
            letter=strange,
        )
    return found


def large_letters(text: str) -> tuple[int, ...]:
    """Positions of a large ヤ, ユ, ヨ or ツ where a small one is usual: ask, do not refuse (NM-13)."""
    found = normalised(text)
    return tuple(sorted({m.start() for rule in (LARGE, LARGE_IN_WORDS) for m in rule.finditer(found)}))


def with_small_letters(text: str) -> str:
    """The same reading with small letters where `large_letters` found large ones."""
    letters = list(normalised(text))
    for at in large_letters(text):
        letters[at] = letters[at].translate(SMALL)
    return "".join(letters)


def same_kana(one: str, other: str) -> bool:
    """Whether two readings agree without regard to spaces, dots and the form they were typed in (NM-14)."""
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    return re.sub(f"[{SPACES}・]", "", normalised(text))


def without_spaces(text: str) -> tuple[str, ...]:
    """The two ways to write a reading that was typed with spaces: parted by ・ (RJ-23), or as one word."""
    found = normalised(text)
    return tuple(SPACE_RUN.sub(between, found) for between in ("・", "")) if SPACE_RUN.search(found) else ()
