"""Work that was given up after its last try: operators see what kind it is and may have it tried again (HTTP only).

What a failure said may quote a person's data: it stays in the row, and only its type is shown.
"""

import re
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from ledger import log
from outbox import jobs
from outbox.models import Job
from signing.desk.operators import actor
from staff import roles, sudo
from staff.access import officer_of, refuse

PAGE = 100
_TYPE = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,60}(?=[:(]|$)")
LARGEST = 2**63 - 1


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    if "" not in officer_of(request).authorities(roles.OPERATOR):
        raise PermissionDenied
    rows = Job.objects.filter(state=Job.State.FAILED).order_by("-pk")[: PAGE + 1]
    found = [_shown(row) for row in rows]
    context = {
        **admin.site.each_context(request),
        "title": _("失敗したジョブ"),
        "jobs": found[:PAGE],
        "has_more": len(found) > PAGE,
        "most": PAGE,
    }
    return render(request, "admin/outbox/jobs.html", context)


def _shown(row: Job) -> dict[str, Any]:
    kind = _TYPE.match(row.last_error)
    return {"row": row, "why": kind.group() if kind else ""}


@require_POST
def retry(request: HttpRequest, job: int) -> HttpResponse:
    operator = officer_of(request)
    row = Job.objects.filter(pk=job).first() if job <= LARGEST else None
    if row is None:
        raise Http404
    if "" not in operator.authorities(roles.OPERATOR):
        refuse(operator, "job.refused", row.subject)
    return _retry(request, row)


@sudo.required
def _retry(request: HttpRequest, row: Job) -> HttpResponse:
    with transaction.atomic():
        is_ready = jobs.retry_failed(row.pk)
        if is_ready:
            who = actor(officer_of(request))
            log.append("job.retried", actor=who, subject=row.subject, data={"job": row.pk, "kind": row.kind})
    if is_ready:
        jobs.ring(row.pk, row.queue)
        messages.success(request, _("もう一度実行します。しばらくしてから、この一覧を確認してください。"))
    else:
        messages.error(request, _("このジョブは、すでに失敗の状態ではありません。"))
    return HttpResponseRedirect(reverse("admin:outbox_job_changelist"))
