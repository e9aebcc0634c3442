"""What every step's form is: a Django form that knows the draft and the moment, and says what its answers mean."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment.flow import Draft
from enrollment.problems import Problem
from ledger.clock import today

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Words: TypeAlias = "str | _StrPromise"  # a text, or a text that is translated when it is drawn
LONGEST = 200


class Question(forms.Form):
    """One page's questions.

    `slot` names the file that the page also asks for. What is typed into a `secret` form is kept nowhere.
    `example` on a field is the grey 例 of the templates.
    """

    slot: ClassVar[str] = ""
    secret: ClassVar[bool] = False
    template: ClassVar[str] = "enrollment/step.html"
    use_required_attribute = False

    def __init__(
        self,
        data: MultiValueDict[str, str] | None = None,
        *,
        draft: Draft,
        at: datetime,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        self.draft = draft
        self.at = at
        self.locked: frozenset[str] = frozenset()
        super().__init__(data, initial=dict(initial or {}), label_suffix="")
        self.prepare()
        for asked in self.fields.values():
            if isinstance(asked, Text):
                asked.error_messages["required"] = _("%(label)sを入力してください。") % {"label": asked.label}

    @property
    def day(self) -> date:
        return today(self.at)

    def prepare(self) -> None:
        """Fit the fields to the authority and the card."""

    def offer(self, name: str, choices: list[tuple[str, Any]]) -> None:
        """Set what a field of choices offers."""
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def lock(self, names: frozenset[str]) -> None:
        """Show these fields, but let nobody type there (a returned application)."""
        self.locked = names & set(self.fields)
        for name in self.locked:
            self.fields[name].widget.attrs["disabled"] = True

    def unlock(self) -> None:
        """Undo `lock`."""
        for name in self.locked:
            self.fields[name].widget.attrs.pop("disabled", None)
        self.locked = frozenset()

    def values(self) -> dict[str, Any]:
        """What the valid answers mean, as JSON can say it."""
        return {name: _plain(value) for name, value in self.cleaned_data.items()}

    def needs_another_look(self) -> str:
        """A sentence when valid answers should be looked at once more before going on; "" to go on."""
        return ""

    def context(self) -> dict[str, Any]:
        """What this page's template needs besides the form."""
        return {}


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return value


def told(problem: Problem) -> ValidationError:
    """A plain module's problem in the language of the page."""
    sentence = _(problem.template)
    return ValidationError(sentence % problem.values if problem.values else sentence, code=problem.code)


class Text(forms.CharField):
    """One line. `read` turns it into what it means and raises Problem; `example` is shown in grey.

    `when` says that another answer decides whether this one is needed: it is drawn as required and the form's own
    clean asks for it.
    """

    def __init__(
        self,
        label: Words,
        *,
        read: Callable[[str], Any] | None = None,
        required: bool = True,
        when: bool = False,
        help_text: Words = "",
        example: Words = "",
        longest: int = LONGEST,
        **attrs: str,
    ) -> None:
        widget = forms.TextInput(attrs=_attributes(attrs))
        super().__init__(
            label=label,
            required=required,
            help_text=help_text,
            max_length=longest,
            widget=widget,
            empty_value="",
        )
        self.read = read
        self.when = when
        self.example = example
        self.error_messages["max_length"] = gettext_lazy("%(limit_value)d文字以内で入力してください。")
        self.error_messages["null_characters_not_allowed"] = gettext_lazy("使えない文字が含まれています。")

    def validate(self, value: Any) -> None:
        if value or not self.when:
            super().validate(value)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text or self.read is None:
            return text
        try:
            return self.read(text)
        except Problem as problem:
            raise told(problem) from problem


class Choice(forms.ChoiceField):
    """Radio buttons, nothing chosen beforehand."""

    def __init__(
        self, label: Words, choices: list[tuple[str, Any]], *, required: bool = True, help_text: Words = ""
    ) -> None:
        super().__init__(
            label=label, choices=choices, required=required, help_text=help_text, widget=forms.RadioSelect
        )
        self.error_messages["required"] = gettext_lazy("どれか1つを選んでください。")
        self.error_messages["invalid_choice"] = gettext_lazy(
            "選べない項目です。表示されている中から選んでください。"
        )


class Tick(forms.BooleanField):
    """A box to tick."""

    def __init__(
        self, label: Words, *, required: bool = False, help_text: Words = "", missing: Words = ""
    ) -> None:
        super().__init__(label=label, required=required, help_text=help_text)
        self.error_messages["required"] = missing or gettext_lazy("確認のうえ、チェックを入れてください。")


class Described(str):
    """A choice's label with a second line."""

    description: str

    def __new__(cls, title: str, description: str) -> "Described":
        made = super().__new__(cls, title)
        made.description = description
        return made


def _attributes(attrs: Mapping[str, str]) -> dict[str, str]:
    """Keyword arguments as attributes: css -> class."""
    return {{"css": "class"}.get(name, name): value for name, value in attrs.items()}
