"""Whether an address can belong to a postal code: for a warning, never for a refusal (K-18, NM-24).

Addresses on cards leave out the prefecture or the 郡, write ケ, ヶ or が, １丁目 or 一丁目, 大字 or nothing.
"""

import re
from collections.abc import Iterable

from enrollment import names
from enrollment.days.reading import KANJI_RUN, kanji_number
from enrollment.places.found import Place

LETTERS = str.maketrans(
    dict.fromkeys("ヶがガヵカ", "ケ") | dict.fromkeys("のノ之乃", "ノ") | {"ッ": "ツ", "つ": "ツ"}
)
FILLERS = re.compile("大字|小字|字|番地|丁目|番|号|[-‐‑‒–—―−－ー]")
COUNTY = re.compile("^[^市区町村]{1,5}郡")
LONG_TOWN, BEGINNING = 5, 3  # 霞が関霞が関ビル: of a building's code the first letters are enough


def belongs(address: str, places: Iterable[Place]) -> bool:
    """True as soon as one of the places can be the address's; also where no place is known."""
    known = tuple(places)
    folded = _fold(address)
    return not known or any(_holds(folded, place) for place in known)


def _holds(folded: str, place: Place) -> bool:
    prefecture, city, town = _fold(place.prefecture), _fold(place.city), _fold(place.town)
    rest = folded.removeprefix(prefecture)
    named = next((name for name in (city, COUNTY.sub("", city)) if rest.startswith(name)), "")
    if not named:
        return False
    rest = rest.removeprefix(named)
    return town in rest or (len(town) >= LONG_TOWN and town[:BEGINNING] in rest)


def _fold(text: str) -> str:
    """A key for comparing, never shown."""
    plain = KANJI_RUN.sub(lambda run: kanji_number(run[0]), names.search_key(text))
    return FILLERS.sub("", plain.translate(LETTERS))
