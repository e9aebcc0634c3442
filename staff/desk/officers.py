"""Officers' administration by the operators above the authorities, each act with its reason (HTTP only).

An officer without that role gets 404 and an entry for each address with somebody's id.
"""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ledger import clock
from staff import granting, invitations, lockout, roles, sudo
from staff.access import officer_of, refuse
from staff.desk.words import REASONS, REFUSALS, ROLES
from staff.errors import Refused
from staff.models import Invitation, Officer, RoleProposal

PAGE = 200


class InviteForm(forms.Form):
    username = forms.SlugField(
        label=_("ユーザー名"),
        max_length=64,
        help_text=_("半角の英数字、ハイフン、下線。"),
        error_messages={"invalid": _("半角の英数字、ハイフン、下線で入力してください。")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    display_name = forms.CharField(label=_("表示名"), max_length=100)


class ReasonForm(forms.Form):
    reason = forms.ChoiceField(label=_("理由"), choices=[("", "—"), *REASONS.items()])


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("役割"), choices=[("", "—"), *ROLES.items()])
    authority = forms.ChoiceField(label=_("認証局"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        codes = [(code, code.upper()) for code in settings.REVIEW_QUEUES]
        chosen = forms.ChoiceField(
            label=_("認証局"), choices=[("", _("なし（運用者だけ）")), *codes], required=False
        )
        self.fields["authority"] = chosen


def _operator(request: HttpRequest, about: uuid.UUID | None = None) -> Officer:
    officer = officer_of(request)
    if granting.is_operator(officer):
        return officer
    if about is not None and Officer.objects.filter(public_id=about).exists():
        refuse(officer, "staff.officer.refused", str(about))
    raise Http404 if about is not None else PermissionDenied


@require_http_methods(["GET", "HEAD", "POST"])
def listed(request: HttpRequest) -> HttpResponse:
    """All officers with roles, locks and open invitations; and the form that invites one more."""
    operator = _operator(request)
    return _listed(request, operator)


@sudo.required
def _listed(request: HttpRequest, operator: Officer) -> HttpResponse:
    at = clock.now()
    form = InviteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            officer, token = invitations.invite(
                operator, form.cleaned_data["username"], form.cleaned_data["display_name"], at
            )
        except Refused as refused:
            form.add_error("username", REFUSALS[refused.code])
        else:
            return _invited(request, officer, token)
    rows = Officer.objects.prefetch_related("roles").order_by("username")[:PAGE]
    context = {
        **admin.site.each_context(request),
        "title": _("審査者"),
        "officers": [_row(row, at) for row in rows],
        "form": form,
        "most": PAGE,
    }
    return render(request, "admin/staff/officers.html", context, status=422 if form.errors else 200)


def _row(officer: Officer, at: datetime) -> dict[str, Any]:
    open_ones = Invitation.objects.filter(officer=officer, used_at=None, is_void=False, expires_at__gt=at)
    return {
        "officer": officer,
        "roles": [_role_words(row.authority, row.role) for row in officer.roles.all()],
        "locked_until": lockout.locked_until(officer.username, at),
        "invited_until": open_ones.values_list("expires_at", flat=True).first(),
    }


def _role_words(authority: str, role: str) -> str:
    return f"{authority.upper() or '—'} {ROLES.get(role, role)}"


@require_safe
def one(request: HttpRequest, officer: uuid.UUID) -> HttpResponse:
    return _one(request, _operator(request, officer), _found(officer))


def _found(public_id: uuid.UUID) -> Officer:
    found = Officer.objects.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


@sudo.required
def _one(request: HttpRequest, operator: Officer, officer: Officer) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": str(officer),
        **_row(officer, clock.now()),
        "held": [
            {"authority": row.authority, "role": row.role, "words": _role_words(row.authority, row.role)}
            for row in officer.roles.order_by("authority", "role")
        ],
        "proposals": [
            {"row": row, "words": _role_words(row.authority, row.role)}
            for row in officer.proposals.filter(state=RoleProposal.OPEN).select_related("proposed_by")
        ],
        "is_oneself": operator.pk == officer.pk,
        "reasons": ReasonForm(),
        "role_form": RoleForm(),
    }
    return render(request, "admin/staff/officer.html", context)


@require_POST
def act(request: HttpRequest, officer: uuid.UUID, name: str) -> HttpResponse:
    operator = _operator(request, officer)
    if name not in ACTS:
        raise Http404
    return _act(request, operator, _found(officer), name)


@sudo.required
def _act(request: HttpRequest, operator: Officer, officer: Officer, name: str) -> HttpResponse:
    back = HttpResponseRedirect(reverse("admin:staff_officer", args=[officer.public_id]))
    form = RoleForm(request.POST) if name == "propose" else ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("理由または役割を選んでください。"))
        return back
    given = {**form.cleaned_data, "held": request.POST.get("held", "")}
    try:
        answer = ACTS[name](operator, officer, given, clock.now())
    except Refused as refused:
        messages.error(request, REFUSALS[refused.code])
        return back
    if answer:
        return _invited(request, officer, answer)
    messages.success(request, _("完了しました。"))
    return back


def _withdraw(operator: Officer, officer: Officer, given: Mapping[str, str], at: datetime) -> str:
    authority, _colon, role = given["held"].partition(":")
    if role not in roles.ROLES or authority not in ("", *settings.REVIEW_QUEUES):
        raise Refused("role_unknown")
    granting.withdraw(operator, officer, authority, role, given["reason"], at)
    return ""


def _propose(operator: Officer, officer: Officer, given: Mapping[str, str], at: datetime) -> str:
    granting.propose(operator, officer, given["authority"], given["role"], at)
    return ""


def _deactivate(operator: Officer, officer: Officer, given: Mapping[str, str], at: datetime) -> str:
    granting.deactivate(operator, officer, given["reason"], at)
    return ""


def _unlock(operator: Officer, officer: Officer, given: Mapping[str, str], at: datetime) -> str:
    granting.unlock(operator, officer, given["reason"], at)
    return ""


def _second_factor(operator: Officer, officer: Officer, given: Mapping[str, str], at: datetime) -> str:
    return invitations.renew_second_factor(operator, officer, given["reason"], at)


def _anew(operator: Officer, officer: Officer, given: Mapping[str, str], at: datetime) -> str:
    return invitations.start_anew(operator, officer, given["reason"], at)


# Each returns the token of a new invitation, or "".
ACTS: dict[str, Callable[[Officer, Officer, Mapping[str, str], datetime], str]] = {
    "propose": _propose,
    "withdraw": _withdraw,
    "deactivate": _deactivate,
    "unlock": _unlock,
    "second_factor": _second_factor,
    "anew": _anew,
}


def _invited(request: HttpRequest, officer: Officer, token: str) -> HttpResponse:
    """The link, in clear on this page alone: to be handed over in person or by a sure way, never with a password."""
    context = {
        **admin.site.each_context(request),
        "title": _("招待のリンク"),
        "officer": officer,
        "link": f"{settings.ORIGIN}{reverse('admin:join', args=[token])}",
        "hours": int(invitations.VALID.total_seconds() // 3600),
    }
    return render(request, "admin/staff/invited.html", context)


@require_safe
def proposals(request: HttpRequest) -> HttpResponse:
    """The roles that wait for this officer's word."""
    officer = officer_of(request)
    if not (officer.authorities(roles.APPROVER) or granting.is_operator(officer)):
        raise PermissionDenied
    return _proposals(request, officer)


@sudo.required
def _proposals(request: HttpRequest, officer: Officer) -> HttpResponse:
    rows = [
        {"row": row, "words": _role_words(row.authority, row.role)} for row in granting.waiting_for(officer)
    ]
    context = {**admin.site.each_context(request), "title": _("役割の確認"), "proposals": rows}
    return render(request, "admin/staff/proposals.html", context)


@require_POST
def decide(request: HttpRequest, proposal: uuid.UUID, name: str) -> HttpResponse:
    officer = officer_of(request)
    row = RoleProposal.objects.select_related("officer").filter(public_id=proposal).first()
    if row is None or name not in ("confirm", "refuse"):
        raise Http404
    if not granting.may_decide(officer, row.authority, row.role):
        refuse(officer, "staff.role.refused", str(proposal))
    return _decide(request, officer, row, name)


@sudo.required
def _decide(request: HttpRequest, officer: Officer, row: RoleProposal, name: str) -> HttpResponse:
    try:
        (granting.confirm if name == "confirm" else granting.refuse)(officer, row, clock.now())
    except Refused as refused:
        messages.error(request, REFUSALS[refused.code])
    else:
        messages.success(request, _("完了しました。"))
    return HttpResponseRedirect(reverse("admin:staff_roleproposal_changelist"))
