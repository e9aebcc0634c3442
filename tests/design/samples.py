"""Sample pages that use every part with invented data, and a browser context that serves them under the real CSP."""

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django import forms
from django.contrib.staticfiles import finders
from django.template import engines
from django.test import RequestFactory

ORIGIN = "http://parts.test"
CSP = (
    "default-src 'self'; img-src 'self'; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
AT = datetime(2026, 11, 20, 3, 5, tzinfo=UTC)


@dataclass(frozen=True)
class Described:
    """A choice's label with a sentence under it."""

    label: str
    description: str

    def __str__(self) -> str:
        return self.label


class SampleForm(forms.Form):
    family = forms.CharField(
        label="姓（ローマ字）",
        help_text="旅券と同じつづりを、半角の大文字で入力します。",
        widget=forms.TextInput(
            attrs={"autocomplete": "family-name", "autocapitalize": "characters", "class": "width-20"}
        ),
    )
    postal = forms.CharField(
        label="郵便番号",
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "postal-code", "class": "width-8"}
        ),
    )
    note = forms.CharField(label="連絡事項", required=False, widget=forms.Textarea)
    prefecture = forms.ChoiceField(
        label="都道府県", choices=[("", "選んでください"), ("13", "東京都"), ("27", "大阪府")]
    )
    authority = forms.ChoiceField(
        label="申請先（認証局）",
        widget=forms.RadioSelect,
        help_text="あとから変えることはできません。",
        choices=[
            (
                "jma",
                Described("日本医師会", "医師のみ。費用は当面の間かかりません。カードはあとから届きます。"),
            ),
            (
                "medis",
                Described(
                    "MEDIS（医療情報システム開発センター）", "医師・歯科医師・薬剤師。26,950 円（税込み）。"
                ),
            ),
        ],
    )
    card = forms.MultipleChoiceField(
        label="受け取るもの",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[("card", "HPKIカード"), ("phone", "スマートフォンでの署名")],
    )
    photo = forms.FileField(label="顔写真", widget=forms.FileInput(attrs={"accept": "image/jpeg"}))
    licence = forms.FileField(label="資格免許証の画像", required=False)
    consent = forms.BooleanField(label="利用規約に同意します", help_text="2026年4月1日版です。")
    draft = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["family"].example = "YAMADA"  # type: ignore[attr-defined]


STEPS = [
    {"title": title, "state": "done" if at < 2 else "current" if at == 2 else "todo", "url": f"/apply/{at}/"}
    for at, title in enumerate(
        [
            "ログイン",
            "資格と申請先",
            "氏名をローマ字で",
            "通称名・旧姓",
            "資格の登録",
            "勤務先",
            "送り先",
            "写真と書類",
            "メールアドレス",
            "内容の確認",
            "同意と署名",
            "送信",
        ]
    )
]
TASKS = [
    {"title": "申請先を選ぶ", "state": "done", "url": "/a", "minutes": 2},
    {
        "title": "マイナンバーカードを読み取る",
        "state": "doing",
        "url": "/b",
        "minutes": 3,
        "hint": "カードと 4 桁の暗証番号を使います。",
    },
    {"title": "顔写真と書類をのせる", "state": "todo", "url": "", "minutes": 5},
]
ROWS = [
    {"term": "氏名", "value": "髙﨑 花子", "url": "/edit"},
    {
        "term": "住所",
        "value": "東京都文京区本駒込二丁目二十八番十六号\n文京グリーンコート 1001",
        "changed": True,
        "url": "/edit",
    },
    {"term": "顔写真", "image": "/static/pictures/photo-good.svg", "url": "/edit"},
    {"term": "旧姓", "value": ""},
]
EVENTS = [
    {"title": "申請を送りました", "state": "done", "at": AT},
    {"title": "自動の確認", "state": "done", "at": AT},
    {
        "title": "認証局の審査",
        "state": "current",
        "expected": "12月中旬ごろ（いまの混み具合から）",
        "text": "2 人の担当者が書類を確かめています。",
    },
    {"title": "証明書の発行", "state": "todo"},
    {"title": "スマートフォンの登録", "state": "todo"},
]
NOTICES = [
    {
        "title": "審査が終わりました。スマートフォンを登録してください",
        "at": AT,
        "url": "/n/1",
        "is_read": False,
    },
    {
        "title": "申請を受け付けました",
        "at": AT,
        "url": "/n/2",
        "is_read": True,
        "text": "受付番号 K7QF-20JP-8MZA",
    },
]

PAGES = {
    page.stem: page.read_text(encoding="utf-8")
    for page in sorted((Path(__file__).parent / "pages").glob("*.html"))
}


def context(**more: object) -> dict[str, object]:
    return {
        "form": SampleForm(),
        "steps": STEPS,
        "tasks": TASKS,
        "rows": ROWS,
        "events": EVENTS,
        "notices": NOTICES,
        "heads": ["認証局", "申請できる方", "費用", "期間"],
        "table": [
            ["日本医師会", "医師", "当面の間 0 円", "約 2 か月"],
            ["MEDIS", "医師・歯科医師・薬剤師", "26,950 円", "約 1 か月"],
        ],
        "site_header": "Inkan 審査",
        "checks": [
            "顔写真は旅券用の規格に合う（正面・無帽・無背景・6か月以内）",
            "身分証は4種のいずれかで、有効期限内である",
            "身分証の顔と顔写真は同じ人である",
        ],
        "has_permission": True,
        "request": RequestFactory().get("/"),
        "kept": {
            "url": "/static/pictures/photo-good.svg",
            "name": "kao.jpg",
            "detail": "縦 1,200 × 横 900 ピクセル、0.8 MB",
        },
        **more,
    }


def rendered() -> dict[str, str]:
    """Every sample page by its path, as the product would send it."""
    wrong = SampleForm(data={"family": "", "authority": "x", "note": "", "postal": "1"}, files={})
    made = {
        f"/{name}": engines["django"]
        .from_string(source)
        .render(
            context(
                steps=STEPS if name in ("form", "upload", "check") else None,
                **({"title": "案件"} if name == "desk" else {}),
            )
        )
        for name, source in PAGES.items()
    }
    made["/wrong"] = engines["django"].from_string(PAGES["form"]).render(context(form=wrong))
    made["/wrong-upload"] = engines["django"].from_string(PAGES["upload"]).render(context(form=wrong))
    for code in ("400", "403", "403_csrf", "404", "405", "408", "413", "429", "500", "503"):
        made[f"/error-{code}"] = engines["django"].get_template(f"errors/{code}.html").render({})
    return made


def serve(browser_context: Any, pages: Mapping[str, str]) -> None:
    """Answers from `pages` and the static files, under the product's CSP; nothing else exists."""

    def answer(route: Any) -> None:
        path = route.request.url.removeprefix(ORIGIN).split("?")[0].split("#")[0]
        if path in pages:
            return route.fulfill(
                status=200,
                body=pages[path],
                headers={"content-type": "text/html; charset=utf-8", "content-security-policy": CSP},
            )
        found = finders.find(path.removeprefix("/static/")) if path.startswith("/static/") else None
        if found:
            kind = mimetypes.guess_type(str(found))[0] or "application/octet-stream"
            return route.fulfill(
                status=200, body=Path(str(found)).read_bytes(), headers={"content-type": kind}
            )
        return route.fulfill(status=404, body="")

    browser_context.route("**/*", answer)
