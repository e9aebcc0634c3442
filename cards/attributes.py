"""The four basic attributes: from the card's text file or from the signature certificate to one shape.

Former family name and alias stand inside the name. How real cards write them is not published in full
(domain.md 3.3), so this is **our own demo convention**, for the card's text and the certificate alike:

    田中［佐藤］　花子            former family name 佐藤, in full-width square brackets after the family name
    ＧＡＲＣＩＡ　ＭＡＲＩＡ（田中　マリア）    alias 田中　マリア, in full-width round brackets at the end

Nothing is normalised: every code point stays as it was read (NM-02, NM-03).
"""

import re
from typing import NamedTuple, cast

from cards.exchange import CardAttributes, Sex
from cards.files import TextFields, TextFileError

_FORMER = re.compile(r"［(?P<former>[^［］]+)］")
_ALIAS = re.compile(r"（(?P<alias>[^（）]+)）$")
_SEXES = ("1", "2", "3", "9")


class WrittenName(NamedTuple):
    """A name as written, taken apart; the parts that are not there are empty."""

    name: str
    former_family: str
    alias: str


def take_apart(written: str) -> WrittenName:
    """Name without brackets, former family name, alias."""
    alias = _ALIAS.search(written)
    rest = written[: alias.start()] if alias else written
    former = _FORMER.search(rest)
    if former:
        rest = rest[: former.start()] + rest[former.end() :]
    return WrittenName(rest, former["former"] if former else "", alias["alias"] if alias else "")


def put_together(name: str, former_family: str = "", alias: str = "") -> str:
    """The opposite of `take_apart`: the former family name goes behind the first word."""
    family, space, given = name.partition("　")
    former = f"［{former_family}］" if former_family else ""
    return f"{family}{former}{space}{given}" + (f"（{alias}）" if alias else "")


def from_text_file(fields: TextFields) -> CardAttributes:
    """What the reader reports; raises TextFileError where the file makes no sense."""
    if fields.sex not in _SEXES:
        raise TextFileError("sex")
    written = take_apart(fields.name)
    return CardAttributes(
        name=written.name,
        address=fields.address,
        birth_date=fields.birth_date,
        sex=cast(Sex, fields.sex),
        former_family=written.former_family,
        alias=written.alias,
    )
