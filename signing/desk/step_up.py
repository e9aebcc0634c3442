"""When a signer must approve by an act of their own: the policy's rows, changed by operators (HTTP only).

A system may serve every authority, so only an operator above the authorities has a word here.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from ledger import clock
from signing.authorising import policy_rows
from signing.authorising.policy_rows import Policy
from signing.desk.operators import actor
from signing.errors import Refused
from signing.models import OAuthClient, StepUpPolicy
from staff import roles, sudo
from staff.access import officer_of, refuse
from staff.desk.words import Words

TITLE = _("署名のたびの承認")
LARGEST_ID = 2**63 - 1
_CODE = _("半角の英数字 16 文字までで入力してください。")


class PolicyForm(forms.Form):
    """One row. Whose it is stands fast once it is there."""

    client = forms.ChoiceField(label=_("システム"), required=False)
    facility = forms.RegexField(
        "^[A-Za-z0-9]{1,16}$",
        label=_("施設の番号"),
        required=False,
        help_text=_("証明書に登録された医療機関番号など。空欄なら、すべての施設です。"),
        error_messages={"invalid": _CODE},
        widget=forms.TextInput(attrs={"class": "mono", "maxlength": 16, "autocomplete": "off"}),
    )
    above = forms.IntegerField(
        label=_("一度に署名する件数がこの数を超えたら承認"),
        min_value=0,
        max_value=policy_rows.LARGEST,
        help_text=_("0 なら、件数では承認を求めません。"),
    )
    for_new_callers = forms.BooleanField(label=_("初めてのシステムまたは施設なら承認"), required=False)
    for_narcotics = forms.BooleanField(label=_("麻薬の申告があれば承認"), required=False)

    def __init__(self, data: Mapping[str, Any] | None, row: StepUpPolicy | None) -> None:
        now = policy_rows.default() if row is None else policy_rows.of(row)
        super().__init__(data, initial=now._asdict())
        if row is not None:
            del self.fields["client"], self.fields["facility"]
            return
        field = self.fields["client"]
        assert isinstance(field, forms.ChoiceField)
        systems = OAuthClient.objects.order_by("name", "client_id").values_list("client_id", "name")
        field.choices = [
            ("", _("すべてのシステム")),
            *((name, f"{called}（{name}）") for name, called in systems),
        ]


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    _require_operator(request)
    rows = policy_rows.listed()
    has_default = any(row.client is None and not row.facility for row in rows)
    context = {
        **admin.site.each_context(request),
        "title": TITLE,
        "rows": rows,
        "initial": None if has_default else policy_rows.default(),
    }
    return render(request, "admin/signing/policies.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    _require_operator(request)
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, policy: int) -> HttpResponse:
    return _edit(request, _row(request, policy))


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, policy: int) -> HttpResponse:
    return _remove(request, _row(request, policy))


@sudo.required
def _edit(request: HttpRequest, row: StepUpPolicy | None) -> HttpResponse:
    form = PolicyForm(request.POST if request.method == "POST" else None, row)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        of_client = (row.client.client_id if row.client else "") if row else given["client"]
        of_facility = row.facility if row else given["facility"]
        wanted = Policy(given["above"], given["for_new_callers"], given["for_narcotics"])
        try:
            policy_rows.put(of_client, of_facility, wanted, at=clock.now(), actor=actor(officer_of(request)))
        except Refused:
            messages.error(request, _("状態が変わったため、この操作はできません。"))
        else:
            messages.success(request, _("変更しました。次の依頼から、この決まりで承認を求めます。"))
        return _back()
    title = _("決まりを加える") if row is None else _("決まりを変える")
    return _page(request, row, title, form, status=422 if form.errors else 200)


@sudo.required
def _remove(request: HttpRequest, row: StepUpPolicy) -> HttpResponse:
    """GET asks once more."""
    if request.method != "POST":
        return _page(request, row, _("決まりを削除する"), None)
    of_client = row.client.client_id if row.client else ""
    try:
        policy_rows.remove(of_client, row.facility, actor=actor(officer_of(request)))
    except Refused:
        messages.error(request, _("状態が変わったため、この操作はできません。"))
    else:
        messages.success(request, _("削除しました。これからは、より広い決まりで承認を求めます。"))
    return _back()


def _page(
    request: HttpRequest, row: StepUpPolicy | None, title: Words, form: PolicyForm | None, status: int = 200
) -> HttpResponse:
    own = {"title": title, "places": TITLE, "row": row, "form": form}
    context = {**admin.site.each_context(request), **own}
    return render(request, "admin/signing/policy.html", context, status=status)


def _require_operator(request: HttpRequest) -> None:
    if "" not in officer_of(request).authorities(roles.OPERATOR):
        raise PermissionDenied


def _row(request: HttpRequest, policy: int) -> StepUpPolicy:
    officer = officer_of(request)
    rows = StepUpPolicy.objects.select_related("client")
    row = rows.filter(pk=policy).first() if policy <= LARGEST_ID else None
    if row is None:
        raise Http404
    if "" not in officer.authorities(roles.OPERATOR):
        refuse(officer, "policy.refused", str(policy))
    return row


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:signing_stepuppolicy_changelist"))
