"""What a table of postal codes answers; `Table` is the seam behind which every table stands (DQ-17)."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

MOST = 12  # more towns than this are no choice any more: what they have in common is filled in instead


class Place(NamedTuple):
    """One address of a code. `office` is the name behind a code of its own (個別郵便番号), "" for a district."""

    prefecture: str
    city: str
    town: str = ""
    street: str = ""
    office: str = ""

    @property
    def address(self) -> str:
        return f"{self.prefecture}{self.city}{self.town}{self.street}"


class Table(Protocol):
    """A list of postal codes."""

    def find(self, code: str) -> tuple[Place, ...]:
        """Every place of these seven digits, each once; empty for a code that is not listed."""


def offered(places: Iterable[Place]) -> tuple[Place, ...]:
    """Each address once; of very many towns of one city only the city."""
    once = tuple({place.address: place for place in places}.values())
    cities = {(place.prefecture, place.city) for place in once}
    if len(once) <= MOST or len(cities) > MOST:
        return once[:MOST]
    shared = {
        city: [place.town for place in once if (place.prefecture, place.city) == city] for city in cities
    }
    return tuple(Place(*city, town=_beginning(towns)) for city, towns in sorted(shared.items()))


def _beginning(texts: list[str]) -> str:
    """What all of them begin with."""
    first, last = min(texts), max(texts)
    same = next((place for place, letter in enumerate(first) if letter != last[place]), len(first))
    return first[:same]
