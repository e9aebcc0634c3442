"""The phone's line beside the application, never as its failure (ST-24): read from what signing's news have left.

未登録(任意), 登録待ち(期限), 登録済み, URL期限切れ, URLロック.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal, NamedTuple

from django.utils.translation import gettext_lazy

from enrollment.issuance import SENT_AGAIN
from enrollment.models import Application
from enrollment.phone_news import PHONE_LINE
from ledger import clock
from signing import links

State = Literal["none", "waiting", "bound", "expired", "locked"]
SHOWN = {
    "none": gettext_lazy("未登録（任意）"),
    "waiting": gettext_lazy("登録待ち"),
    "bound": gettext_lazy("登録済み"),
    "expired": gettext_lazy("URL期限切れ"),
    "locked": gettext_lazy("URLロック"),
}
SENDS = ("deliver", SENT_AGAIN)
BINDS = ("phone_bound", "phone_replaced", "phone_restored")
UNBINDS = ("phone_removed", "phone_stopped")


class Line(NamedTuple):
    """`until` is the end of an open link, also of one that would replace the phone; `is_stopped`: see N9."""

    state: State
    until: datetime | None
    is_stopped: bool
    shown: str

    @property
    def last_day(self) -> date | None:
        return None if self.until is None else clock.last_day(self.until)

    @property
    def has_phone(self) -> bool:
        return self.state == "bound"


def of(application: Application, at: datetime) -> Line:
    entries = application.timeline.filter(kind__in=PHONE_LINE).order_by("happened_at", "pk")
    return read([(entry.kind, entry.happened_at) for entry in entries], at)


def read(entries: Iterable[tuple[str, datetime]], at: datetime) -> Line:
    """Fold what happened, oldest first. A bound phone stays bound whatever becomes of a link that might replace it."""
    is_bound = is_stopped = False
    link: State = "none"
    until: datetime | None = None
    for kind, happened_at in entries:
        if kind in SENDS:
            link, until = "waiting", links.expiry(happened_at)
        elif kind in BINDS:
            is_bound, is_stopped, link, until = True, False, "none", None
        elif kind in UNBINDS:
            is_bound, is_stopped = False, kind == "phone_stopped"
        else:
            link, until = ("locked" if kind == "link_locked" else "expired"), None
    if until is not None and until <= at:  # the clock has not said so yet
        link, until = "expired", None
    state: State = "bound" if is_bound else link
    return Line(state, until, is_stopped, str(SHOWN[state]))
