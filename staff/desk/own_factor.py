"""An officer's own second factor: a new phone, new recovery codes, how many are left (HTTP only)."""

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_otp import login as verified

from ledger import clock
from staff import lockout, second_factor, sign_in, sudo
from staff.access import officer_of
from staff.desk.joining import CodeForm, pending_context
from staff.desk.words import REFUSALS
from staff.forms import locked_message
from staff.models import Officer

FEW = 3  # recovery codes left, from which the page asks for new ones


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    left = second_factor.recovery_codes_left(officer_of(request))
    context = {**admin.site.each_context(request), "left": left, "is_few": left <= FEW}
    return render(request, "admin/staff/second_factor.html", {**context, "title": _("第二要素")})


@require_POST
@sudo.required
def codes(request: HttpRequest) -> HttpResponse:
    """A new sheet, shown this once; those of the old one are void."""
    officer = officer_of(request)
    made = second_factor.new_recovery_codes(officer, sign_in.actor(officer))
    context = {**admin.site.each_context(request), "codes": made, "title": _("新しい回復コード")}
    return render(request, "admin/staff/codes.html", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@sudo.required
def device(request: HttpRequest) -> HttpResponse:
    """A new authenticator app: the old one works until the new one's first code has been given."""
    officer = officer_of(request)
    form = CodeForm(request.POST if request.method == "POST" else None)
    waiting = second_factor.pending_device(officer)
    if request.method == "POST" and waiting is not None and form.is_valid():
        at = clock.now()
        try:
            is_right = _confirm(request, officer, form.cleaned_data["otp_token"])
        except lockout.LockedOut as locked:
            form.add_error(None, locked_message(locked))
        else:
            if is_right:
                sudo.mark(request, at)
                return HttpResponseRedirect(reverse("admin:second_factor"))
            form.add_error("otp_token", REFUSALS["wrong_code"])
    if waiting is None or request.method != "POST":
        waiting = second_factor.new_pending_device(officer)
    context = {
        **admin.site.each_context(request),
        "title": _("新しい認証アプリ"),
        "form": form,
        **pending_context(waiting.otpauth_url()),
    }
    return render(request, "admin/staff/device.html", context, status=422 if form.errors else 200)


def _confirm(request: HttpRequest, officer: Officer, code: str) -> bool:
    at = clock.now()
    number = lockout.count_try(officer.username, at)
    with transaction.atomic():
        is_right = second_factor.confirm_pending_device(officer, code, at)
        if is_right:
            lockout.forgive(officer.username)
    if not is_right:
        sign_in.note_failure(officer.username, number)
        return False
    verified(request, officer.totp_device())  # this session goes on with the new device; others end
    return True
