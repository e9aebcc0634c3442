"""The case screen and its moves (HTTP only; the moves are in enrollment.review)."""

import uuid
from collections.abc import Callable
from datetime import datetime
from math import ceil
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from enrollment import flow, review
from enrollment.desk import asking, card_orders, changes, credential, measured, queue, shown
from enrollment.desk.access import case_of, file_viewed, note, officer_of, require_deciding, viewed
from enrollment.desk.forms import ChecklistForm, CorrectionsForm, NoteForm, ReasonForm
from enrollment.desk.offers import may_erase, obstacle, offers
from enrollment.desk.words import STATES
from enrollment.errors import Refused
from enrollment.models import Application, Attachment
from enrollment.review import sheets
from ledger import clock
from staff.models import Officer
from vault import files

TITLES = {
    "claim": _("審査を始める"),
    "release": _("審査待ちに戻す"),
    "return_to_applicant": _("修正を求める"),
    "recommend": _("承認を推薦する"),
    "send_back": _("審査をやり直す"),
    "reject": _("不承認にする"),
    "approve": _("承認する"),
    "take_back": _("承認を取り消す"),
}
REFUSALS = {
    "not_now": _(
        "この申請は、ほかの審査者がすでに処理したか、状態が変わりました。画面の内容を確認してください。"
    ),
    "not_yours": _("この操作をする役割がありません。"),
    "same_officer": _("承認の推薦と承認は、別の審査者が行います。ほかの承認者に依頼してください。"),
    "already_granted": _("同じ資格と登録番号で、承認済みの申請があります。承認できません。"),
    "nothing_to_correct": _("修正してほしい項目を選んでください。"),
    "reason_missing": _("不承認の理由を書いてください。"),
    "checklist_open": _("確認が終わっていない項目、または「不適合」の項目があります。"),
    "same_officer_rejects": _("不承認を提案した審査者と、不承認にする審査者は、別の人です。"),
    "statement_broken": _(
        "署名された内容と、保管されている内容が異なります。この申請は判断できません。運用担当者に連絡してください。"
    ),
    "signature_fails": _(
        "電子署名の再確認で「不適合」になりました。承認できません。自動確認の結果を見て、修正を求めるか、不承認にしてください。"
    ),
    "revocation_unknown": _(
        "署名用電子証明書の失効を、いま確認できません。承認できません。時間をおいて、もう一度承認してください。"
    ),
    "file_erased": _("消去した画像があるため、承認の推薦と承認はできません。修正を求めてください。"),
    "on_hold": _(
        "この申請は保全の対象に指定されているため、画像を消去できません。運用担当者に連絡してください。"
    ),
}
ERASED_ALREADY = _("この画像は、すでに消去されています。")
OBSTACLES = {
    "claimed_by_other": _("ほかの審査者が審査しています。"),
    "same_officer": _("あなたが推薦した申請です。承認は別の審査者が行います。"),
    "not_your_role": _("いまの段階を扱う役割がありません。"),
    "closed": _("審査は終わっています。"),
}
Act = Callable[[Application, Officer, Any, datetime], None]
ACTS: dict[str, Act] = {
    "claim": lambda case, officer, form, at: review.claim(case, officer, at),
    "release": lambda case, officer, form, at: review.release(case, officer, at),
    "take_back": lambda case, officer, form, at: review.take_back(case, officer, at),
    "send_back": lambda case, officer, form, at: review.send_back(
        case, officer, form.cleaned_data["note"], at
    ),
    "reject": lambda case, officer, form, at: review.reject(case, officer, form.cleaned_data["reason"], at),
    "return_to_applicant": lambda case, officer, form, at: review.return_to_applicant(
        case, officer, form.corrections(), at
    ),
    "recommend": lambda case, officer, form, at: review.recommend(
        case, officer, form.cleaned_data["note"], form.answers(), at
    ),
    "approve": lambda case, officer, form, at: review.approve(
        case, officer, form.cleaned_data["note"], form.answers(), at
    ),
}


def _form(name: str, case: Application, data: Any = None) -> forms.Form:
    if name in ("recommend", "approve"):
        return ChecklistForm(data, lines=sheets.lines(case), measured=measured.by_slot(case))
    if name == "return_to_applicant":
        gone = {slot.replace("_", "-") for slot in shown.erased_slots(case)}
        return CorrectionsForm(data, places=shown.places(case), erased=gone)
    if name == "reject":
        return ReasonForm(data)
    return NoteForm(data)


def _decisions(
    case: Application, officer: Officer, at: datetime, bound: dict[str, forms.Form]
) -> list[dict[str, Any]]:
    gone = shown.erased_names(case)
    return [
        {
            "name": name,
            "title": TITLES[name],
            "form": bound.get(name) or _form(name, case),
            "is_open": name in bound or (bool(gone) and not bound and name == "return_to_applicant"),
            "blocked": gone if name in ("recommend", "approve") else [],
            "asks": name not in ("claim", "release", "take_back"),
            "url": reverse("admin:enrollment_case_move", args=[case.public_id, name]),
        }
        for name in offers(case, officer, at)
    ]


def _page(
    request: HttpRequest, case: Application, officer: Officer, at: datetime, bound: dict[str, forms.Form]
) -> HttpResponse:
    why_not = obstacle(case, officer, at)
    decisions = _decisions(case, officer, at, bound)
    context = {
        **admin.site.each_context(request),
        "case": case,
        "title": case.receipt_number,
        "state_words": STATES[flow.State(case.state)],
        "person": shown.person(case),
        "groups": shown.groups(case),
        "changes": changes.changes(case),
        "pictures": shown.pictures(case, may_erase=may_erase(case, officer, at)),
        "checks": asking.shown(case, officer),
        "decisions": [row for row in decisions if row["name"] != "take_back"],
        "undo": next((row for row in decisions if row["name"] == "take_back"), None),
        "undo_left": ceil((case.decided_at + review.UNDO - at).total_seconds()) if case.decided_at else 0,
        "following": queue.following(officer, case),
        "obstacle": OBSTACLES.get(why_not, ""),
        "timeline": shown.timeline(case),
        "notes": shown.notes(case),
        "form": next(iter(bound.values()), None),
        "credential": credential.section(case, officer, at),
        "card": card_orders.of_case(case),
        "reads_looks": officer.holds("AUDITOR", case.authority),
    }
    return render(request, "desk/case.html", context, status=422 if bound else 200)


@require_GET
def case(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """One screen: the signed data beside the documents, the findings, the decision."""
    officer = officer_of(request)
    at = clock.now()
    found = case_of(officer, public_id, at=at)
    viewed(officer, found, at)
    return _page(request, found, officer, at, {})


@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, public_id: uuid.UUID, name: str) -> HttpResponse:
    """Carry out one move of the table; a refusal is told on the case screen and changes nothing.

    A GET comes from a reload or from signing in again after a form: it leads back to the case.
    """
    officer = officer_of(request)
    found = case_of(officer, public_id, asks=False)
    if name not in ACTS:
        raise Http404
    if request.method != "POST":
        return HttpResponseRedirect(reverse("admin:enrollment_case", args=[public_id]))
    require_deciding(officer, found, name)
    at = clock.now()
    form = _form(name, found, request.POST)
    if not form.is_valid():
        viewed(officer, found, at)
        return _page(request, found, officer, at, {name: form})
    try:
        ACTS[name](found, officer, form, at)
    except Refused as refused:
        note(officer, "case.move_refused", str(public_id), found.authority, move=name, code=refused.code)
        messages.error(request, REFUSALS[refused.code])
    else:
        messages.success(request, _("%(what)s：完了しました。") % {"what": TITLES[name]})
    return HttpResponseRedirect(reverse("admin:enrollment_case", args=[public_id]))


@require_GET
def picture(request: HttpRequest, public_id: uuid.UUID, attachment: uuid.UUID) -> HttpResponse:
    """The re-encoded copy of one document; each look is a ledger entry. The original is a download only (PH-23)."""
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
    response = HttpResponse(data, content_type=kind)
    disposition = f'attachment; filename="{row.slot}.{row.kind}"' if wants_original else "inline"
    response.headers["Content-Disposition"] = disposition
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
        "person": shown.person(found),
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
