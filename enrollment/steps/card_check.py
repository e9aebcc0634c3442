"""⑤ What was read from the card is right (NM-01, NM-24)."""

from typing import Any

from django.utils.translation import gettext_lazy

from enrollment.steps.question import Question, Tick


class Form(Question):
    template = "enrollment/card_check.html"

    is_right = Tick(
        gettext_lazy("氏名・性別・生年月日・住所に誤りはありません"),
        required=True,
        missing=gettext_lazy(
            "内容を確認してチェックを入れてください。古い内容のときは、先に市区町村の窓口で更新してください。"
        ),
    )

    def context(self) -> dict[str, Any]:
        return {"card": self.draft.answers.get("card", {})}
