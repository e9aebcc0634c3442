"""Stored files that no row names: a crash between saving and the commit, or between the commit and the erasure.

`manage.py reconcile` tells of them at once; they are removed when they are a day old, when no upload can still be
about to name them. A row that is gone for a reason (a draft, an ended case) leaves its file to this rule at worst.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

from django.apps import apps
from django.db import models, transaction

from ledger.erasure import Erased
from vault import files

OLD = timedelta(days=1)
ASKED = 500  # names that the database is asked about at once


def _columns() -> Iterator[tuple[type[models.Model], str]]:
    """Every column of the product that names a stored file; a model tells them by STORED_FILES."""
    for model in apps.get_models():
        for name, _digest in getattr(model, "STORED_FILES", ()):
            yield model, name


def _unnamed(names: Sequence[str]) -> list[str]:
    claimed: set[str] = set()
    for model, column in _columns():
        rows = model._default_manager.filter(**{f"{column}__in": names})
        claimed.update(rows.values_list(column, flat=True))
    return [name for name in names if name not in claimed]


def orphans(at: datetime, most: int) -> list[str]:
    """Names are listed before rows are read; half-written files of the same age go at once."""
    files.clear_leftovers(at - OLD)
    found: list[str] = []
    names = files.names_before(at - OLD)
    while len(found) < most and (asked := list(islice(names, ASKED))):
        found += _unnamed(asked)
    return found[:most]


def erase_orphans(keys: Sequence[str], at: datetime) -> Erased | None:
    """The files go after the entry is written: a crash between leaves them to the next day."""
    names = _unnamed(keys)
    if not names:
        return None
    for name in names:
        transaction.on_commit(partial(files.erase, name))
    return Erased("orphaned_file", {"count": len(names)})
