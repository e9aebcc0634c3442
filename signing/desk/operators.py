"""An operator finds a credential by its exact serial or 本人ID, stops it or ends it; and never resumes it (HTTP only).

Sources: decision 6 (an operator finds credentials by serial or 本人ID and sees no personal data); issue 4 point 7.
"""

import unicodedata
import uuid

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from ledger import clock, log
from signing import credentials, standing
from signing.desk import words
from signing.errors import Refused
from signing.models import Credential
from staff import roles, sudo
from staff.access import officer_of, refuse
from staff.forms import CodedReasonForm
from staff.models import Officer

_LONGEST = 64


def reached(operator: Officer) -> QuerySet[Credential]:
    """All credentials for an operator above the authorities; else those of the operator's own."""
    held = operator.authorities(roles.OPERATOR)
    everything = Credential.objects.all()
    return everything if "" in held else everything.filter(authority__in=held)


def actor(operator: Officer) -> log.Actor:
    return log.Actor("operator", str(operator.public_id))


def exact(typed: str) -> Q:
    """A whole serial (hexadecimal, as certificates print it: colons, capitals, leading zeros) or a whole 本人ID."""
    plain = "".join(unicodedata.normalize("NFKC", typed).split())[:_LONGEST]
    serial = plain.replace(":", "").lower().lstrip("0")
    return Q(signer__person_id=plain.upper()) | Q(serial=serial) | Q(serial=plain.replace(":", "").lower())


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    operator = officer_of(request)
    if not operator.authorities(roles.OPERATOR):
        raise PermissionDenied
    typed = request.GET.get("q", "").strip()
    found: list[Credential] = []
    if typed and typed.isprintable():
        rows = reached(operator).filter(exact(typed)).select_related("signer")
        found = list(rows.order_by("-pk")[:20])
        _tell(operator, found)
    context = {
        **admin.site.each_context(request),
        "title": _("電子証明書"),
        "typed": typed,
        "found": [
            {"row": row, "state": words.STATES.get(row.state, row.state), "acts": acts(row)} for row in found
        ],
    }
    return render(request, "admin/signing/credentials.html", context)


def _tell(operator: Officer, found: list[Credential]) -> None:
    with transaction.atomic():
        for row in found:
            log.append(
                "credential.looked_up",
                actor=actor(operator),
                subject=str(row.public_id),
                authority=row.authority,
            )


def acts(row: Credential) -> list[str]:
    """What may be done to it now; resuming is for officers and the signer (signing.flow)."""
    return {"active": ["suspend", "revoke"], "suspended": ["revoke"]}.get(row.state, [])


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, credential: uuid.UUID, name: str) -> HttpResponse:
    operator = officer_of(request)
    row = reached(operator).select_related("signer").filter(public_id=credential).first()
    if row is None:
        if Credential.objects.filter(public_id=credential).exists():
            refuse(operator, "credential.refused", str(credential))
        raise Http404
    if name not in words.REASONS:
        raise Http404
    return _act(request, operator, row, name)


@sudo.required
def _act(request: HttpRequest, operator: Officer, row: Credential, name: str) -> HttpResponse:
    form = CodedReasonForm(request.POST if request.method == "POST" else None, words.REASONS[name])
    back = HttpResponseRedirect(f"{reverse('admin:signing_credential_changelist')}?q={row.signer.person_id}")
    if request.method == "POST" and form.is_valid():
        carry_out = credentials.suspend if name == "suspend" else credentials.revoke
        try:
            carry_out(standing.find(row.public_id), actor(operator), form.cleaned_data["reason"], clock.now())
        except Refused:
            messages.error(request, _("状態が変わったため、この操作はできません。"))
        else:
            messages.success(request, _("完了しました。"))
        return back
    context = {
        **admin.site.each_context(request),
        "title": words.ACTS[name],
        "row": row,
        "state": words.STATES.get(row.state, row.state),
        "form": form,
        "back": back.url,
        "danger": name == "revoke",
    }
    return render(request, "admin/signing/act.html", context, status=422 if form.errors else 200)
