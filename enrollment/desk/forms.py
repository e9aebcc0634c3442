"""What an officer types with a move: a note, a reason, the checklist, the fields to be corrected."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

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
# ST-35: the applicant reads the sentence, and behind it what the officer writes
REJECTIONS = (
    ("", _("理由を選んでください")),
    ("not_qualified", _("申請された資格を確認できませんでした。")),
    ("not_the_person", _("申請者ご本人であることを確認できませんでした。")),
    ("already_issued", _("同じ資格の証明書が、すでに発行されています。")),
    ("false_statement", _("申請の内容に、事実と異なるところがありました。")),
    ("not_corrected", _("お願いした修正が行われませんでした。")),
    ("other", _("その他（下に書いてください）")),
)
# A line that failed proposes what to ask for: step, field, code of the reason.
ASKED_FOR: Mapping[str, tuple[str, str, str]] = {
    "photo": ("photo", "", "photo_standard"),
    "identity_kind": ("identity", "", "expired"),
    "identity_face": ("identity", "", "mismatch"),
    "licence_agrees": ("licence-front", "", "mismatch"),
    "licence_back": ("licence-back", "", "unclear"),
    "licence_name_proof": ("licence-name-proof", "", "wrong_document"),
    "name_proof": ("name-proof", "", "wrong_document"),
}


def given_lines(posted: QueryDict) -> dict[str, tuple[str, str]]:
    """Line -> (answer, note) of what a page sent; a line of which only one half came has the other one empty."""
    slugs = {key.partition("-")[2] for key in posted if key.startswith(("line-", "note-")) and len(key) < 60}
    return {
        slug: (str(posted.get(f"line-{slug}", "")), str(posted.get(f"note-{slug}", "")).replace("\0", ""))
        for slug in slugs
    }


class NoteForm(forms.Form):
    note = forms.CharField(
        label=_("メモ（任意・審査者だけが読みます）"), required=False, max_length=1000, widget=forms.Textarea
    )


class TakeOverForm(forms.Form):
    """Whom and since when: what the officer has read and confirms."""

    holder = forms.UUIDField(widget=forms.HiddenInput)
    since = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)


class ReasonForm(forms.Form):
    code = forms.ChoiceField(
        label=_("不承認の理由（申請者に伝わります）"),
        choices=REJECTIONS,
        error_messages={"required": _("不承認の理由を選んでください。")},
    )
    reason = forms.CharField(
        label=_("説明（申請者に伝わります）"), required=False, max_length=1000, widget=forms.Textarea
    )

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        if cleaned.get("code") == "other" and not cleaned.get("reason"):
            self.add_error("reason", _("「その他」のときは、説明を書いてください。"))
        return cleaned

    def told(self) -> str:
        """The sentence that the applicant reads: Japanese, whatever the officer reads."""
        code, reason = str(self.cleaned_data["code"]), str(self.cleaned_data["reason"] or "")
        with override(settings.LANGUAGE_CODE):
            coded = "" if code == "other" else str(dict(REJECTIONS)[code])
        return " ".join(part for part in (coded, reason) if part)


class CorrectionsForm(forms.Form):
    """Every field and file of the case with a reason to choose; untouched ones stay as they are.

    An erased file is always asked for again, and its reason stands first and is chosen (PH-13). `proposed` are the
    reasons that follow from lines of the checklist that failed, with the officer's note: a proposal, not a decision.
    """

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        places: Sequence[tuple[str, str, Words]],
        erased: Collection[str] = (),
        proposed: Mapping[tuple[str, str], tuple[str, str]] | None = None,
    ) -> None:
        """`places`: step, field, label. `erased`: the steps of files that were erased."""
        super().__init__(data)
        given = proposed or {}
        first = {place for place in given} | {(step, "") for step in erased}
        self.places = sorted(places, key=lambda place: (place[0], place[1]) not in first)
        for step, field, label in self.places:
            is_gone = step in erased and not field
            code, note = given.get((step, field), ("", ""))
            self.fields[f"reason:{step}:{field}"] = forms.ChoiceField(
                label=label,
                choices=[(NUMBER_VISIBLE[0], _("個人番号が写っていたため、画像を消去した"))]
                if is_gone
                else REASONS,
                initial="" if is_gone else code,
                required=is_gone,
                help_text=NUMBER_VISIBLE[1] if is_gone else "",
                error_messages={"required": _("消去した画像は、あらためて添付を求めてください。")},
            )
            self.fields[f"note:{step}:{field}"] = forms.CharField(
                label=_("%(label)sへの説明") % {"label": label},
                required=False,
                max_length=400,
                initial="" if is_gone else note,
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


def typed_words(posted: Mapping[str, Any]) -> list[str]:
    """The free words of a form that was refused, so that nobody writes them twice."""
    names = [key for key in posted if key in ("note", "reason") or key.startswith("note:")]
    return [str(posted[name]) for name in names if str(posted[name]).strip()]
