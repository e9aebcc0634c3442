"""Katakana to the list of romaji spellings that the pull-down offers (RJ-01 to RJ-32).

A field is read into morae, each ウ, オ and ー gets a role, and each style renders the roles its own way.
"""

import re
from enum import Enum
from typing import Literal, NamedTuple

from enrollment.problems import Problem
from enrollment.problems import gettext_noop as _
from enrollment.romaji import tables
from enrollment.romaji.kana import kana as read_kana

Field = Literal["family", "given"]
MOST = 6  # RJ-32
SILENT = ("ッ", "ン", "ー")
LONG_PAIRS = {("O", "ウ"), ("O", "オ"), ("U", "ウ")}


class Role(Enum):
    PLAIN = "plain"
    LONG = "long"  # a long mark, dropped by default (RJ-08, RJ-09, RJ-11, RJ-17)
    FINAL = "final"  # オ after an o-row kana at the end, kept (RJ-10)
    BOUNDARY = "boundary"  # begins a new word, kept (RJ-13)


class Style(Enum):
    """In the order of RJ-31."""

    DEFAULT = "default"
    ALL_LONG = "all_long"
    OH = "oh"
    WRITTEN = "written"
    SECOND = "second"
    CUSTOMARY = "customary"


class Mora(NamedTuple):
    kana: str
    start: int  # offset in the part
    letters: str

    @property
    def vowel(self) -> str:
        return self.letters[-1] if self.letters and self.letters[-1] in tables.VOWELS else ""


class Placed(NamedTuple):
    mora: Mora
    role: Role
    lengthened: str  # the vowel that a long mark lengthens


def candidates(text: str, field: Field) -> tuple[str, ...]:
    """At most six spellings, the default first; empty for what cannot be spelled (RJ-21, RJ-42)."""
    try:
        return spellings(text, field)
    except Problem:
        return ()


def spellings(text: str, field: Field) -> tuple[str, ...]:
    """As `candidates`, but raises `Problem`: those of `kana`, romaji_sokuon, romaji_long_mark."""
    parts = read_kana(text).split("・")
    both = {
        keeps: [_placed(_read(part), _boundaries(part) if keeps else frozenset()) for part in parts]
        for keeps in (True, False)
    }
    found: dict[str, None] = {}
    for style in Style:
        placed = both[style is not Style.ALL_LONG]
        letters = "".join(_render(part, style) for part in placed)
        found.setdefault(letters if field == "family" else letters.capitalize())
    return tuple(found)[:MOST]


def _read(part: str) -> list[Mora]:
    morae: list[Mora] = []
    at = 0
    while at < len(part):
        pair = part[at : at + 2]
        letters = _pair(pair) if len(pair) == 2 else ""
        kana = pair if letters else part[at]
        if not letters and kana not in SILENT:
            letters = tables.BASE[tables.SMALL.get(kana, kana)]
        morae.append(Mora(kana, at, letters))
        at += len(kana)
    _refuse_unreadable(morae)
    return morae


def _pair(pair: str) -> str:
    """The letters of a kana with a small one behind it; empty where the two are no pair."""
    first, second = pair[0], pair[1]
    if first not in tables.BASE or second not in tables.SMALL:
        return ""
    full = tables.BASE[tables.SMALL[second]]
    if first in tables.CONTRACTED and second in "ャュョ":
        return tables.CONTRACTED[first] + full[-1]
    return tables.BASE[first] + full


def _refuse_unreadable(morae: list[Mora]) -> None:
    if morae[0].kana == "ー":
        raise Problem(
            "romaji_long_mark",
            _("「ー」で始まる読みはローマ字にできません。ローマ字を直接入力してください。"),
        )
    for mora, following in zip(morae, [*morae[1:], None], strict=True):
        begins = following.letters[:1] if following else ""
        if mora.kana == "ッ" and (mora.start == 0 or not begins or begins in tables.VOWELS):
            raise Problem(
                "romaji_sokuon",
                _("「ッ」の位置のため、ローマ字にできません。ローマ字を直接入力してください。"),
            )


def _boundaries(part: str) -> frozenset[int]:
    """Offsets of a ウ or オ that begins a new word (RJ-13)."""
    found = {match.start() + 1 for match in re.finditer(tables.BOUNDARY_ANYWHERE, part)}
    if part.endswith(tables.BOUNDARY_ENDINGS):
        found.add(len(part) - 2)
    if part in tables.BOUNDARY_WORDS:
        found.add(part.index("ウ"))
    if part.endswith(tables.BOUNDARY_OKA) and not part.endswith("オ" + tables.BOUNDARY_OKA):
        found.add(len(part) - 2)
    return frozenset(found)


def _placed(morae: list[Mora], kept: frozenset[int]) -> list[Placed]:
    """Roles from left to right; a consumed mark cannot be lengthened again (RJ-12)."""
    placed = []
    vowel = ""
    for mora in morae:
        role = _role(mora, vowel, kept, last=mora is morae[-1])
        placed.append(Placed(mora, role, vowel))
        vowel = "" if role is Role.LONG else mora.vowel
    return placed


def _role(mora: Mora, vowel: str, kept: frozenset[int], *, last: bool) -> Role:
    if mora.kana == "ー":
        return Role.LONG
    if (vowel, mora.kana) not in LONG_PAIRS:
        return Role.PLAIN
    if mora.start in kept:
        return Role.BOUNDARY
    return Role.FINAL if mora.kana == "オ" and last else Role.LONG


def _render(placed: list[Placed], style: Style) -> str:
    word = ""
    for item in reversed(placed):  # from the end, because ッ and ン look at the letter that follows
        if item.mora.kana == "ッ":
            word = ("T" if word.startswith("CH") else word[:1]) + word
        elif item.mora.kana == "ン":
            word = ("M" if word[:1] in ("B", "M", "P") else "N") + word
        else:
            word = _letters(item, style) + word
    return word


def _letters(item: Placed, style: Style) -> str:
    mora, role = item.mora, item.role
    if role in (Role.LONG, Role.FINAL) and style is Style.OH and item.lengthened == "O":
        return "H"
    if role is Role.LONG:
        return (mora.letters or item.lengthened) if style is Style.WRITTEN else ""
    if style is Style.SECOND:
        return tables.SECOND.get(mora.kana, mora.letters)
    if style is Style.CUSTOMARY:
        return tables.CUSTOMARY.get(mora.kana, mora.letters)
    return mora.letters
