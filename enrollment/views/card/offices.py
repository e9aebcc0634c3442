"""Whom a holder of an HPKI card asks: the authorities' offices, as data."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from enrollment import authorities


class Office(NamedTuple):
    code: str
    name: str
    site: str


def offices() -> list[Office]:
    return [Office(row.code, _(row.contact), row.site) for row in authorities.all_authorities()]


def office(code: str) -> Office | None:
    """None for a code that is no authority's: it came with an address."""
    return next((one for one in offices() if one.code == code), None)
