"""What an officer wants to see of the worklist: a few words in the address, each of a fixed set (RV-1).

An address that asks for anything else is refused before it reaches the database.
"""

import re
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import authorities
from enrollment.desk.words import STATES
from enrollment.flow import State
from enrollment.steps.question import Words

# Days since submission after which a case is marked; all authorities promise at least a month (CA-09).
CARE_DAYS, LATE_DAYS = 14, 28
OPEN = (State.SUBMITTED, State.IN_REVIEW, State.RECOMMENDED)
SHOWN = (*OPEN, State.RETURNED, State.APPROVED, State.ISSUING, State.ISSUED, State.REJECTED, State.WITHDRAWN)
HOLDS: Mapping[str, Words] = {
    "mine": gettext_lazy("自分が担当"),
    "free": gettext_lazy("担当者なし"),
}
AGES: Mapping[str, Words] = {
    "care": gettext_lazy("2週間以上"),
    "late": gettext_lazy("4週間以上"),
}
ORDERS: Mapping[str, Words] = {"newest": gettext_lazy("新しい順")}
NUMBER = re.compile(r"[0-9A-Za-z-]{1,16}")


class Filter(NamedTuple):
    """`state` "open" is what waits for an officer, "all" everything; "" elsewhere: no matter which."""

    state: str = "open"
    authority: str = ""
    qualification: str = ""
    hold: str = ""
    age: str = ""
    order: str = ""
    number: str = ""

    def query(self, **changes: str) -> str:
        """As it stands in the address; `state` always, so that no address means "as last time"."""
        told = self._replace(**changes)
        return urlencode([(key, value) for key, value in told._asdict().items() if value])

    @property
    def states(self) -> tuple[State, ...]:
        if self.state == "all":
            return SHOWN
        return OPEN if self.state == "open" else (State(self.state),)

    def born_before(self, at: datetime) -> datetime | None:
        """Handed in at this moment or before it, by the mark of age."""
        days = {"care": CARE_DAYS, "late": LATE_DAYS}.get(self.age)
        return None if days is None else at - timedelta(days=days)

    def in_words(self) -> str:
        """For a saved filter's first name."""
        words = [
            str(_("すべて")) if self.state == "all" else "",
            str(_("審査が必要なもの")) if self.state == "open" else "",
            str(STATES[State(self.state)].title) if self.state not in ("open", "all") else "",
            self.authority.upper(),
            _(authorities.qualification(self.qualification).name) if self.qualification else "",
            str(HOLDS.get(self.hold, "")),
            str(AGES.get(self.age, "")),
            str(ORDERS.get(self.order, "")),
        ]
        return _("・").join(word for word in words if word)


CHOICES: Mapping[str, tuple[str, ...]] = {
    "state": ("open", *(state.value for state in SHOWN), "all"),
    "authority": tuple(row.code for row in authorities.all_authorities()),
    "qualification": tuple(row.code for row in authorities.qualifications()),
    "hold": tuple(HOLDS),
    "age": tuple(AGES),
    "order": tuple(ORDERS),
}


class Asked(NamedTuple):
    """A filter and the place in its list: the page behind or before a case."""

    wanted: Filter
    after: uuid.UUID | None = None
    before: uuid.UUID | None = None


def read(query: QueryDict) -> Asked:
    """Raises BadRequest for a word that no link of the desk holds."""
    found: dict[str, str] = {}
    places: dict[str, uuid.UUID] = {}
    for key in query:
        value = str(query[key])
        if key in ("after", "before"):
            places[key] = _case(value)
        elif key == "number":
            found[key] = _number(value)
        elif value and value not in CHOICES.get(key, ()):
            raise BadRequest("unknown filter")
        elif value:
            found[key] = value
        elif key not in CHOICES:
            raise BadRequest("unknown filter")
    return Asked(Filter(**found), **places)


def parse(query: str) -> Filter:
    """A filter from an address's query or a form's hidden field; raises BadRequest."""
    return read(QueryDict(query[:400])).wanted


def _case(value: str) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except ValueError:
        raise BadRequest("unknown place") from None


def _number(value: str) -> str:
    """A receipt number, or its beginning; what cannot be one finds nothing."""
    typed = value.strip().upper()
    return "" if not typed else typed if NUMBER.fullmatch(typed) else "-"
