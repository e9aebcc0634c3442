"""The page that asks for the purpose, and the page that tells an auditor who has looked and why (HTTP only)."""

import uuid

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from enrollment.desk import looks, purposes
from enrollment.desk.access import case_of, note, officer_of
from enrollment.desk.words import STATES
from enrollment.flow import State
from ledger import clock
from staff.access import refuse


class PurposeForm(forms.Form):
    purpose = forms.ChoiceField(
        label=_("閲覧の目的"),
        choices=[*purposes.STATED.items()],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("閲覧の目的を選んでください。"),
            "invalid_choice": _("閲覧の目的を選んでください。"),
        },
    )
    note = forms.CharField(
        label=_("説明（任意。「その他」のときは必要です）"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, object]:
        given = super().clean() or {}
        if given.get("purpose") == "other" and not given.get("note"):
            self.add_error("note", _("「その他」のときは、何のために見るのかを書いてください。"))
        return given


@require_http_methods(["GET", "HEAD", "POST"])
def purpose(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Nothing of the person is on this page; what is stated holds for this case and half an hour."""
    officer = officer_of(request)
    found = case_of(officer, public_id, asks=False)
    screen = reverse("admin:enrollment_case", args=[public_id])
    wish = request.POST.get("next") or request.GET.get("next", "")
    back = wish if wish.startswith(screen) and "\\" not in wish else screen
    form = PurposeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        purposes.state(
            found, officer, form.cleaned_data["purpose"], form.cleaned_data["note"].strip(), clock.now()
        )
        return HttpResponseRedirect(back)
    context = {
        **admin.site.each_context(request),
        "case": found,
        "state_words": STATES[State(found.state)],
        "form": form,
        "next": back,
        "minutes": int(purposes.IN_FORCE.total_seconds() // 60),
    }
    return render(request, "desk/purpose.html", context, status=422 if form.errors else 200)


@require_GET
def access_log(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Who looked at this case and its documents, when and why: for its authority's auditors."""
    officer = officer_of(request)
    found = case_of(officer, public_id, asks=False)
    if not officer.holds("AUDITOR", found.authority):
        refuse(officer, "case.refused", str(public_id))
    note(officer, "case.access_log_viewed", str(public_id), found.authority)
    context = {
        **admin.site.each_context(request),
        "case": found,
        "looks": looks.at(found),
        "most": looks.MOST,
    }
    return render(request, "desk/looks.html", context)
