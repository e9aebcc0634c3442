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
CSP = "default-src 'self'; img-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
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
        label="姓（ローマ字）", help_text="旅券と同じつづりを、半角の大文字で入力します。",
        widget=forms.TextInput(attrs={"autocomplete": "family-name", "autocapitalize": "characters", "class": "width-20"}),
    )
    postal = forms.CharField(
        label="郵便番号", widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "postal-code", "class": "width-8"})
    )
    note = forms.CharField(label="連絡事項", required=False, widget=forms.Textarea)
    prefecture = forms.ChoiceField(label="都道府県", choices=[("", "選んでください"), ("13", "東京都"), ("27", "大阪府")])
    authority = forms.ChoiceField(
        label="申請先（認証局）", widget=forms.RadioSelect, help_text="あとから変えることはできません。",
        choices=[
            ("jma", Described("日本医師会", "医師のみ。費用は当面の間かかりません。カードはあとから届きます。")),
            ("medis", Described("MEDIS（医療情報システム開発センター）", "医師・歯科医師・薬剤師。26,950 円（税込み）。")),
        ],
    )
    card = forms.MultipleChoiceField(
        label="受け取るもの", required=False, widget=forms.CheckboxSelectMultiple,
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
    for at, title in enumerate([
        "ログイン", "資格と申請先", "氏名をローマ字で", "通称名・旧姓", "資格の登録", "勤務先", "送り先", "写真と書類", "メールアドレス",
        "内容の確認", "同意と署名", "送信",
    ])
]
TASKS = [
    {"title": "申請先を選ぶ", "state": "done", "url": "/a", "minutes": 2},
    {"title": "マイナンバーカードを読み取る", "state": "doing", "url": "/b", "minutes": 3, "hint": "カードと 4 桁の暗証番号を使います。"},
    {"title": "顔写真と書類をのせる", "state": "todo", "url": "", "minutes": 5},
]
ROWS = [
    {"term": "氏名", "value": "髙﨑 花子", "url": "/edit"},
    {"term": "住所", "value": "東京都文京区本駒込二丁目二十八番十六号\n文京グリーンコート 1001", "changed": True, "url": "/edit"},
    {"term": "顔写真", "image": "/static/pictures/photo-good.svg", "url": "/edit"},
    {"term": "旧姓", "value": ""},
]
EVENTS = [
    {"title": "申請を送りました", "state": "done", "at": AT},
    {"title": "自動の確認", "state": "done", "at": AT},
    {"title": "認証局の審査", "state": "current", "expected": "12月中旬ごろ（いまの混み具合から）", "text": "2 人の担当者が書類を確かめています。"},
    {"title": "証明書の発行", "state": "todo"},
    {"title": "スマートフォンの登録", "state": "todo"},
]
NOTICES = [
    {"title": "審査が終わりました。スマートフォンを登録してください", "at": AT, "url": "/n/1", "is_read": False},
    {"title": "申請を受け付けました", "at": AT, "url": "/n/2", "is_read": True, "text": "受付番号 K7QF-20JP-8MZA"},
]

_HEAD = '{% extends "layout.html" %}{% load i18n %}'
PAGES = {
    "form": _HEAD + """{% block title %}氏名をローマ字で{% endblock %}
{% block account %}<p>髙﨑 花子 さん</p><a href="/out">ログアウト</a>{% endblock %}
{% block back %}{% include "parts/back.html" with url="/" %}{% endblock %}
{% block content %}<h1>証明書にのせる氏名を、ローマ字で確かめてください</h1><p>証明書には、カードの氏名とあわせてローマ字の氏名がのります。</p>
<form method="post" enctype="multipart/form-data" novalidate>{{ form }}{% include "parts/buttons.html" with label="保存して次へ" second_label="保存して中断する" second_name="pause" back_url="/" %}</form>{% endblock %}""",
    "upload": _HEAD + """{% block title %}写真{% endblock %}{% block content %}<h1>顔写真をのせてください</h1>
<form method="post" enctype="multipart/form-data" novalidate>{% include "parts/upload.html" with field=form.photo limits="JPEG、縦 531 × 横 413 ピクセル以上、4 MB まで。" now=kept %}
{% include "parts/upload.html" with field=form.licence limits="JPEG または PDF、4 MB まで。" %}{% include "parts/buttons.html" with label="保存して次へ" %}</form>{% endblock %}""",
    "tasks": _HEAD + """{% block title %}申請の進み{% endblock %}{% block content %}<h1>申請の準備</h1>
<div class="who"><p>髙﨑 花子 さん</p><p>申請先：日本医師会</p><p>保存：12:05</p></div>
<p class="actions"><a class="button button-primary" href="/go">続きから始める</a></p><h2>やること</h2>{% include "parts/task_list.html" %}
{% include "parts/notice.html" with kind="info" text="途中でやめても、30 日のあいだ続きから始められます。" %}
{% include "parts/notice.html" with kind="warning" title="写真が少し暗いようです" text="このまま出すこともできますが、撮り直すと確実です。" action_url="/photo" action="写真を撮り直す" %}
{% include "parts/notice.html" with kind="success" text="メールアドレスを確かめました。" live=True %}
<ul class="checklist"><li><img src="/static/pictures/card.svg" alt=""><p><strong>マイナンバーカード</strong>4 桁と 6〜16 文字の暗証番号</p></li>
<li><img src="/static/pictures/photo.svg" alt=""><p><strong>顔写真</strong>6 か月以内に撮ったもの</p></li>
<li><img src="/static/pictures/identity.svg" alt=""><p><strong>身分証</strong>運転免許証など</p></li>
<li><img src="/static/pictures/licence.svg" alt=""><p><strong>免許証</strong>裏に追記があれば裏も</p></li>
<li><img src="/static/pictures/mail.svg" alt=""><p><strong>メール</strong>確認コードを受け取ります</p></li>
<li><img src="/static/pictures/phone.svg" alt=""><p><strong>スマートフォン</strong>署名のときに使います</p></li></ul>
{% include "parts/table.html" with caption="申請先の比較" heads=heads rows=table %}
{% include "parts/empty.html" with title="署名はまだありません" text="処方箋に署名すると、ここに並びます。" action_url="/x" action="使い方を見る" %}{% endblock %}""",
    "check": _HEAD + """{% block title %}内容の確認{% endblock %}{% block content %}<h1>申請の内容を確かめてください</h1>
{% include "parts/summary_list.html" with title="カードから読み取った内容" rows=rows url="/edit" %}{% include "parts/summary_list.html" with title="写真と書類" rows=rows %}
{% include "parts/card_reader.html" with pin="sign" tries=5 text="この画面の内容に署名します。" %}
{% include "parts/buttons.html" with label="この内容で署名へ進む" back_url="/" %}{% endblock %}""",
    "status": _HEAD + """{% block title %}申請の状況{% endblock %}{% block content %}<h1>認証局が審査しています</h1>
<section class="asked"><h2>いまお願いしたいこと</h2><p>写真の差し替えをお願いします。背景が暗く、輪郭が見えにくいためです。</p><p><a class="button button-primary" href="/fix">写真を差し替える</a></p></section>
{% include "parts/timeline.html" %}<h2>お知らせ</h2>{% include "parts/inbox.html" %}{% include "parts/inbox.html" with notices=None %}{% endblock %}""",
    "sealed": _HEAD + """{% block title %}申請を送りました{% endblock %}{% block content %}{% include "parts/sealed.html" with title="申請を送りました" text="日本医師会が審査を始めます。" number="K7QF-20JP-8MZA" number_label="受付番号" %}
<h2>このあと</h2>{% include "parts/timeline.html" %}{% endblock %}""",
    "refusal": _HEAD + """{% block title %}この証明書では申請できません{% endblock %}{% block content %}<h1>スマートフォンの証明書では申請できません</h1>
{% include "parts/refusal.html" with what="スマホ用電子証明書でログインしています" why="電子署名の申請には、物理的なマイナンバーカードの署名が必要です。" now="マイナンバーカードを使って、もう一度ログインしてください。入力は残っています。" whom="マイナンバー総合フリーダイヤル 0120-95-0178" action_url="/login" action="カードでログインし直す" %}{% endblock %}""",
    "phone": """{% extends "phone.html" %}{% block title %}スマートフォンの登録{% endblock %}{% block content %}<img class="hero-picture" src="/static/pictures/phone-fingerprint.svg" alt="">
<h1>指紋や顔で、このスマートフォンを登録します</h1><p>署名に使う鍵はこのスマートフォンから出ません。指紋や顔の情報が送られることもありません。</p>
{% include "parts/buttons.html" with label="登録する" back_url="/" back_label="あとにする" %}<img src="/static/pictures/computer-phone.svg" alt="">{% endblock %}""",
    "desk": """{% extends "desk/layout.html" %}{% block keys %}<div><dt><kbd>n</kbd></dt><dd>次の案件</dd></div>{% endblock %}{% block content %}
<div class="desk-bar"><ul class="desk-counts"><li><a href="/q1" aria-current="page">審査待ち<b>12</b></a></li><li><a href="/q2">審査中<b>3</b></a></li><li><a href="/q3">差し戻し中<b>5</b></a></li></ul><a class="button" href="/next" data-key="n">次の案件 <kbd>n</kbd></a></div>
<div class="desk-head"><h1>髙﨑 花子</h1><p class="mono">K7QF-20JP-8MZA</p><p>医師・日本医師会</p><span class="mark mark-care">{% include "parts/icon.html" with name="warning" %}期限まで 2 日</span><span class="mark mark-wrong">{% include "parts/icon.html" with name="error" %}再申請</span></div>
<div class="desk-undo"><p>差し戻しました。あと 8 秒は取り消せます。</p><form method="post"><button class="button button-secondary">取り消す</button></form></div>
<div class="desk-case"><div class="desk-data">
<section class="desk-section"><h2>申請の内容</h2><dl class="desk-list">{% for row in rows %}{% if row.value %}<div class="desk-row{% if row.changed %} is-changed{% endif %}"><dt>{{ row.term }}</dt><dd>{% if row.changed %}<del class="desk-before">東京都千代田区</del>{% endif %}{{ row.value }}</dd></div>{% endif %}{% endfor %}</dl></section>
<section class="desk-section"><h2>確認の項目</h2>{% for word in checks %}<fieldset class="desk-check"><legend>{{ word }}</legend><div class="desk-answers"><span><input type="radio" name="c{{ forloop.counter }}" id="c{{ forloop.counter }}a" value="pass"{% if forloop.first %} checked{% endif %}><label for="c{{ forloop.counter }}a">適合</label></span><span><input type="radio" name="c{{ forloop.counter }}" id="c{{ forloop.counter }}b" value="fail"{% if forloop.last %} checked{% endif %}><label for="c{{ forloop.counter }}b">不適合</label></span><span><input type="radio" name="c{{ forloop.counter }}" id="c{{ forloop.counter }}c" value="not_applicable"><label for="c{{ forloop.counter }}c">該当なし</label></span></div></fieldset>{% endfor %}</section>
<section class="desk-section"><h2>自動の確認</h2><ul class="desk-findings"><li class="finding finding-good">{% include "parts/icon.html" with name="success" %}<div><p>申請の署名</p><p class="finding-why">署名用電子証明書は有効です（2026年11月20日 12:05）</p></div><span class="finding-word">適合</span></li><li class="finding finding-care">{% include "parts/icon.html" with name="warning" %}<div><p>顔写真の明るさ</p><p class="finding-why">暗い部分が多くなっています</p></div><span class="finding-word">要確認</span></li><li class="finding finding-wrong">{% include "parts/icon.html" with name="error" %}<div><p>登録番号の重なり</p><p class="finding-why">同じ番号の申請があります</p></div><span class="finding-word">不適合</span></li></ul></section></div>
<div class="desk-documents"><div class="desk-viewers desk-viewers-pair">{% include "desk/viewer.html" with name="顔写真" url="/static/pictures/photo-good.svg" facts="JPEG、縦 1,200 × 横 900" %}{% include "desk/viewer.html" with name="身分証" url="/static/pictures/identity.svg" %}</div></div></div>
<section class="desk-section"><h2>経過</h2><ol class="desk-timeline"><li><time>2026-11-20 12:05</time><span>申請者</span><span>申請を送りました</span></li><li><time>2026-11-20 12:06</time><span>システム</span><span>自動の確認を終えました</span></li></ol></section>
<div class="desk-decide"><p class="desk-why">確認の項目が 1 つ残っているため、承認に進めません。</p><form method="post"><button class="button button-danger">却下</button><button class="button button-secondary">差し戻す</button><button class="button" disabled>承認を推薦する</button></form></div>{% endblock %}""",
}


def context(**more: object) -> dict[str, object]:
    return {
        "form": SampleForm(), "steps": STEPS, "tasks": TASKS, "rows": ROWS, "events": EVENTS, "notices": NOTICES,
        "heads": ["認証局", "申請できる方", "費用", "期間"],
        "table": [["日本医師会", "医師", "当面の間 0 円", "約 2 か月"], ["MEDIS", "医師・歯科医師・薬剤師", "26,950 円", "約 1 か月"]],
        "title": "案件", "site_header": "Inkan 審査", "checks": ["顔写真は旅券用の規格に合う（正面・無帽・無背景・6か月以内）", "身分証は4種のいずれかで、有効期限内である", "身分証の顔と顔写真は同じ人である"], "has_permission": True, "request": RequestFactory().get("/"),
        "kept": {"url": "/static/pictures/photo-good.svg", "name": "kao.jpg", "detail": "縦 1,200 × 横 900 ピクセル、0.8 MB"}, **more,
    }


def rendered() -> dict[str, str]:
    """Every sample page by its path, as the product would send it."""
    wrong = SampleForm(data={"family": "", "authority": "x", "note": "", "postal": "1"}, files={})
    made = {f"/{name}": engines["django"].from_string(source).render(context(steps=STEPS if name in ("form", "upload", "check") else None))
            for name, source in PAGES.items()}
    made["/wrong"] = engines["django"].from_string(PAGES["form"]).render(context(form=wrong))
    made["/wrong-upload"] = engines["django"].from_string(PAGES["upload"]).render(context(form=wrong))
    for code in ("400", "403", "403_csrf", "404", "405", "408", "413", "429", "500", "503"):
        made[f"/error-{code}"] = engines["django"].get_template(f"errors/{code}.html").render({})
    return made


def serve(browser_context: Any, pages: Mapping[str, str]) -> None:
    """Answers the context's requests from `pages` and from the static files, with the product's CSP; nothing else exists."""

    def answer(route: Any) -> None:
        path = route.request.url.removeprefix(ORIGIN).split("?")[0].split("#")[0]
        if path in pages:
            return route.fulfill(status=200, body=pages[path], headers={"content-type": "text/html; charset=utf-8", "content-security-policy": CSP})
        found = finders.find(path.removeprefix("/static/")) if path.startswith("/static/") else None
        if found:
            kind = mimetypes.guess_type(str(found))[0] or "application/octet-stream"
            return route.fulfill(status=200, body=Path(str(found)).read_bytes(), headers={"content-type": kind})
        return route.fulfill(status=404, body="")

    browser_context.route("**/*", answer)
