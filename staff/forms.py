"""The forms of the review desk's door."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from ledger import clock
from staff import lockout, sign_in
from staff.models import Officer

_WRONG = _(
    "ユーザー名、パスワード、確認コードのいずれかが正しくありません。もう一度、3つとも入力してください。"
    "確認コードは一度しか使えません。新しいコードが表示されるまでお待ちください。"
)
_LOCKED = _(
    "5回続けて正しくなかったため、%(until)s まで停止しています。その後にもう一度お試しください。"
    "お急ぎの場合は運用担当者にご連絡ください。"
)


class CodeInput(forms.PasswordInput):
    """Readable while it is typed, but a code that was sent is never put back into the page."""

    input_type = "text"


def code_field() -> forms.CharField:
    return forms.CharField(
        label=_("確認コード"),
        max_length=32,
        help_text=_("認証アプリの6桁の数字、または回復コードを入力します。"),
        widget=CodeInput(attrs={"autocomplete": "one-time-code", "class": "width-8", "spellcheck": "false"}),
    )


def locked_message(locked: lockout.LockedOut) -> ValidationError:
    until = date_format(localtime(locked.until, clock.JST), "H:i")
    return ValidationError(_LOCKED, code="locked", params={"until": until})


class SignInForm(AuthenticationForm):
    """Name, password and code together; errors do not tell which was wrong."""

    password = forms.CharField(
        label=_("パスワード"),
        strip=False,
        max_length=256,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    otp_token = code_field()

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if not all(given.get(name) for name in ("username", "password", "otp_token")):
            return given
        try:
            self.user_cache = sign_in.attempt(
                self.request, given["username"], given["password"], given["otp_token"], clock.now()
            )
        except sign_in.SignInRefused:
            raise ValidationError(_WRONG, code="invalid_login") from None
        except lockout.LockedOut as locked:
            raise locked_message(locked) from None
        return given


class ConfirmForm(forms.Form):
    """The authenticator app's code again, before a dangerous act."""

    otp_token = code_field()

    def __init__(self, officer: Officer, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.officer = officer
        self.fields["otp_token"].help_text = _("認証アプリの6桁の数字を入力します。回復コードは使えません。")

    def clean_otp_token(self) -> str:
        code = str(self.cleaned_data["otp_token"])
        try:
            if not sign_in.confirm(self.officer, code, clock.now()):
                raise ValidationError(
                    _("確認コードが正しくありません。新しいコードが表示されるのを待って、入力してください。"),
                    code="invalid",
                )
        except lockout.LockedOut as locked:
            raise locked_message(locked) from None
        return code


class CodedReasonForm(forms.Form):
    """Why an act is done, out of the coded reasons for it; an act without reasons asks nothing."""

    def __init__(self, data: QueryDict | None, reasons: Mapping[str, Any]) -> None:
        super().__init__(data)
        missing = _("理由を選んでください。")
        if reasons:
            self.fields["reason"] = forms.ChoiceField(
                label=_("理由"),
                choices=[*reasons.items()],
                widget=forms.RadioSelect,
                error_messages={"required": missing, "invalid_choice": missing},
            )
