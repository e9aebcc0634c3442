"""What static/enrollment/autosave.js hears when it sends what is being typed: no page, one line of JSON."""

from django.http import JsonResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from enrollment import drafts
from enrollment.errors import Refused
from enrollment.steps import QUESTIONS
from enrollment.views.pages import Page
from ledger.clock import JST

WHY = {
    "stale": lazy(
        "この質問は、別の画面（タブ）でも変更されています。「保存して次へ」を押すと、両方を見比べて選べます。"
    ),
    "not_now": lazy("この申請は、いまは変更できません。申請状況のページをご確認ください。"),
}


def answer(page: Page, raw: drafts.Raw, version: int) -> JsonResponse:
    """`{state, version, text}`: "saved", or "kept" back for a reason that `text` tells. Always 200: no page failed."""
    if QUESTIONS[page.step.slug].secret:
        return _told("kept", version, "")
    try:
        version = drafts.keep_typed(
            page.application, page.step.slug, raw=raw, version=version, at=page.visit.at
        )
    except Refused as refused:
        return _told("kept", version, str(WHY.get(refused.code, WHY["not_now"])))
    clock = date_format(page.visit.at.astimezone(JST), "H:i")
    return _told("saved", version, _("保存しました %(time)s") % {"time": clock})


def _told(state: str, version: int, text: str) -> JsonResponse:
    return JsonResponse({"state": state, "version": version, "text": text})
