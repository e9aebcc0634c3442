"""The applicant's own uploads: given, shown as the re-encoded copies (PH-23), turned, ordered, taken back.

A stranger's id is an address that does not exist. Whatever is done to a file, the page's other answers stay.
"""

import json
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST, require_safe

from enrollment import authorities, drafts, flow, images, uploads
from enrollment.errors import Refused
from enrollment.models import Attachment
from enrollment.pictures.sentences import HEIC, MESSAGES
from enrollment.problems import Problem
from enrollment.steps import QUESTIONS, file_hints
from enrollment.steps.files import KIND_NAMES, FileQuestion, Photo
from enrollment.steps.question import Words, told
from enrollment.views import refusals
from enrollment.views.door import Visit, nothing_there, signed_in
from enrollment.views.pages import Page
from enrollment.views.receiving import has_second_file
from vault import files

CONTROLS = ("file", "camera")


class Taken(NamedTuple):
    """What became of the file of a posted page: what is wrong with it, and whether it has hints to be seen first."""

    problem: ValidationError | str | None = None
    has_hints: bool = False


def mine(request: HttpRequest, visit: Visit, public_id: uuid.UUID) -> Attachment:
    row = Attachment.objects.filter(application__applicant=visit.applicant, public_id=public_id).first()
    if row is None:
        raise nothing_there(request, "file")
    return row


@require_safe
@signed_in
def picture(request: HttpRequest, visit: Visit, public_id: uuid.UUID) -> HttpResponse:
    row = mine(request, visit, public_id)
    try:
        return shown(files.read(row.shown_file))
    except (files.FileMissing, files.FileDamaged):
        raise Http404 from None


def shown(data: bytes) -> HttpResponse:
    """A picture of ours for its owner: no cache keeps it, and it can do nothing."""
    headers = {
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": 'inline; filename="picture.jpg"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return HttpResponse(data, content_type="image/jpeg", headers=headers)


# --- what a posted page does with its file ------------------------------------------------------------------------


def take(request: HttpRequest, page: Page, form: FileQuestion, locked: frozenset[str]) -> Taken:
    """Keep the uploaded file even where another answer is wrong; before the form is asked whether it is valid."""
    if "file" in locked:
        return Taken()
    taken = _taken(request, page, form)
    record(page, form)
    if taken.problem is None and form.slot not in drafts.acceptable_slots(page.application):
        return Taken(_missing(page, form))
    return taken


def _taken(request: HttpRequest, page: Page, form: FileQuestion) -> Taken:
    given = next((request.FILES[name] for name in CONTROLS if name in request.FILES), None)
    if not isinstance(given, UploadedFile):
        return Taken()
    if has_second_file(request):
        return Taken(
            _(
                "2つのファイルが同時に選ばれています。1回に添付できるのは1つです。どちらか1つを選び直してください。"
            )
        )
    try:
        row = uploads.accept(page.application, form.slot, given, page.visit.at)
    except Problem as problem:
        return Taken(_with_size(problem, given))
    return Taken(has_hints=bool(row.warnings))


def _with_size(problem: Problem, given: UploadedFile) -> ValidationError:
    """PH-42 with the file's own size, which was counted while the rest of it was read past."""
    wrong = told(problem)
    if problem.code != "file_size":
        return wrong
    size = f"{getattr(given, 'sent_size', given.size or 0) / 1024 / 1024:.1f}"
    return ValidationError(
        wrong.messages[0] + _("（このファイルは%(size)sMB）") % {"size": size}, code=problem.code
    )


def _missing(page: Page, form: FileQuestion) -> str:
    if uploads.kept(page.application, form.slot):
        return not_taken(page, form)
    return _("%(label)sを選んでください。") % {"label": form.file_label}


def record(page: Page, form: FileQuestion) -> None:
    """Tell the form the day that the kept photo itself records (PH-07)."""
    if isinstance(form, Photo):
        rows = uploads.kept(page.application, form.slot)
        form.recorded = file_hints.recorded_day(rows[-1].measures) if rows else None
        if form.recorded and not form.is_bound:
            form.initial.setdefault("taken_on", form.recorded.isoformat())


def not_taken(page: Page, form: FileQuestion) -> str:
    """PH-03: why files that are kept already do not go with the authority that is chosen now; "" where they do."""
    rows = uploads.kept(page.application, form.slot)
    if not rows or form.slot in drafts.acceptable_slots(page.application):
        return ""
    words = {"authority": _(authorities.authority(page.draft.authority).short_name)}
    strange = {row.kind for row in rows} - set(form.kinds)
    if strange:
        given = _("・").join(name for kind, name in KIND_NAMES.items() if kind in strange)
        return _(
            "%(authority)sへの申請では、保存されている画像の形式（%(given)s）は使えません。%(kinds)sの画像に差し替えてください。"
        ) % {**words, "given": given, "kinds": form.kinds_in_words}
    return _(
        "%(authority)sへの申請では、この欄のファイルは1つだけです（いま%(count)sつ）。不要なファイルを削除してください。"
    ) % {**words, "count": len(rows)}


def warn_not_taken(page: Page) -> None:
    """Said at once when another authority has been chosen (PH-03)."""
    taken = drafts.acceptable_slots(page.application)
    slots = set(Attachment.objects.filter(application=page.application).values_list("slot", flat=True))
    names = [
        _(step.title) for step in flow.steps_for(page.draft) if step.slug.replace("-", "_") in slots - taken
    ]
    if names:
        told_names = _("、").join(names)
        messages.warning(
            page.request,
            _("申請先が変わったため、次のファイルは差し替えが必要です：%(names)s") % {"names": told_names},
        )


# --- what else can be done to it ----------------------------------------------------------------------------------

ACTS: dict[str, Callable[[Attachment, datetime], None]] = {
    "remove": uploads.remove,
    "earlier": uploads.put_earlier,
    "turn": uploads.turn,
}


def act(request: HttpRequest, page: Page, form: FileQuestion) -> None:
    """`act` of the posted page: `remove:<id>`, `earlier:<id>`, `turn:<id>`, or `same` (PH-27, PH-51).

    A file that is gone already is no error: a double click, or another tab, was faster.
    """
    name, _colon, public_id = request.POST["act"].partition(":")
    try:
        if name == "same":
            uploads.reuse(page.application, form.slot, page.visit.at)
        elif name in ACTS:
            row = _row(page, form.slot, public_id)
            if row is not None:
                ACTS[name](row, page.visit.at)
    except Problem as problem:
        messages.error(request, told(problem).messages[0])


def _row(page: Page, slot: str, public_id: str) -> Attachment | None:
    try:
        wanted = uuid.UUID(public_id)
    except ValueError:
        return None
    return Attachment.objects.filter(application=page.application, slot=slot, public_id=wanted).first()


# --- the page -----------------------------------------------------------------------------------------------------


def context(page: Page, form: FileQuestion) -> dict[str, Any]:
    """The files that are kept already, what they made us notice, and whether the authority still takes them."""
    record(page, form)
    rows = uploads.kept(page.application, form.slot)
    origin = "?from=check" if page.request.GET.get("from") == flow.CHECK else ""
    found = [_file(row, place, form, origin) for place, row in enumerate(rows)]
    other = uploads.other_paper(form.slot)
    return {
        "files": found,
        "has_hints": any(one["hints"] for one in found),
        "crop_url": next((one["crop_url"] for one in found for hint in one["hints"] if hint.can_crop), ""),
        "not_taken": not_taken(page, form),
        "is_full": form.most > 1 and len(rows) >= form.most,
        "same_paper": bool(other and not rows and uploads.kept(page.application, other)),
        "give_url": reverse("give_file", args=[page.step.slug]) + origin,
        "is_file_open": "file" not in form.locked,
        "most_bytes": images.MOST_BYTES,
        "recorded": form.recorded.isoformat() if form.recorded else "",
        "words": json.dumps(_words(form)),
    }


# What static/enrollment/upload.js says of its own acts.
SAID: dict[str, Words] = {
    "error": lazy("エラー："),
    "sending": lazy("送信しています"),
    "sent": lazy("送信しました。画像を確認しています"),
    "saved": lazy("ファイルを保存しました。"),
    "hinted": lazy("ファイルを保存しました。確認してほしい点があります。"),
    "filled": lazy("写真の記録から、撮影日を入れました。確かめてください。"),
    "cancel": lazy("送信をやめる"),
    "cancelled": lazy("送信をやめました。ファイルは保存されていません。"),
    "lost": lazy(
        "通信が切れたため、ファイルを保存できませんでした。"
        "ほかの入力はそのままです。電波の状態を確かめて、もう一度送ってください。"
    ),
    "again": lazy("もう一度送る"),
    "busy": lazy("ファイルを送信しています。終わると、自動で次へ進みます。"),
    "ended": lazy(
        "ログインの期限が切れたため、ファイルを保存できませんでした。"
        "別の画面（タブ）でログインし直してから、もう一度送ってください。"
    ),
    "shrink": lazy("4MB以下に縮小して添付する"),
    "convert": lazy("JPEGに変換して添付する"),
}


def _words(form: FileQuestion) -> dict[str, str]:
    """What the browser can see for itself before it sends 4 MB; `%(…)s` is filled in there."""
    kinds = _("、").join(images.KIND_NAMES[kind] for kind in form.kinds)
    only_jpeg = form.slot == "photo" and form.kinds == ["jpeg"]
    file_type = MESSAGES["file_type_medis" if only_jpeg else "file_type"]
    return {
        "file_size": _(MESSAGES["file_size"]) + _("（このファイルは%(size)sMB）"),
        "file_empty": _(MESSAGES["file_empty"]),
        "file_type": _(file_type) if only_jpeg else _(file_type) % {"kinds": kinds},
        "heic": _(HEIC),
        "photo_pixels": _(MESSAGES["photo_pixels"]),
        **{name: str(text) for name, text in SAID.items()},
    }


def _file(row: Attachment, place: int, form: FileQuestion, origin: str) -> dict[str, Any]:
    can_crop = form.slot == "photo" and row.kind in form.kinds
    return {
        "id": row.public_id,
        "url": reverse("file", args=[row.public_id]),
        "name": row.given_name,
        "hints": file_hints.of(row),
        "can_move": place > 0,
        "can_turn": form.slot != "photo" and row.kind in form.kinds,
        "crop_url": reverse("crop", args=[row.public_id]) + origin if can_crop else "",
        "is_cropped": row.crop is not None,
        "is_photo": form.slot == "photo" and "photo_ratio" not in row.warnings,
        "version": row.shown_file[:8],  # a picture that was made anew has another address
    }


@require_POST
@signed_in
def give(request: HttpRequest, visit: Visit, slug: str) -> HttpResponse:
    """What static/enrollment/upload.js sends: one file, or one act; the answer is the page's part about files.

    200 also for a refused file: the part tells it, as a page in error does. Nothing but the file is looked at.
    """
    application = drafts.current(visit.applicant)
    if application is None:
        return redirect("tasks")
    draft = drafts.load(application, visit.at)
    step = flow.STEP.get(slug)
    form = drafts.question(draft, slug, visit.at, {}) if step and slug in QUESTIONS else None
    if step is None or not isinstance(form, FileQuestion):
        raise Http404
    if not flow.is_open(step, draft):
        return redirect("tasks")
    page = Page(request, visit, application, draft, step)
    try:
        if "act" in request.POST:
            act(request, page, form)
            problem = None
        else:
            problem = take(request, page, form, frozenset()).problem
    except Refused as refused:
        return refusals.page(request, refused)
    form.errors.clear()
    if problem is not None:
        form.add_error("file", problem)
    found = {"form": form, "step": step, "is_part": True, **form.context(), **context(page, form)}
    answer = render(request, "enrollment/file_area.html", found)
    answer.headers["X-Inkan-Part"] = "file"
    return answer
