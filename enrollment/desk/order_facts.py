"""What an officer reads of an order: in words, from what was signed and from the authority's own register."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import days, names, signed
from enrollment.desk.words import StateWords
from enrollment.errors import Refused
from enrollment.flow import OrderKind, OrderState
from enrollment.models import CertificateOrder
from enrollment.orders import subjects
from enrollment.steps import hints

KINDS = {
    OrderKind.RENEWAL: gettext_lazy("電子証明書の更新"),
    OrderKind.NAME_CHANGE: gettext_lazy("氏名の変更"),
    OrderKind.CARD_HOLDER: gettext_lazy("HPKIカード所持者への発行"),
}
STATES: dict[OrderState, StateWords] = {
    OrderState.WAITING: StateWords(gettext_lazy("審査待ち"), "care"),
    OrderState.RECOMMENDED: StateWords(gettext_lazy("承認待ち"), "care"),
    OrderState.APPROVED: StateWords(gettext_lazy("承認済み（発行待ち）"), "good"),
    OrderState.ISSUING: StateWords(gettext_lazy("発行中"), "good"),
    OrderState.ISSUED: StateWords(gettext_lazy("発行済み"), "good"),
    OrderState.REJECTED: StateWords(gettext_lazy("不承認"), "wrong"),
    OrderState.STOPPED: StateWords(gettext_lazy("中止（前の証明書が失効）"), "wrong"),
}
MEANS = {
    "hpki_card": gettext_lazy("HPKIカード"),
    "my_number_card": gettext_lazy("マイナンバーカード"),
    "authenticator": gettext_lazy("登録済みのスマートフォン"),
}
ENTRIES = {
    "suffice": gettext_lazy("本人確認により承認（認証局の設定）"),
    "recommend": gettext_lazy("承認を推薦した"),
    "send_back": gettext_lazy("審査をやり直すことにした"),
    "approve": gettext_lazy("承認した"),
    "take_back": gettext_lazy("承認を取り消した"),
    "reject": gettext_lazy("不承認にした"),
    "order": gettext_lazy("証明書の発行を依頼した"),
    "deliver": gettext_lazy("証明書を発行し、本人に知らせた"),
    "stop": gettext_lazy("中止した"),
}
LIFE = {
    "ordered": gettext_lazy("発行中"),
    "active": gettext_lazy("有効"),
    "suspended": gettext_lazy("一時停止中"),
    "revoked": gettext_lazy("失効"),
    "expired": gettext_lazy("期限切れ"),
}
CARD = {
    "valid": gettext_lazy("有効"),
    "expired": gettext_lazy("期限切れ"),
    "revoked": gettext_lazy("失効"),
    "ordered": gettext_lazy("作成中"),
}


def row(order: CertificateOrder) -> dict[str, Any]:
    """One line of the worklist; it names nobody."""
    return {"order": order, "kind": KINDS[OrderKind(order.kind)], "state": STATES[OrderState(order.state)]}


def shown(order: CertificateOrder) -> dict[str, Any]:
    """The page's parts. What the certificate will say stands beside what it said, with the differences marked."""
    former = subjects.known(order.former) if order.former else None
    before = _before(former)
    return {
        "kind": KINDS[OrderKind(order.kind)],
        "state_words": STATES[OrderState(order.state)],
        "means": MEANS.get(order.means, order.means),
        "former": former.facts if former else None,
        "former_state": LIFE.get(former.facts.state, former.facts.state) if former else "",
        "subject": _subject(order.subject, before),
        "signed": _signed(order),
        "register": _register(order),
        "entries": [
            {"at": entry.happened_at, "officer": entry.officer, "note": entry.note,
             "title": ENTRIES.get(entry.kind, entry.kind)}
            for entry in order.entries.select_related("officer").order_by("pk")
        ],
    }  # fmt: skip


def _before(former: subjects.Known | None) -> dict[str, Any]:
    if former is None:
        return {}
    try:
        return subjects.subject_of(former)
    except Refused:
        return {}


LINES = (
    ("name_kanji", gettext_lazy("氏名")),
    ("family_romaji", gettext_lazy("姓（ローマ字）")),
    ("given_romaji", gettext_lazy("名（ローマ字）")),
    ("birth_date", gettext_lazy("生年月日")),
)


def _day(written: str) -> str:
    """A day as it was signed (ISO 8601) in both calendars, as the case screen writes it; what is no day stays."""
    try:
        return days.in_both(date.fromisoformat(written))
    except ValueError:
        return written


def _in_words(key: str, subject: dict[str, Any]) -> str:
    value = str(subject.get(key, ""))
    return _day(value) if key == "birth_date" else value


def _subject(subject: dict[str, Any], before: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "term": term,
            "value": _in_words(key, subject),
            "before": _in_words(key, before),
            "changed": bool(before) and before.get(key) != subject.get(key),
        }
        for key, term in LINES
    ]


def _signed(order: CertificateOrder) -> list[dict[str, Any]]:
    """What the person has signed: at a name change the new statement first, then that of the application."""
    if order.application is None:
        return []
    try:
        renamed = _new_name(order) if order.kind == OrderKind.NAME_CHANGE else []
        facts = signed.facts(order.application)
    except Refused:
        return [
            {"term": _("署名された申請内容"), "value": _("署名と保管内容が一致しません。"), "wrong": True}
        ]
    card, licence = facts["answers"]["card"], facts["answers"].get("licence", {})
    return [
        *renamed,
        {"term": _("受付番号"), "value": order.application.receipt_number},
        {"term": _("氏名（申請時）"), "value": card["name"]},
        {"term": _("生年月日"), "value": _day(card["birth_date"])},
        {"term": _("住所（申請時）"), "value": card.get("address", "")},
        {"term": _("登録番号"), "value": licence.get("registration_number", "")},
        {"term": _("登録年月日"), "value": _day(licence.get("registered_on", ""))},
    ]


def _new_name(order: CertificateOrder) -> list[dict[str, Any]]:
    """The new name as it was signed, beside what the signature certificate says (NM-06, NM-07)."""
    found = signed.new_name(order)
    given, certified = found["names"], signed.certified_name(order)
    differs = names.compare(found["card"]["name"], certified) is names.Match.MISMATCH
    flags = [str(hints.FLAGS[one]) for one in given.get("flags", ()) if one in hints.FLAGS]
    return [
        {"term": _("新しい氏名（カード）"), "value": found["card"]["name"]},
        {"term": _("新しい氏名（署名用電子証明書）"), "value": certified, "wrong": differs},
        {"term": _("新しい氏名の姓と名"), "value": names.joined(given["family"], given["given"])},
        {"term": _("新しい氏名の読み"), "value": f"{given['family_kana']} {given['given_kana']}".strip()},
        *({"term": _("確認すること"), "value": one, "wrong": True} for one in flags),
        {"term": _("新しい住所（カード）"), "value": found["card"].get("address", "")},
    ]


def _register(order: CertificateOrder) -> list[dict[str, Any]]:
    holder = order.holder
    if holder is None:
        return []
    rows: list[dict[str, Any]] = [
        {"term": _("カードの状態"), "value": CARD.get(holder.status, holder.status)},
        {"term": _("カードID"), "value": holder.card_id},
        {"term": _("本人ID"), "value": holder.person_id},
        {"term": _("氏名"), "value": holder.name_kanji},
        {"term": _("ローマ字"), "value": f"{holder.given_romaji} {holder.family_romaji}".strip()},
        {"term": _("生年月日"), "value": _day(holder.birth_date.isoformat())},
        {"term": _("登録番号"), "value": holder.registration_number},
    ]
    said = order.subject.get("name_kanji", "")
    if holder.name_kanji and names.compare(holder.name_kanji, said) is names.Match.MISMATCH:
        rows[3]["wrong"] = True
    return rows
