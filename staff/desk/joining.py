"""An invited officer's way in, before any sign-in: password, then the app's QR code, then the recovery codes (HTTP)."""

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from ledger import clock
from staff import invitations, lockout, qr_codes, second_factor
from staff.desk.words import REFUSALS
from staff.errors import Refused
from staff.forms import code_field, locked_message
from staff.models import Invitation
from vault import tokens

_BROWSER = "staff.joining"


class PasswordForm(forms.Form):
    """A new officer types it twice; one who needs a new second factor proves the password that is known."""

    password = forms.CharField(
        label=_("パスワード"), strip=False, max_length=256, widget=forms.PasswordInput()
    )
    again = forms.CharField(
        label=_("パスワード（もう一度）"),
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_new = kind == Invitation.JOIN
        self.fields["password"].widget.attrs["autocomplete"] = (
            "new-password" if is_new else "current-password"
        )
        if is_new:
            self.fields["password"].help_text = _("13文字以上。よく使われるパスワードは使えません。")
        else:
            del self.fields["again"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "again" in self.fields and given.get("again") not in (None, given.get("password")):
            self.add_error("again", _("2つのパスワードが異なります。"))
        return given


class CodeForm(forms.Form):
    otp_token = code_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["otp_token"].help_text = _("認証アプリに表示された6桁の数字を入力します。")


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """A GET, also that of a mail scanner, begins nothing. The link dies with its use, its end, or a newer one."""
    at = clock.now()
    try:
        invitation = invitations.find(token, at)
        browser = str(request.session.get(_BROWSER, ""))
        if invitations.is_begun_by(invitation, browser):
            return _second(request, invitation)
        if invitation.begun_digest is not None:
            raise Refused("begun_elsewhere")
        return _first(request, invitation)
    except Refused as refused:
        return _page(request, "admin/staff/join_refused.html", 410, told=REFUSALS[refused.code])


def _first(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    form = PasswordForm(invitation.kind, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        browser = tokens.new_token()
        try:
            invitations.begin(invitation, form.cleaned_data["password"], browser, clock.now())
        except ValidationError as problem:
            form.add_error("password", problem)
        except lockout.LockedOut as locked:
            form.add_error(None, locked_message(locked))
        except Refused as refused:
            if refused.code != "wrong_password":
                raise
            form.add_error("password", REFUSALS["wrong_password"])
        else:
            request.session[_BROWSER] = browser
            return HttpResponseRedirect(request.path)
    return _page(
        request,
        "admin/staff/join_password.html",
        422 if form.errors else 200,
        form=form,
        invitation=invitation,
        is_new=invitation.kind == Invitation.JOIN,
    )


def _second(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = invitations.finish(invitation, form.cleaned_data["otp_token"], clock.now())
        except lockout.LockedOut as locked:
            form.add_error(None, locked_message(locked))
        except Refused as refused:
            form.add_error("otp_token", REFUSALS[refused.code])
        else:
            request.session.flush()
            return _page(request, "admin/staff/codes.html", 200, codes=codes, joined=True)
    return _page(
        request,
        "admin/staff/join_device.html",
        422 if form.errors else 200,
        form=form,
        **device_context(invitation),
    )


def device_context(invitation: Invitation) -> dict[str, Any]:
    device = second_factor.pending_device(invitation.officer)
    return pending_context(device.otpauth_url()) if device else {}


def pending_context(url: str) -> dict[str, Any]:
    """The QR code, and the key in words for those who cannot scan it."""
    found = re.search(r"secret=([A-Z2-7]+)", url)
    secret = found.group(1) if found else ""
    return {
        "picture": qr_codes.svg(url),
        "secret": " ".join(secret[place : place + 4] for place in range(0, len(secret), 4)),
    }


def _page(request: HttpRequest, template: str, status: int, **context: Any) -> HttpResponse:
    frame = {"site_header": admin.site.site_header, "site_title": admin.site.site_title, "is_nav": False}
    return render(request, template, {**frame, **context}, status=status)
