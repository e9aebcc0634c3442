"""The applicant's own uploads, as the re-encoded copies (PH-23); a stranger's id is an address that does not exist."""

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from enrollment import uploads
from enrollment.errors import Refused
from enrollment.models import Attachment
from enrollment.views import refusals
from enrollment.views.door import Visit, nothing_there, signed_in
from vault import files


def _mine(request: HttpRequest, visit: Visit, public_id: uuid.UUID) -> Attachment:
    row = Attachment.objects.filter(application__applicant=visit.applicant, public_id=public_id).first()
    if row is None:
        raise nothing_there(request, "file")
    return row


@require_safe
@signed_in
def picture(request: HttpRequest, visit: Visit, public_id: uuid.UUID) -> HttpResponse:
    try:
        data = files.read(_mine(request, visit, public_id).shown_file)
    except (files.FileMissing, files.FileDamaged):
        raise Http404 from None
    headers = {
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": 'inline; filename="picture.jpg"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return HttpResponse(data, content_type="image/jpeg", headers=headers)


@require_POST
@signed_in
def remove(request: HttpRequest, visit: Visit, public_id: uuid.UUID) -> HttpResponse:
    """Take one file back, while the application is open and this file may be changed."""
    row = _mine(request, visit, public_id)
    try:
        uploads.remove(row, visit.at)
    except Refused as refused:
        return refusals.page(request, refused)
    return redirect("step", row.slot.replace("_", "-"))
