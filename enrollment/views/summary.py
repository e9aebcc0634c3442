"""The answers in words, for ⑨, ⑪ and ⑫: one table from what is stored to what is read (ST-08)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enrollment import authorities, days, drafts, flow, values
from enrollment.models import Application
from enrollment.steps import delivery, doubts, echoes, files, hints, other_name
from enrollment.steps.qualification import WANTS_CARD
from enrollment.steps.question import Words
from ledger import clock

Answers = Mapping[str, Mapping[str, Any]]


def _text(value: Any) -> str:
    return str(value or "")


def _day(value: Any) -> str:
    if not value:
        return ""
    day = date.fromisoformat(value)
    western, era = date_format(day, _("Y年n月j日")), days.in_era(day)
    return _("%(western)s（%(era)s）") % {"western": western, "era": era} if era else western


def _yes(value: Any) -> str:
    return _("はい") if value else _("いいえ")


def _one_of(choices: Iterable[tuple[str, Any]]) -> Callable[[Any], str]:
    table = dict(choices)
    return lambda value: str(table.get(value, value or ""))


def _postal(value: Any) -> str:
    return f"〒{value[:3]}-{value[3:]}" if value else ""


def _qualification(value: Any) -> str:
    return _(authorities.qualification(value).name)


def _authority(value: Any) -> str:
    return _(authorities.authority(value).name)


def _place(value: Any) -> str:
    day = clock.today(clock.now())
    places = [
        row
        for one in authorities.all_authorities()
        for row in authorities.fields(one.code, day).pickup_places
    ]
    return next((_(row.name) for row in places if row.code == value), _text(value))


def _phone(value: Any) -> str:
    return values.hyphenated(str(value or ""))


def _institution(value: Any) -> str:
    return echoes.institution(str(value)) if value else ""


def _unknown(value: Any) -> str:
    return _("分からない") if value else ""


def _warnings(value: Any) -> str:
    return "\n".join(str(doubts.SENTENCES[code]) for code in value or () if code in doubts.SENTENCES)


def _flags(value: Any) -> str:
    return "\n".join(str(hints.FLAGS[code]) for code in value or () if code in hints.FLAGS)


class Line(NamedTuple):
    key: str
    term: Words
    show: Callable[[Any], str] = _text


SEXES = [
    ("1", gettext_lazy("男")),
    ("2", gettext_lazy("女")),
    ("3", gettext_lazy("その他")),
    ("9", gettext_lazy("記載なし")),
]
YES_NO = _one_of(
    [("yes", gettext_lazy("あり")), ("no", gettext_lazy("なし")), ("none", gettext_lazy("なし"))]
)
NAME_LINES = (
    Line("family", gettext_lazy("姓")),
    Line("given", gettext_lazy("名")),
    Line("family_kana", gettext_lazy("姓（カタカナ）")),
    Line("given_kana", gettext_lazy("名（カタカナ）")),
    Line("family_romaji", gettext_lazy("姓（ローマ字）")),
    Line("given_romaji", gettext_lazy("名（ローマ字）")),
)
# What the applicant was asked to look at twice, and left as it is (DQ-07, DQ-13, K-18).
WARNINGS = Line("warnings", gettext_lazy("ご確認ください"), _warnings)
LINES: dict[str, tuple[Line, ...]] = {
    "qualification": (
        Line("qualification", gettext_lazy("国家資格"), _qualification),
        Line("authority", gettext_lazy("申請先（認証局）"), _authority),
        Line("wants_card", gettext_lazy("HPKIカードの発行"), _one_of(WANTS_CARD)),
        Line("hpki_card", gettext_lazy("HPKIカード"), _one_of([("none", gettext_lazy("持っていない"))])),
    ),
    "card": (
        Line("name", gettext_lazy("氏名")),
        Line("former_family", gettext_lazy("旧姓")),
        Line("alias", gettext_lazy("通称名")),
        Line("sex", gettext_lazy("性別"), _one_of(SEXES)),
        Line("birth_date", gettext_lazy("生年月日"), _day),
        Line("address", gettext_lazy("住所")),
    ),
    "names": (
        *NAME_LINES,
        Line("printed_name", gettext_lazy("券面表記（HPKIカードに印字する氏名）")),
        Line("flags", gettext_lazy("審査で確認する点"), _flags),
    ),
    "other-name": (
        Line("kind", gettext_lazy("併記"), _one_of(other_name.KINDS)),
        *NAME_LINES,
        Line("flags", gettext_lazy("審査で確認する点"), _flags),
    ),
    "home": (Line("postal_code", gettext_lazy("郵便番号"), _postal), WARNINGS),
    "licence": (
        Line("registration_number", gettext_lazy("登録番号")),
        Line("registered_on", gettext_lazy("登録年月日"), _day),
        Line("reissued_on", gettext_lazy("書換交付・再交付の日"), _day),
        WARNINGS,
        Line("has_notes_on_back", gettext_lazy("裏面に追記がある"), _yes),
        Line("is_changing_surname", gettext_lazy("改姓手続き中"), _yes),
    ),
    "membership": (
        Line("member", gettext_lazy("会への所属"), YES_NO),
        Line("number", gettext_lazy("会員番号")),
        Line("number_unknown", gettext_lazy("会員番号"), _unknown),
    ),
    "workplace": (
        Line("has_workplace", gettext_lazy("勤務先"), YES_NO),
        Line("name", gettext_lazy("名称")),
        Line("postal_code", gettext_lazy("郵便番号"), _postal),
        Line("address", gettext_lazy("住所")),
        Line("institution_code", gettext_lazy("医療機関コード・薬局コード"), _institution),
        WARNINGS,
    ),
    "delivery": (
        Line("phone", gettext_lazy("電話番号"), _phone),
        Line("send_to", gettext_lazy("送付先"), _one_of(delivery.PLACES)),
        Line("postal_code", gettext_lazy("送付先の郵便番号"), _postal),
        Line("address", gettext_lazy("送付先の住所")),
        WARNINGS,
        Line("pickup", gettext_lazy("HPKIカードの受け取り場所"), _place),
    ),
    "photo": (Line("taken_on", gettext_lazy("撮影日"), _day),),
    "identity": (
        Line("kind", gettext_lazy("身分証の種類"), _one_of(files.IDENTITY_KINDS)),
        Line("day_on_paper", gettext_lazy("有効期限（運転経歴証明書は交付日）"), _day),
    ),
    "email": (Line("address", gettext_lazy("メールアドレス")),),
}
# Empty answers of these are worth a line; all others are left out.
SHOWN_EMPTY = {("card", "address"), ("card", "name")}


def rows(slug: str, answers: Mapping[str, Any]) -> list[dict[str, str]]:
    """`{term, value}` of one step for parts/summary_list.html."""
    found = []
    for line in LINES.get(slug, ()):
        value = answers.get(line.key)
        if value in (None, "", [], False) and (slug, line.key) not in SHOWN_EMPTY:
            continue
        found.append({"term": str(line.term), "value": line.show(value)})
    return found


def pictures(application: Application) -> dict[str, list[dict[str, str]]]:
    """The application's pictures by the slug of the step that asks for them; one query for all."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in application.attachments.order_by("slot", "ordinal"):
        line = {"term": _("画像"), "value": "", "image": reverse("file", args=[row.public_id])}
        found.setdefault(row.slot.replace("_", "-"), []).append(line)
    return found


def groups(
    application: Application, draft: flow.Draft, answers: Answers, *, links_at: datetime | None = None
) -> list[dict[str, Any]]:
    """One group per step that has something to show; 修正する leads to the page that holds it (ST-08, K-01)."""
    found, drawn = [], pictures(application)
    opened = drafts.open_fields(application, draft, links_at) if links_at else None  # ST-14
    for step in flow.ASKED:
        if not step.applies(draft) or step.slug in ("card-check", "email-code"):
            continue
        lines = rows(step.slug, answers.get(step.slug, {})) + drawn.get(step.slug, [])
        if step.slug == "card-pin" and draft.has_card_pin:
            lines = [{"term": _("暗証番号"), "value": _("設定済み（表示されません）")}]
        if lines:
            to = "card-check" if step.slug == "card" else step.slug
            is_link = links_at is not None and (opened is None or to in opened)
            url = f"{reverse('step', args=[to])}?from=check" if is_link else ""
            found.append({"title": _(flow.STEP[to].title), "rows": lines, "url": url})
    return found
