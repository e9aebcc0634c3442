"""When an answer can be expected, as a day (CA-09, ST-11): the later end of what the authority's own text says."""

from datetime import date

from enrollment import authorities
from enrollment.models import Application
from enrollment.signed import newest
from enrollment.statement import read
from ledger.clock import civil_months_later, today


def expected_by(application: Application) -> date | None:
    """The day by which the review of a submitted application usually ends; None before it is submitted."""
    frozen = newest(application)
    if application.submitted_at is None or frozen is None:
        return None
    member = read(frozen.content)["answers"].get("membership", {}).get("member") == "yes"
    day = today(application.submitted_at)
    return civil_months_later(day, authorities.waiting_months(application.authority, member, day))
