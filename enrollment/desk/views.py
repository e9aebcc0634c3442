"""The case screen and its moves (HTTP only; the moves are in enrollment.review)."""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from enrollment import review
from enrollment.desk import integrity, purposes, screen, shown, told
from enrollment.desk.access import case_of, file_viewed, note, officer_of, require_deciding, viewed
from enrollment.desk.forms import given_lines, typed_words
from enrollment.desk.offers import may_erase
from enrollment.desk.saying import ERASED_ALREADY, REFUSALS, TITLES
from enrollment.desk.worklist import queue
from enrollment.errors import Refused
from enrollment.models import Application, Attachment
from enrollment.review import sheets
from ledger import clock
from staff.models import Officer
from vault import files

Act = Callable[[Application, Officer, Any, datetime], None]


def _take_over(case: Application, officer: Officer, form: Any, at: datetime) -> None:
    """What the page showed is what is taken: the same holder since the same moment."""
    holder, since = case.claimed_by, form.cleaned_data["since"]
    if holder is None or holder.public_id != form.cleaned_data["holder"]:
        raise Refused("not_now")
    review.take_over(case, officer, holder, _moment(since), at)


def _moment(text: str) -> datetime | None:
    """As the page wrote it; None where a claim of an earlier release has no beginning."""
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if text and (found is None or found.tzinfo is None):
        raise Refused("not_now")
    return found


def _checked(say: Callable[..., None]) -> Act:
    def act(case: Application, officer: Officer, form: Any, at: datetime) -> None:
        sheet = sheets.of(case, officer)
        say(case, officer, form.cleaned_data["note"], sheet.answers, at, sheet.notes)

    return act


ACTS: Mapping[str, Act] = {
    "claim": lambda case, officer, form, at: review.claim(case, officer, at),
    "take_over": _take_over,
    "release": lambda case, officer, form, at: review.release(case, officer, at),
    "take_back": lambda case, officer, form, at: review.take_back(case, officer, at),
    "send_back": lambda case, officer, form, at: review.send_back(
        case, officer, form.cleaned_data["note"], at
    ),
    "reject": lambda case, officer, form, at: review.reject(
        case, officer, form.told(), at, form.cleaned_data["code"]
    ),
    "return_to_applicant": lambda case, officer, form, at: review.return_to_applicant(
        case, officer, form.corrections(), at
    ),
    "recommend": _checked(review.recommend),
    "approve": _checked(review.approve),
}
# After these the officer goes on with the next case.
ENDINGS = ("return_to_applicant", "recommend", "send_back", "reject", "approve")


def _page(
    request: HttpRequest,
    case: Application,
    officer: Officer,
    at: datetime,
    *,
    bound: screen.Bound | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    attachments, look = screen.look_at(case)
    integrity.report(case, officer, look)
    told.tell_lost_claims(request, officer, at)
    context = {
        **admin.site.each_context(request),
        **screen.context(case, officer, at, bound or {}, attachments, look),
        "undo": screen.undo(case, officer, at),
        **more,
    }
    return render(request, "desk/case.html", context, status=status)


@require_GET
def case(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """One screen: the signed data beside the documents, the findings, the decision. A holder's look keeps the claim."""
    officer, at = officer_of(request), clock.now()
    found = case_of(officer, public_id, at=at)
    viewed(officer, found, at)
    if review.stay(officer, at) and found.claimed_by_id == officer.pk:
        found.refresh_from_db(fields=["state", "claimed_until"])
    done = _done(request, officer)
    if done is None or done.pk == found.pk:
        return _page(request, found, officer, at)
    return _page(request, found, officer, at, undo=screen.undo(done, officer, at))


def _done(request: HttpRequest, officer: Officer) -> Application | None:
    """The case that was decided just before this one was opened."""
    try:
        wanted = uuid.UUID(request.GET.get("done", ""))
    except ValueError:
        return None
    return case_of(officer, wanted, asks=False)


@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, public_id: uuid.UUID, name: str) -> HttpResponse:
    """Carry out one move of the table; what is refused is told on the case screen and changes nothing.

    A GET comes from a reload or from signing in again after a form: it leads back to the case.
    """
    officer, at = officer_of(request), clock.now()
    found = case_of(officer, public_id, asks=False)
    if name not in ACTS:
        raise Http404
    if request.method != "POST":
        return HttpResponseRedirect(reverse("admin:enrollment_case", args=[public_id]))
    require_deciding(officer, found, name)
    answers = screen.look_at(found)[1].answers if name == "return_to_applicant" else {}
    form = screen.form_of(name, found, officer, answers, request.POST)
    try:
        lines = given_lines(request.POST)
        if lines:
            sheets.keep(found, officer, lines, at)
        if not form.is_valid():
            viewed(officer, found, at)
            return _page(request, found, officer, at, bound={name: form}, status=422)
        ACTS[name](found, officer, form, at)
    except Refused as refused:
        return _refused(request, found, officer, at, name, refused)
    done = _("%(what)s：完了しました。") % {"what": TITLES[name]}
    messages.success(request, f"{found.receipt_number}{_('：')}{done}")
    return HttpResponseRedirect(_onwards(found, officer, name))


def _onwards(case: Application, officer: Officer, name: str) -> str:
    """After a decision the next case, which shows for ten seconds how to take the decision back."""
    here = reverse("admin:enrollment_case", args=[case.public_id])
    following = queue.following(officer, case) if name in ENDINGS else None
    if following is None:
        return here
    return f"{reverse('admin:enrollment_case', args=[following.public_id])}?done={case.public_id}"


def _refused(
    request: HttpRequest, case: Application, officer: Officer, at: datetime, name: str, refused: Refused
) -> HttpResponse:
    """409 on the case as it stands now: why, who came first and when, and the words that were typed."""
    note(officer, "case.move_refused", str(case.public_id), case.authority, move=name, code=refused.code)
    fresh = case_of(officer, case.public_id, asks=False)
    review.stay(officer, at)
    clash = {
        "title": TITLES[name],
        "why": REFUSALS[refused.code],
        "standing": told.standing(fresh) if refused.code == "not_now" else None,
        "line": refused.detail.get("line", ""),
        "typed": typed_words(request.POST),
    }
    if not purposes.in_force(
        fresh, officer, at
    ):  # a colleague's case by now: who it is, and nothing of the person
        following = queue.following(officer, fresh)
        context = {**admin.site.each_context(request), "case": fresh, "clash": clash, "following": following}
        return render(request, "desk/conflict.html", context, status=409)
    viewed(officer, fresh, at)
    return _page(request, fresh, officer, at, status=409, clash=clash)


@require_GET
def picture(request: HttpRequest, public_id: uuid.UUID, attachment: uuid.UUID) -> HttpResponse:
    """The re-encoded copy of one document; each look is a ledger entry. The original is a download only (PH-23).

    Bytes that are not those of the signed statement never leave: a drawn notice stands in their place (RV-2).
    """
    officer = officer_of(request)
    found = case_of(officer, public_id)
    row = Attachment.objects.filter(application=found, public_id=attachment).first()
    if row is None:
        raise Http404
    wants_original = "original" in request.GET
    file_viewed(officer, found, row, clock.now(), original=wants_original)
    name, kind = (
        (row.original_file, "application/octet-stream") if wants_original else (row.shown_file, "image/jpeg")
    )
    try:
        data = files.read(name)
    except (files.FileMissing, files.FileDamaged):
        note(
            officer, "file.damaged", str(attachment), found.authority, slot=row.slot, original=wants_original
        )
        raise Http404 from None
    if not integrity.is_as_signed(found, row, data, original=wants_original):
        note(officer, "file.not_as_signed", str(attachment), found.authority, slot=row.slot)
        drawn = render_to_string("desk/not_as_signed.html")
        return _private(HttpResponse(drawn, content_type="image/svg+xml", status=409))
    response = HttpResponse(data, content_type=kind)
    disposition = f'attachment; filename="{row.slot}.{row.kind}"' if wants_original else "inline"
    response.headers["Content-Disposition"] = disposition
    return _private(response)


def _private(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, public_id: uuid.UUID, attachment: uuid.UUID) -> HttpResponse:
    """PH-13: a My Number is visible. Asked once on a page of its own, because nothing brings the file back."""
    officer = officer_of(request)
    found = case_of(officer, public_id, asks=request.method != "POST")
    at = clock.now()
    back = HttpResponseRedirect(reverse("admin:enrollment_case", args=[public_id]))
    if request.method == "POST":
        require_deciding(officer, found, "erase")
        _erase(request, found, officer, attachment, at)
        return back
    row = Attachment.objects.filter(application=found, public_id=attachment).first()
    if row is None and not found.erased_files.filter(public_id=attachment).exists():
        raise Http404
    if row is None or not may_erase(found, officer, at):
        messages.error(request, ERASED_ALREADY if row is None else REFUSALS["not_now"])
        return back
    context = {
        **admin.site.each_context(request),
        "case": found,
        "name": shown.SLOTS.get(row.slot, row.slot),
        "person": shown.person(screen.look_at(found)[1].answers),
        "url": reverse("admin:enrollment_case_file", args=[public_id, attachment]),
        "back": back.url,
    }
    return render(request, "desk/erase.html", context)


def _erase(
    request: HttpRequest, case: Application, officer: Officer, attachment: uuid.UUID, at: datetime
) -> None:
    try:
        is_new = review.erase_file(case, officer, attachment, at)
    except Refused as refused:
        note(
            officer, "case.move_refused", str(case.public_id), case.authority, move="erase", code=refused.code
        )
        messages.error(request, REFUSALS[refused.code])
        return
    text = _("画像を消去しました。申請者に、あらためて添付を求めてください。") if is_new else ERASED_ALREADY
    messages.success(request, text)
