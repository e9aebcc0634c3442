"""What an authority tells applicants today: the dated rows of the product, and the notices that operators set (CA-22).

A notice is written by a named operator, shown from a day until the day before another, ended and never deleted; each
act leaves a ledger entry without the text.
"""

from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enrollment import authorities
from enrollment.errors import Refused
from enrollment.models import AuthorityNotice
from ledger import log
from ledger.clock import today
from staff.models import Officer
from staff.roles import OPERATOR

LONGEST = 400


class Announcement(NamedTuple):
    """`since` where an operator dated it; `lang` where the text is not in the page's language."""

    text: str
    since: date | None = None
    lang: str = ""


def of_authority(authority: str, qualification: str, day: date) -> list[Announcement]:
    """For one qualification, or with "" for everybody: the operators' notices first, newest first."""
    rows = AuthorityNotice.objects.filter(authority=authority, since__lte=day)
    rows = rows.filter(Q(until__isnull=True) | Q(until__gt=day))
    if qualification:
        rows = rows.filter(qualification__in=("", qualification))
    mine = [_told(row) for row in rows.order_by("-since", "-pk")]
    codes = [qualification] if qualification else [one.code for one in authorities.qualifications()]
    fixed = [text for code in codes for text in authorities.notices(authority, code, day)]
    return mine + [Announcement(_(text)) for text in dict.fromkeys(fixed)]


def _told(row: AuthorityNotice) -> Announcement:
    is_japanese = (get_language() or "ja").startswith("ja")
    if is_japanese:
        return Announcement(row.text, row.since)
    return Announcement(row.text_en or row.text, row.since, "" if row.text_en else "ja")


def publish(
    operator: Officer,
    *,
    authority: str,
    text: str,
    since: date,
    at: datetime,
    until: date | None = None,
    qualification: str = "",
    text_en: str = "",
) -> AuthorityNotice:
    """Show a notice; raises Refused("not_yours") for an officer who is no operator, Refused("notice_wrong")."""
    _require_operator(operator, authority)
    authorities.authority(authority)
    if qualification:
        authorities.qualification(qualification)
    words = (text.strip(), text_en.strip())
    if not words[0] or max(map(len, words)) > LONGEST or (until is not None and until <= since):
        raise Refused("notice_wrong")
    with transaction.atomic():
        row = AuthorityNotice.objects.create(
            authority=authority,
            qualification=qualification,
            text=words[0],
            text_en=words[1],
            since=since,
            until=until,
            made_by=str(operator.public_id),
            made_at=at,
        )
        _log("published", row, operator)
    return row


def end(operator: Officer, number: int, at: datetime) -> AuthorityNotice:
    """Show it no longer, from today on; raises Refused("notice_gone") where there is nothing to end."""
    day = today(at)
    with transaction.atomic():
        row = AuthorityNotice.objects.select_for_update().filter(pk=number).first()
        if row is None or (row.until is not None and row.until <= day):
            raise Refused("notice_gone")
        _require_operator(operator, row.authority)
        row.until = max(day, row.since)
        row.save(update_fields=["until"])
        _log("ended", row, operator)
    return row


def _require_operator(operator: Officer, authority: str) -> None:
    if not operator.is_active or not (operator.holds(OPERATOR, "") or operator.holds(OPERATOR, authority)):
        raise Refused("not_yours", role=OPERATOR)


def _log(what: str, row: AuthorityNotice, operator: Officer) -> None:
    log.append(
        f"authority_notice.{what}",
        actor=log.Actor("officer", str(operator.public_id)),
        subject=str(row.pk),
        authority=row.authority,
        data={"since": row.since.isoformat(), "until": row.until.isoformat() if row.until else ""},
    )
