"""⑧ The e-mail address and its confirmation code (DQ-19 to DQ-21, DQ-28)."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import values
from enrollment.applicants import emails
from enrollment.steps.question import Question, Text, Tick


class Address(Question):
    template = "enrollment/email.html"

    address = Text(
        gettext_lazy("メールアドレス"),
        read=values.email,
        help_text=gettext_lazy("ご本人のメールアドレスを入力してください。確認コードをお送りします。"),
        example="hanako@example.jp",
        longest=260,
        type="email",
        inputmode="email",
        autocomplete="email",
        spellcheck="false",
    )
    wants_reminders = Tick(
        gettext_lazy("期限が近づいたときなどのお知らせをメールで受け取る"),
        help_text=gettext_lazy(
            "審査の完了、再提出のお願い、安全に関わるお知らせは、必ずメールでお送りします。"
        ),
    )

    def prepare(self) -> None:
        """An address that is registered already is shown, not asked again (DQ-19)."""
        self.fields["address"].initial = self.draft.confirmed_email


class Code(Question):
    """One field for all six digits, which a phone fills from the mail (DQ-20)."""

    secret = True
    template = "enrollment/email_code.html"

    code = forms.CharField(
        label=gettext_lazy("確認コード"),
        max_length=20,
        error_messages={"required": gettext_lazy("メールに書かれた6桁の確認コードを入力してください。")},
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "class": "code",
                "spellcheck": "false",
            }
        ),
    )

    def clean_code(self) -> str:
        """A code of another length was mistyped: it is told, and costs no try."""
        code = emails.digits_of(self.cleaned_data["code"])
        if len(code) != emails.DIGITS:
            raise forms.ValidationError(
                _(
                    "確認コードは6桁の数字です（入力されたのは%(count)s桁です）。メールをもう一度ご確認ください。"
                )
                % {"count": len(code)},
                code="code_length",
            )
        return code
