"""⑨ and ⑩: seen and right; agreed to (ST-08, CA-16)."""

from typing import Any

from django.utils.translation import gettext_lazy

from enrollment import authorities
from enrollment.steps.question import Question, Tick


class Check(Question):
    template = "enrollment/check.html"

    def values(self) -> dict[str, Any]:
        return {"checked_at": self.at.isoformat()}


class Consent(Question):
    template = "enrollment/consent.html"

    agree = Tick(
        gettext_lazy("すべての確認事項に同意する"),
        required=True,
        missing=gettext_lazy(
            "すべての確認事項をお読みのうえ、「すべての確認事項に同意する」にチェックを入れてください。"
        ),
    )

    def values(self) -> dict[str, Any]:
        items = authorities.consents(self.draft.authority, self.day)
        return {"items": [[item.id, item.version] for item in items], "agreed_at": self.at.isoformat()}

    def context(self) -> dict[str, Any]:
        return {"items": authorities.consents(self.draft.authority, self.day)}
