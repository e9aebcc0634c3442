"""Romaji that a person chose or typed (RJ-33 to RJ-39)."""

import re
import unicodedata

from enrollment.problems import Problem
from enrollment.problems import gettext_noop as _
from enrollment.romaji.conversion import Field, candidates

LONGEST_FIELD = 40
LONGEST_NAME = 64  # upper bound of commonName, RFC 5280 appendix A
PATTERNS = {"family": re.compile("[A-Z]+"), "given": re.compile("[A-Z][a-z]*")}
HALVES = {code: code - 0xFEE0 for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
APOSTROPHES = "'\u2019\u2018\u02bc\uff07`"


def typed(text: str, field: Field) -> str:
    """A hand-typed field, full-width letters folded (RJ-35).

    Raises `Problem` with `values["cured"]` where folding or capitals would do: romaji_empty, romaji_too_long,
    romaji_capitals, romaji_apostrophe, romaji_space, romaji_marks, romaji_letters.
    """
    folded = text.strip(" \u3000").translate(HALVES)
    if not folded:
        raise Problem("romaji_empty", _("ローマ字を入力してください。"))
    if len(folded) > LONGEST_FIELD:
        raise Problem(
            "romaji_too_long", _("ローマ字は%(most)s文字以内で入力してください。"), most=LONGEST_FIELD
        )
    if PATTERNS[field].fullmatch(folded):
        return folded
    raise _refusal(folded, field)


def _refusal(folded: str, field: Field) -> Problem:
    if re.fullmatch("[A-Za-z]+", folded):
        cured = folded.upper() if field == "family" else folded.capitalize()
        if field == "family":
            text = _("姓のローマ字は、すべて半角の大文字で入力してください（%(cured)s）。")
        else:
            text = _("名のローマ字は、先頭だけを半角の大文字で入力してください（%(cured)s）。")
        return Problem("romaji_capitals", text, cured=cured)
    if any(mark in folded for mark in APOSTROPHES):
        return Problem(
            "romaji_apostrophe", _("「'」（アポストロフィ）は使えません。続けて入力してください。")
        )
    if any(letter.isspace() for letter in folded):
        return Problem("romaji_space", _("空白は使えません。続けて入力してください。"))
    if any(len(unicodedata.normalize("NFD", letter)) > 1 and letter.isalpha() for letter in folded):
        return Problem(
            "romaji_marks", _("長音などの記号が付いた文字は使えません。AからZの文字だけで入力してください。")
        )
    return Problem("romaji_letters", _("ローマ字は、半角のAからZの文字だけで入力してください。"))


def bare(text: str, field: Field) -> str:
    """The letters alone, without apostrophes, spaces and marks over them, in the field's form; "" where none fits."""
    split = unicodedata.normalize("NFD", text.translate(HALVES))
    letters = "".join(
        one
        for one in split
        if one not in APOSTROPHES and not one.isspace() and not unicodedata.combining(one)
    )
    if not re.fullmatch("[A-Za-z]+", letters) or len(letters) > LONGEST_FIELD:
        return ""
    return letters.upper() if field == "family" else letters.capitalize()


def chosen(kana: str, field: Field, value: str) -> str:
    """A value posted from the pull-down: one of ours, else `romaji_not_candidate` (RJ-33)."""
    if value not in candidates(kana, field):
        raise Problem("romaji_not_candidate", _("一覧にあるローマ字から選んでください。"))
    return value


def style(kana: str, field: Field, value: str) -> str:
    """For the reviewer (RJ-39): "default", "alternate 1", "alternate 2" … or "manual"."""
    offered = candidates(kana, field)
    if value not in offered:
        return "manual"
    place = offered.index(value)
    return f"alternate {place}" if place else "default"


def fits_certificate(family: str, given: str) -> None:
    """Family, a space and given in at most 64 characters, else `romaji_name_too_long` (RJ-36)."""
    if len(f"{family} {given}".strip()) > LONGEST_NAME:
        raise Problem(
            "romaji_name_too_long",
            _("ローマ字の姓と名は、合わせて%(most)s文字以内にしてください。"),
            most=LONGEST_NAME,
        )
