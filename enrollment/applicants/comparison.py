"""The authorities side by side, as ③ and the start page show them (CA-01 to CA-09, CA-20 to CA-22)."""

from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext as _

from enrollment import authorities, images
from enrollment.applicants import announcements
from enrollment.applicants.announcements import Announcement
from enrollment.applicants.prices import price_text
from enrollment.steps.files import KIND_NAMES


class Compared(NamedTuple):
    """One authority on one day. `open_for` and `concerns` are codes of qualifications, separated by spaces."""

    code: str
    name: str
    site: str
    who: str
    open_for: str
    concerns: str
    opens_on: date | None  # a day to come, where the operator has set one
    price: str
    as_of: date
    card: str
    waiting: str
    photo: str
    documents: str
    announcements: list[Announcement]


def compared(day: date, qualification: str = "") -> list[Compared]:
    """All authorities that a qualification, or with "" anybody, should hear of, in the source's order."""
    wanted = (qualification,) if qualification else tuple(one.code for one in authorities.qualifications())
    rows = [_of(row, day, qualification) for row in authorities.all_authorities()]
    return [row for row in rows if set(row.concerns.split()) & set(wanted)]


def _of(row: authorities.Authority, day: date, qualification: str) -> Compared:
    all_ = authorities.qualifications()
    open_ = [one for one in all_ if authorities.is_open(row.code, one.code, day)]
    coming = [found for one in all_ if (found := authorities.opens_on(row.code, one.code)) and found > day]
    concerned = [
        one.code for one in all_ if one in open_ or authorities.opened_by_operator(row.code, one.code)
    ]
    return Compared(
        code=row.code,
        name=_(row.name),
        site=row.site,
        who=_("・").join(_(one.name) for one in open_),
        open_for=" ".join(one.code for one in open_),
        concerns=" ".join(concerned),
        opens_on=min(coming, default=None),
        price=price_text(row.code, day),
        as_of=authorities.price(row.code, False, day).as_of,
        card=_(authorities.card_text(row.code, day)),
        waiting=_(authorities.waiting_text(row.code, day)),
        photo=_kinds(row.code, "photo"),
        documents=_kinds(row.code, "identity"),
        announcements=announcements.of_authority(row.code, qualification, day),
    )


def _kinds(code: str, slot: str) -> str:
    taken = images.taken_kinds(code, slot)
    return _("・").join(name for kind, name in KIND_NAMES.items() if kind in taken)
