"""What has happened to an application and what comes next, in the applicant's words (ST-12, ST-13, ST-24, ST-25)."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Max
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import authorities
from enrollment.applicants.expectations import expected_by
from enrollment.flow import Check, State
from enrollment.models import Application, CardOrder, CheckRun
from ledger.clock import now, today

# Kinds that are the desk's own business are not shown.
EVENTS = {
    "begin": gettext_lazy("申請の入力を始めました"),
    "submit": gettext_lazy("申請を送信しました"),
    "checks": gettext_lazy("自動の確認が終わりました"),
    "claim": gettext_lazy("審査が始まりました"),
    "file_erased": gettext_lazy("個人番号が写っていた画像を消去しました"),
    "return_to_applicant": gettext_lazy("修正のお願いがありました"),
    "order": gettext_lazy("承認されました"),
    "deliver": gettext_lazy("電子証明書が発行されました"),
    "reject": gettext_lazy("承認されませんでした"),
    "withdraw": gettext_lazy("申請を取り下げました"),
    "lapse": gettext_lazy("修正の期限が過ぎ、申請は取下げになりました"),
    "erased": gettext_lazy("保存期間が過ぎ、入力内容と画像を消去しました"),
    "phone_bound": gettext_lazy("スマートフォンを登録しました"),
    "link_locked": gettext_lazy("登録用のURLが停止されました"),
    "link_expired": gettext_lazy("登録用のURLの期限が過ぎました"),
    "link_sent_again": gettext_lazy("登録用の新しいURLをお届けしました"),
    "phone_replaced": gettext_lazy("スマートフォンの登録を変更しました"),
    "phone_restored": gettext_lazy("登録を取り消し、前の端末に戻しました"),
    "phone_removed": gettext_lazy("スマートフォンの登録を削除しました"),
    "phone_stopped": gettext_lazy("スマートフォンによる本人確認を停止しました"),
    "card_ordered": gettext_lazy("HPKIカードの作成を始めました"),
    "card_notified": gettext_lazy("HPKIカードの交付案内を送付しました"),
    "card_received": gettext_lazy("HPKIカードが受け取られました"),
    "card_shipped": gettext_lazy("HPKIカードを発送しました"),
    "card_ended": gettext_lazy("証明書が失効したため、HPKIカードの発行を取りやめました"),
}
ONCE = ("claim",)  # a case may change hands; the applicant reads of it once in each round
AHEAD = {
    State.SUBMITTED: ("checks", "claim", "order", "deliver"),
    State.IN_REVIEW: ("order", "deliver"),
    State.RECOMMENDED: ("order", "deliver"),
    State.APPROVED: ("order", "deliver"),
    State.ISSUING: ("deliver",),
}
AHEAD_TITLES = {
    "checks": gettext_lazy("自動の確認"),
    "claim": gettext_lazy("認証局の審査"),
    "order": gettext_lazy("審査の結果"),
    "deliver": gettext_lazy("電子証明書の発行とお知らせ"),
}
PHONE = ("phone_bound", "link_locked", "link_expired")


def events(row: Application) -> list[dict[str, Any]]:
    """For parts/timeline.html, oldest first; the first one that is still to come is where things stand."""
    happened = _happened(row)
    state = State(row.state)
    seen = _kinds_of_this_round(happened)
    found = [
        {"title": EVENTS[kind], "state": "done", "at": at, "text": _more(row, kind)} for kind, at in happened
    ]
    ahead = [
        {"title": AHEAD_TITLES[kind], "state": "todo", "at": None, "expected": _expected(row, kind)}
        for kind in AHEAD.get(state, ())
        if kind not in seen
    ]
    if ahead:
        ahead[0]["state"] = "current"
    if state is State.ISSUED and not seen & set(PHONE):
        text = _("任意です。登録しなくても、マイナンバーカードによる署名は利用できます。")
        title = _("スマートフォンの登録")
        ahead.append({"title": title, "state": "todo", "at": None, "expected": "", "text": text})
    return found + ahead


def _happened(row: Application) -> list[tuple[str, datetime]]:
    entries = [(entry.kind, entry.happened_at) for entry in row.timeline.order_by("happened_at", "pk")]
    entries += [("checks", at) for at in _checked(row)]
    entries += [
        ("card_ordered", at)
        for at in CardOrder.objects.filter(application=row).values_list("ordered_at", flat=True)
    ]
    shown: list[tuple[str, datetime]] = []
    seen: set[str] = set()
    for kind, at in sorted(entries, key=lambda entry: entry[1]):
        if kind == "submit":
            seen.clear()
        if kind in EVENTS and not (kind in ONCE and kind in seen):
            seen.add(kind)
            shown.append((kind, at))
    return shown


def _checked(row: Application) -> list[datetime]:
    """When each round's checks were all done for the first time; an officer's later question changes nothing here."""
    runs = CheckRun.objects.filter(application=row).exclude(state=Check.DROPPED).values("round")
    counted = runs.annotate(all=Count("pk"), done=Count("closed_at"), at=Max("closed_at"))
    return [found["at"] for found in counted if found["all"] == found["done"]]


def _more(row: Application, kind: str) -> str:
    """How to get another link, and that it may cost (ST-19, CA-18)."""
    if kind not in ("link_expired", "link_locked"):
        return ""
    note = authorities.link_reissue_note(row.authority, today(now()))
    return _(
        "マイナンバーカードによる署名は利用できます。HPKIカードをお持ちの方は、「HPKIカードをお持ちの方」のページで、"
        "ご自分でQRコードを作って登録できます。お持ちでない方は、「あなたの電子署名」のページで新しいURLを受け取るか、"
        "認証局に新しいURLをお申し出ください。"
    ) + (_(note) if note else "")


def _kinds_of_this_round(happened: list[tuple[str, datetime]]) -> set[str]:
    kinds = [kind for kind, _at in happened]
    since = max((place for place, kind in enumerate(kinds) if kind == "submit"), default=0)
    return set(kinds[since:])


def _expected(row: Application, kind: str) -> str:
    if kind != "order":
        return ""
    day = expected_by(row)
    return _("%(day)sごろまでの見込み") % {"day": date_format(day, _("Y年n月j日"))} if day else ""
