"""What an officer types with a move: a note, a reason, the checklist, the fields to be corrected."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from enrollment import checklists
from enrollment.checklists import Line
from enrollment.desk.measured import Told
from enrollment.review import Correction
from enrollment.steps.question import Words

REASONS = (
    ("", _("そのまま")),
    ("unclear", _("画像が不鮮明です。撮り直してください。")),
    ("mismatch", _("書類の記載と一致しません。")),
    ("expired", _("有効期限が切れています。")),
    ("wrong_document", _("指定の書類ではありません。")),
    ("photo_standard", _("顔写真が旅券用の規格に合いません。")),
    ("other", _("その他（下に書いてください）")),
)
# PH-13: told with a file that the officer has erased, and with no other
NUMBER_VISIBLE = (
    "number_visible",
    _(
        "個人番号が写っていたため消去しました。表面だけを撮影して、もう一度添付してください"
        "（マイナンバーカード以外の書類は、個人番号の記載がないもの）。"
    ),
)
ANSWERS = (("pass", _("適合")), ("fail", _("不適合")), ("not_applicable", _("該当なし")))


class NoteForm(forms.Form):
    note = forms.CharField(
        label=_("メモ（任意・審査者だけが読みます）"), required=False, max_length=1000, widget=forms.Textarea
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("不承認の理由（申請者に伝わります）"),
        max_length=1000,
        widget=forms.Textarea,
        error_messages={"required": _("不承認の理由を書いてください。")},
    )


class Asked(forms.ChoiceField):
    """One line of the checklist, with what was measured for it."""

    def __init__(self, *, measured: Sequence[Told] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.measured = measured


class ChecklistForm(NoteForm):
    """One answer for each line that applies; the second officer starts with an empty sheet (decision 6).

    What was measured stands beside the question and answers nothing: hints never decide.
    """

    field_order: Sequence[str]

    def __init__(
        self,
        data: object = None,
        *,
        lines: Sequence[Line],
        measured: Mapping[str, Sequence[Told]] | None = None,
    ) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.lines = lines
        for line in lines:
            self.fields[f"line-{line.slug}"] = Asked(
                label=gettext(line.question),
                choices=ANSWERS,
                widget=forms.RadioSelect,
                error_messages={"required": _("適合・不適合・該当なしのどれかを選んでください。")},
                measured=(measured or {}).get(line.shown_by, ()),
            )
        self.order_fields([*(f"line-{line.slug}" for line in lines), "note"])

    def answers(self) -> dict[str, str]:
        return {
            name.removeprefix("line-"): str(value)
            for name, value in self.cleaned_data.items()
            if name.startswith("line-")
        }

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        if not self.errors and checklists.open_lines(self.lines, self.answers()):
            raise forms.ValidationError(
                _("「不適合」の項目があります。修正を求めるか、不承認にしてください。"), code="line_failed"
            )
        return cleaned


class CorrectionsForm(forms.Form):
    """Every field and file of the case with a reason to choose; untouched ones stay as they are.

    An erased file is always asked for again, and its reason stands first and is chosen (PH-13).
    """

    def __init__(
        self,
        data: object = None,
        *,
        places: Sequence[tuple[str, str, Words]],
        erased: Collection[str] = (),
    ) -> None:
        """`places`: step, field, label. `erased`: the steps of files that were erased."""
        super().__init__(data)  # type: ignore[arg-type]
        self.places = sorted(places, key=lambda place: place[0] not in erased or bool(place[1]))
        for step, field, label in self.places:
            is_gone = step in erased and not field
            self.fields[f"reason:{step}:{field}"] = forms.ChoiceField(
                label=label,
                choices=[(NUMBER_VISIBLE[0], _("個人番号が写っていたため、画像を消去した"))]
                if is_gone
                else REASONS,
                required=is_gone,
                help_text=NUMBER_VISIBLE[1] if is_gone else "",
                error_messages={"required": _("消去した画像は、あらためて添付を求めてください。")},
            )
            self.fields[f"note:{step}:{field}"] = forms.CharField(
                label=_("%(label)sへの説明") % {"label": label}, required=False, max_length=400
            )

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        if not self.errors and not self.corrections():
            raise forms.ValidationError(
                _("修正してほしい項目を、少なくとも1つ選んでください。"), code="nothing"
            )
        for step, field, _label in self.places:
            if cleaned.get(f"reason:{step}:{field}") == "other" and not cleaned.get(f"note:{step}:{field}"):
                self.add_error(f"note:{step}:{field}", _("「その他」のときは、説明を書いてください。"))
        return cleaned

    def corrections(self) -> list[Correction]:
        """What is to be corrected, with the sentence that the applicant reads: Japanese, whatever the officer reads."""
        with override(settings.LANGUAGE_CODE):
            return self._corrections()

    def _corrections(self) -> list[Correction]:
        texts = dict((*REASONS, NUMBER_VISIBLE))
        found = []
        for step, field, label in self.places:
            code = self.cleaned_data.get(f"reason:{step}:{field}")
            if code:
                told = self.cleaned_data.get(f"note:{step}:{field}") or ""
                sentence = " ".join(
                    part for part in ("" if code == "other" else str(texts[code]), told) if part
                )
                found.append(Correction(step, field, str(code), f"{label}：{sentence}"))
        return found
