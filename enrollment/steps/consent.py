"""⑨ and ⑩: seen and right; agreed to (ST-08, ST-09, CA-16).

Both forms carry what their page showed, so that nobody confirms what another tab, or midnight, has changed since.
"""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from enrollment import authorities
from enrollment.steps.question import Question, Tick


class Check(Question):
    """`seen` is the digest of what ⑨ showed; the view compares it with what stands there now."""

    template = "enrollment/check.html"

    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def values(self) -> dict[str, Any]:
        return {"checked_at": self.at.isoformat(), "shown": self.cleaned_data["seen"]}


class Consent(Question):
    """`asked` names the versions that ⑩ showed."""

    template = "enrollment/consent.html"

    asked = forms.CharField(max_length=1000, required=False, widget=forms.HiddenInput)
    agree = Tick(
        gettext_lazy("すべての確認事項に同意する"),
        required=True,
        missing=gettext_lazy(
            "すべての確認事項をお読みのうえ、「すべての確認事項に同意する」にチェックを入れてください。"
        ),
    )

    @property
    def items(self) -> tuple[authorities.ConsentItem, ...]:
        return authorities.consents(self.draft.authority, self.day)

    @property
    def versions(self) -> str:
        return " ".join(f"{item.id}@{item.version}" for item in self.items)

    def values(self) -> dict[str, Any]:
        return {
            "items": [[item.id, item.version] for item in self.items],
            "agreed_at": self.at.isoformat(),
        }

    def context(self) -> dict[str, Any]:
        return {"items": self.items, "asked": self.versions}
