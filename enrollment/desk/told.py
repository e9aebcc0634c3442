"""What the desk has to tell an officer: a claim that a colleague took over, a case that somebody else has decided."""

from datetime import datetime
from typing import NamedTuple

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from enrollment.flow import State
from enrollment.models import Application, TakeOver
from ledger import clock
from staff.models import Officer


def tell_lost_claims(request: HttpRequest, officer: Officer, at: datetime) -> None:
    """Once, at the former holder's next act or look."""
    for row in TakeOver.objects.filter(former=officer, told_at=None).select_related("application", "officer"):
        if TakeOver.objects.filter(pk=row.pk, told_at=None).update(told_at=at):
            messages.warning(request, lost_claim(row))


def lost_claim(row: TakeOver) -> str:
    return _("%(case)s は、%(time)s に%(officer)sが引き継ぎました。あなたの担当ではなくなりました。") % {
        "case": row.application.receipt_number,
        "time": hour(row.taken_at),
        "officer": row.officer,
    }


def hour(moment: datetime) -> str:
    return f"{moment.astimezone(clock.JST):%H:%M}"


class Standing(NamedTuple):
    """Who did what last, in words; what a refused officer reads first."""

    sentence: str
    is_decided: bool


def standing(case: Application) -> Standing:
    """What came before the refused act: who holds the case, or who has already decided it, and when."""
    if case.state == State.WITHDRAWN:
        return Standing(_("申請者が%(time)sに取り下げました。") % {"time": hour(case.changed_at)}, True)
    if case.state == State.IN_REVIEW and case.claimed_by is not None:
        since = case.claimed_at or case.changed_at
        words = _("%(officer)sが%(time)sから担当しています。")
        return Standing(words % {"officer": case.claimed_by, "time": hour(since)}, False)
    last = case.decisions.filter(round=case.round).select_related("officer").order_by("-pk").first()
    if last is None:
        return Standing(
            _("いまは誰も担当していません。担当の期限が過ぎたか、審査待ちに戻されました。"), False
        )
    words = {
        "recommended": _("%(officer)sが%(time)sに、承認を推薦しました。"),
        "endorsed": _("%(officer)sが%(time)sに、2人目として承認しました。"),
        "sent_back": _("%(officer)sが%(time)sに、審査のやり直しを求めました。"),
        "approved": _("%(officer)sが%(time)sに承認し、すでに決定しています。"),
        "taken_back": _("%(officer)sが%(time)sに、自分の決定を取り消しました。"),
        "returned": _("%(officer)sが%(time)sに修正を求め、申請者に戻しました。"),
        "proposed_reject": _("%(officer)sが%(time)sに、不承認を提案しました。"),
        "rejected": _("%(officer)sが%(time)sに不承認とし、すでに決定しています。"),
    }[last.verdict]
    is_decided = case.state not in (State.SUBMITTED, State.IN_REVIEW, State.RECOMMENDED)
    return Standing(words % {"officer": last.officer, "time": hour(last.decided_at)}, is_decided)
