"""The automatic checks on the case screen: every one with its state, and the button that has one done again (RV-5)."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from enrollment import checks
from enrollment.desk.access import case_of, note, officer_of, require_deciding
from enrollment.errors import Refused
from enrollment.flow import Actor
from enrollment.models import Application
from ledger import clock, log
from staff.models import Officer

# state -> the colour, the sign and the word
MARKS = {
    "waiting": ("wait", "todo", _("待機中")),
    "running": ("wait", "todo", _("実行中")),
    "again": ("wait", "todo", _("再実行待ち")),
    "pass": ("good", "success", _("適合")),
    "notice": ("care", "warning", _("要確認")),
    "fail": ("wrong", "error", _("不適合")),
    "error": ("wrong", "error", _("実行できず")),
}
EYES = ("wrong", "care")  # what asks for an officer's eye comes first, in this order
ROLES = {"EXAMINER": Actor.EXAMINER, "APPROVER": Actor.APPROVER}
REFUSALS = {
    "not_now": _("この確認は、いま実行しています。しばらくしてから画面を開き直してください。"),
    "asked_lately": _("この確認は、1分以内に依頼されています。少し待ってから、もう一度押してください。"),
    "not_yours": _("この操作をする役割がありません。"),
}


def _role(officer: Officer, case: Application) -> Actor | None:
    return next((actor for role, actor in ROLES.items() if officer.holds(role, case.authority)), None)


def shown(case: Application, officer: Officer) -> list[dict[str, Any]]:
    """The lines of desk/checks.html, first those that ask for an eye."""
    may_ask = _role(officer, case) is not None and case.state in checks.IN_REVIEW
    lines = []
    for row in checks.listed(case):
        mark, sign, word = MARKS[row.state]
        url = reverse("admin:enrollment_case_check", args=[case.public_id, row.name])
        lines.append(
            {
                "row": row,
                "mark": mark,
                "sign": sign,
                "word": word,
                "url": url if may_ask and row.may_ask else "",
            }
        )
    return sorted(lines, key=lambda line: EYES.index(line["mark"]) if line["mark"] in EYES else len(EYES))


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, public_id: uuid.UUID, name: str) -> HttpResponse:
    """Have one check done again. A GET comes from a reload or from signing in again: it leads back to the case."""
    officer = officer_of(request)
    case = case_of(officer, public_id, asks=False)
    back = HttpResponseRedirect(reverse("admin:enrollment_case", args=[public_id]))
    if request.method != "POST":
        return back
    require_deciding(officer, case, "check")
    if name not in checks.CHECKS:
        raise Http404
    role = _role(officer, case)
    actor = log.Actor("officer", str(officer.public_id))
    try:
        if role is None:
            raise Refused("not_yours")
        checks.ask_again(case, name, by=role, actor=actor, at=clock.now())
    except Refused as refused:
        note(officer, "case.move_refused", str(public_id), case.authority, move="check", code=refused.code)
        messages.error(request, REFUSALS[refused.code])
    else:
        messages.success(request, _("確認をもう一度依頼しました。結果は、画面を開き直すと表示されます。"))
    return back
