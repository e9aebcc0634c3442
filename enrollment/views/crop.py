"""The part of the photo that is shown: chosen with a frame of 35:45, the original kept as it is (PH-09, PH-10).

Without scripts each button is a question to the server, which draws the frame anew; static/enrollment/crop.js makes
fingers, wheel and keys do the same. Either way the server decides what lies within the picture and is large enough.
"""

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from enrollment import drafts, flow, images, uploads
from enrollment.errors import Refused
from enrollment.models import Attachment
from enrollment.pictures.limits import PHOTO_HEIGHT, PHOTO_WIDTH
from enrollment.steps import framing
from enrollment.steps.framing import Frame, Whole
from enrollment.steps.question import told
from enrollment.views import refusals
from enrollment.views.door import Visit, signed_in
from enrollment.views.files import mine, shown
from enrollment.views.pages import Page, shared
from vault import files

SLOT = "photo"
AROUND = 0.14  # of the frame: how much of the picture outside it is drawn


@require_safe
@signed_in
def whole(request: HttpRequest, visit: Visit, public_id: uuid.UUID) -> HttpResponse:
    """All of the picture, turned as `turned` asks: what the frame is laid over."""
    row = _photo(request, visit, public_id)
    try:
        return shown(uploads.whole(row, _whole(row, request.GET).turned, visit.at))
    except (images.PictureRefused, files.FileMissing, files.FileDamaged):
        raise Http404 from None


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def crop(request: HttpRequest, visit: Visit, public_id: uuid.UUID) -> HttpResponse:
    """A GET shows the frame where the query puts it; a POST keeps it, or with `undo` shows all of the picture again."""
    row = _photo(request, visit, public_id)
    if not uploads.is_open(row.application, SLOT, visit.at):
        return refusals.page(request, Refused("not_now"))
    asked = request.POST if request.method == "POST" else request.GET
    area = _whole(row, asked)
    frame = _frame(row, area, asked)
    if request.method != "POST":
        area, frame = _pressed(area, frame, asked.get("press", ""))
        return _show(request, visit, row, area, frame)
    chosen = None if "undo" in request.POST else framing.crop_of(area, frame)
    try:
        uploads.crop(row, chosen, visit.at)
    except images.PictureRefused as refused:
        return _show(request, visit, row, area, frame, told(refused).messages[0])
    except Refused as refused:
        return refusals.page(request, refused)
    messages.success(request, _("写真を切り抜きました。") if chosen else _("切り抜く前の写真に戻しました。"))
    return redirect(_back(request))


def _photo(request: HttpRequest, visit: Visit, public_id: uuid.UUID) -> Attachment:
    row = mine(request, visit, public_id)
    if row.slot != SLOT or not framing.fits(Whole(row.width, row.height)):
        raise Http404
    return row


def _whole(row: Attachment, asked: QueryDict) -> Whole:
    """The picture turned as asked, else as it is shown now; a turn that would make it too small is not taken."""
    kept = (row.crop or {}).get("turned", 0)
    turned = _number(asked.get("turned"), kept)
    found = Whole(row.width, row.height, turned if turned in (0, 90, 180, 270) else kept)
    return found if framing.fits(found) else Whole(row.width, row.height)


def _frame(row: Attachment, area: Whole, asked: QueryDict) -> Frame:
    if "width" in asked:
        wish = (_number(asked.get(name), 0) for name in ("left", "top", "width"))
        return framing.placed(area, *wish)
    if row.crop and row.crop["turned"] == area.turned:
        return framing.placed(area, row.crop["left"], row.crop["top"], row.crop["width"])
    return framing.largest(area)


def _pressed(area: Whole, frame: Frame, button: str) -> tuple[Whole, Frame]:
    """A turn after which nothing large enough fits goes on by another quarter."""
    found, placed = framing.pressed(area, frame, button)
    if not framing.fits(found):
        found, placed = framing.pressed(found, placed, "turn")
    return found, placed


def _number(text: object, otherwise: int) -> int:
    typed = str(text or "")
    sign = -1 if typed.startswith("-") else 1
    digits = typed.removeprefix("-")
    return sign * int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 7 else otherwise


def _back(request: HttpRequest) -> str:
    origin = "?from=check" if request.GET.get("from") == flow.CHECK else ""
    return reverse("step", args=[SLOT]) + origin


def _show(
    request: HttpRequest, visit: Visit, row: Attachment, area: Whole, frame: Frame, problem: str = ""
) -> HttpResponse:
    draft = drafts.load(row.application, visit.at)
    page = Page(request, visit, row.application, draft, flow.STEP[SLOT])
    across, down = area.sides
    margin = (round(frame.width * AROUND), round(frame.height * AROUND))
    context: dict[str, Any] = shared(page) | {
        "title": _("顔写真を切り抜く"),
        "previous": _back(request),
        "problem": problem,
        "errors": bool(problem),
        "frame": frame,
        "right": frame.left + frame.width,
        "bottom": frame.top + frame.height,
        "view": Frame(
            frame.left - margin[0],
            frame.top - margin[1],
            frame.width + 2 * margin[0],
            frame.height + 2 * margin[1],
        ),
        "across": across,
        "down": down,
        "turned": area.turned,
        "whole_url": f"{reverse('whole', args=[row.public_id])}?turned={area.turned}",
        "is_cropped": row.crop is not None,
        "is_smallest": frame.width <= PHOTO_WIDTH,
        "is_largest": frame.width >= framing.largest(area).width,
        "least": (PHOTO_WIDTH, PHOTO_HEIGHT),
        "from_check": request.GET.get("from") == flow.CHECK,
        "guides": GUIDES,
    }
    return render(request, "enrollment/crop.html", context)


# The passport photo's own measures on 413 x 531 (PH-09): the head's oval lies between the two bands' middles.
GUIDES = {"crown": (24, 71), "chin": (425, 472)}
