"""⑧ The e-mail address and its confirmation code (DQ-19 to DQ-21, DQ-28)."""

from django import forms
from django.utils.translation import gettext_lazy

from enrollment import values
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
