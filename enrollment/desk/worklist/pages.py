"""The worklist's pages: the list, filters by name, and what may be done with several cases at once (HTTP only).

There is no approval, recommendation, return or rejection of several cases: each is somebody's look at one case.
"""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from enrollment import review
from enrollment.desk import told
from enrollment.desk.access import note, officer_of, reach
from enrollment.desk.worklist import exports, filters, listed, queue
from enrollment.desk.worklist.filters import Filter
from enrollment.errors import Refused
from enrollment.models import Application, SavedFilter
from ledger import clock, log
from staff.models import Officer

LIST = "admin:enrollment_application_changelist"
TITLE = gettext_lazy("審査の一覧")
REMEMBERED = "worklist"  # the session's key of the filter in use
MOST_AT_ONCE = 50
MOST_FILTERS = 20


def _reader(request: HttpRequest) -> Officer:
    """An officer who may read some authority's cases; an operator reads none (decision 6)."""
    officer = officer_of(request)
    if not reach(officer):
        raise PermissionDenied
    return officer


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """One page of cases. The filter in use is remembered until the officer signs out."""
    officer, at = _reader(request), clock.now()
    remembered = request.session.get(REMEMBERED, "")
    if not request.GET and remembered:
        return HttpResponseRedirect(f"{reverse(LIST)}?{remembered}")
    asked = filters.read(request.GET)
    wanted = asked.wanted
    if wanted.query() != (remembered or Filter().query()) and not wanted.number:
        request.session[REMEMBERED] = wanted.query()
    told.tell_lost_claims(request, officer, at)
    found = queue.page(
        wanted, officer, at, after=_edge(officer, asked.after), before=_edge(officer, asked.before)
    )
    context = {
        **admin.site.each_context(request),
        **listed.context(officer, wanted, found, at),
        "title": TITLE,
        "following": queue.following(officer),
    }
    return render(request, "desk/worklist.html", context)


def _edge(officer: Officer, public_id: uuid.UUID | None) -> Application | None:
    """The case at the end of the page before; unknown ones begin the list anew."""
    if public_id is None:
        return None
    return Application.objects.for_authorities(reach(officer)).filter(public_id=public_id).first()


@require_POST
def keep_filter(request: HttpRequest) -> HttpResponse:
    """Save the filter in use under a name, or forget one of one's own."""
    officer, wanted = _reader(request), filters.parse(request.POST.get("filter", ""))
    back = HttpResponseRedirect(f"{reverse(LIST)}?{wanted.query()}")
    mine = SavedFilter.objects.filter(officer=officer)
    if "forget" in request.POST:
        count, _kinds = mine.filter(name=_name(request.POST["forget"])).delete()
        if count:
            messages.success(request, _("保存した条件を削除しました。"))
        return back
    name = _name(request.POST.get("name", "")) or wanted.in_words()[:40]
    if not mine.filter(name=name).exists() and mine.count() >= MOST_FILTERS:
        words = _("保存できる条件は%(most)d個までです。使わないものを削除してください。")
        messages.error(request, words % {"most": MOST_FILTERS})
        return back
    kept = wanted._replace(number="").query()
    SavedFilter.objects.update_or_create(
        officer=officer, name=name, defaults={"query": kept, "made_at": clock.now()}
    )
    messages.success(request, _("条件を「%(name)s」として保存しました。") % {"name": name})
    return back


def _name(typed: str) -> str:
    return "".join(char for char in typed if char.isprintable()).strip()[:40]


# --- several cases at once ----------------------------------------------------------------------------------------


@require_POST
def bulk(request: HttpRequest, name: str) -> HttpResponse:
    """Claim, remind or export what is ticked, or what the filter shows; each is an entry in the ledger."""
    officer, at = _reader(request), clock.now()
    if name not in BULK:
        raise Http404
    if name != "export" and not officer.authorities("EXAMINER"):
        note(officer, "worklist.refused", str(officer.public_id), act=name)
        raise PermissionDenied
    wanted = filters.parse(request.POST.get("filter", ""))
    ticked = _ticked(request.POST, officer)
    return BULK[name](request, officer, wanted, ticked, at)


def _ticked(posted: QueryDict, officer: Officer) -> list[Application]:
    try:
        wanted = [uuid.UUID(value) for value in posted.getlist("case")[:MOST_AT_ONCE]]
    except ValueError:
        raise BadRequest("unknown case") from None
    rows = Application.objects.for_authorities(reach(officer)).filter(public_id__in=wanted)
    found = list(rows.select_related("applicant", "claimed_by").order_by("submitted_at", "pk"))
    if len(found) != len(set(wanted)):
        _refuse(officer, set(wanted) - {case.public_id for case in found})
    return found


def _refuse(officer: Officer, missing: set[uuid.UUID]) -> None:
    """404 as for what does not exist, and an entry for each case of another authority (RV-4)."""
    hidden = Application.objects.filter(public_id__in=missing)
    for public_id in hidden.values_list("public_id", flat=True):
        note(officer, "case.refused", str(public_id))
    raise Http404


def _ledger(officer: Officer, kind: str, count: int, wanted: Filter) -> None:
    with transaction.atomic():
        log.append(
            kind,
            actor=log.Actor("officer", str(officer.public_id)),
            subject=str(officer.public_id),
            data={"count": count, "filter": wanted._replace(number="").query()},
        )


def _first(posted: QueryDict, wanted: Filter, officer: Officer, at: datetime) -> list[Application]:
    """The first N of the filter's own order that nobody holds."""
    try:
        number = max(1, min(MOST_AT_ONCE, int(posted.get("first", ""))))
    except ValueError:
        return []
    free = wanted._replace(state="submitted", hold="")
    return queue.page(free, officer, at, most=number).rows


def _claim(
    request: HttpRequest, officer: Officer, wanted: Filter, ticked: list[Application], at: datetime
) -> HttpResponse:
    """What is ticked, or the first so many where the button beside their number was pressed: never one for another."""
    chosen = _first(request.POST, wanted, officer, at) if request.POST.get("by") == "first" else ticked
    lost = _each(chosen, lambda case: review.claim(case, officer, at))
    if len(chosen) > len(lost):
        _ledger(officer, "worklist.claimed", len(chosen) - len(lost), wanted)
    words = ngettext("%(count)d件を担当しました。", "%(count)d件を担当しました。", len(chosen) - len(lost))
    _say(request, chosen, lost, words)
    mine = wanted._replace(state="in_review", hold="mine") if len(chosen) > len(lost) else wanted
    return HttpResponseRedirect(f"{reverse(LIST)}?{mine.query()}")


def _remind(
    request: HttpRequest, officer: Officer, wanted: Filter, ticked: list[Application], at: datetime
) -> HttpResponse:
    lost = _each(ticked, lambda case: review.remind(case, officer, at))
    if len(ticked) > len(lost):
        _ledger(officer, "worklist.reminded", len(ticked) - len(lost), wanted)
    words = ngettext(
        "%(count)d件の申請者に知らせました。", "%(count)d件の申請者に知らせました。", len(ticked) - len(lost)
    )
    _say(request, ticked, lost, words)
    return HttpResponseRedirect(f"{reverse(LIST)}?{wanted.query()}")


def _export(
    request: HttpRequest, officer: Officer, wanted: Filter, ticked: list[Application], at: datetime
) -> HttpResponse:
    rows = ticked or queue.page(wanted, officer, at, most=exports.MOST_ROWS).rows
    _ledger(officer, "worklist.exported", len(rows), wanted)
    answer = HttpResponse(exports.as_csv(rows, at), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = (
        f'attachment; filename="worklist-{at.astimezone(clock.JST):%Y%m%d-%H%M}.csv"'
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


Act = Callable[[HttpRequest, Officer, Filter, list[Application], datetime], HttpResponse]
BULK: Mapping[str, Act] = {"claim": _claim, "remind": _remind, "export": _export}


def _each(cases: list[Application], act: Callable[[Application], Any]) -> list[tuple[Application, Refused]]:
    """Each case by itself: what one officer was too late for does not stop the others."""
    lost = []
    for case in cases:
        try:
            act(case)
        except Refused as refused:
            lost.append((case, refused))
    return lost


def _say(
    request: HttpRequest, chosen: list[Application], lost: list[tuple[Application, Refused]], words: str
) -> None:
    if not chosen:
        messages.warning(request, _("申請を選んでください。対象になる申請がありませんでした。"))
        return
    if len(chosen) > len(lost):
        messages.success(request, words % {"count": len(chosen) - len(lost)})
    for case, refused in lost:
        messages.warning(request, f"{case.receipt_number}{_('：')}{_why(case, refused)}")


def _why(case: Application, refused: Refused) -> str:
    if refused.code == "reminded_today":
        return _("今日はもう知らせています。")
    if refused.code == "not_yours":
        return _("この操作をする役割がありません。")
    case.refresh_from_db()
    return told.standing(case).sentence
