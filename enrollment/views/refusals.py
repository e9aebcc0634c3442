"""The translator of this door (law 5): a refusal's code to what is wrong, why, and what to do now."""

from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from enrollment.errors import Refused
from enrollment.steps.question import Words
from enrollment.views.door import note_refusal


class Refusal(NamedTuple):
    """`back` is the name of the address where the person goes on, "" for the page the refusal came from."""

    what: Words
    why: Words
    now: Words
    back: str = ""
    action: Words = lazy("もう一度読み取る")
    whom: Words = ""


MUNICIPALITY = lazy("住民票のある市区町村の窓口")
UNLOCKED = lazy("再設定が済んだので、もう一度読み取る")
START, TASKS, STATUS, CHECK, NEW_NAME = "start", "tasks", "status", "check", "new_name"

WORDS = {
    "phone_certificate": Refusal(
        lazy(
            "医療等分野の電子署名利用申請は、スマホ用電子証明書に対応していないため、利用できません。"
            "マイナンバーカードを利用して再度ログインしてください。"
        ),
        lazy("※ 申請状況照会には利用できません。"),
        lazy("マイナンバーカード（プラスチックのカード）を用意して、もう一度読み取ってください。"),
    ),
    "reader_cancelled": Refusal(
        lazy("カードの読み取りを中止しました。"),
        lazy("読み取りの途中で「やめる」が押されました。"),
        lazy("入力した内容は保存されています。用意ができたら、もう一度読み取ってください。"),
    ),
    "reader_wrong_pin": Refusal(
        lazy("暗証番号が違います。"),
        lazy("入力された暗証番号が、カードの番号と一致しませんでした。"),
        lazy(
            "どの暗証番号かを確かめて、もう一度読み取ってください。続けて間違えると、カードが使えなくなります。"
        ),
    ),
    "reader_locked_authenticate": Refusal(
        lazy("利用者証明用電子証明書の暗証番号（数字4桁）が使えなくなっています。"),
        lazy("3回続けて間違えたため、カードがこの暗証番号を受け付けません。残り0回です。"),
        lazy(
            "市区町村の窓口で、利用者証明用の暗証番号の再設定（初期化）を受けてください。手続きのあと、もう一度読み取ってください。"
            "途中の申請は残っています。何度読み取っても、カードは使えるようになりません。"
        ),
        action=UNLOCKED,
        whom=MUNICIPALITY,
    ),
    "reader_locked_read_attributes": Refusal(
        lazy("券面事項入力補助用の暗証番号（数字4桁）が使えなくなっています。"),
        lazy("3回続けて間違えたため、カードがこの暗証番号を受け付けません。残り0回です。"),
        lazy(
            "市区町村の窓口で、券面事項入力補助用の暗証番号の再設定（初期化）を受けてください。手続きのあと、この手順から続けられます。"
            "入力した内容は保存されています。"
        ),
        action=UNLOCKED,
        whom=MUNICIPALITY,
    ),
    "reader_locked_sign": Refusal(
        lazy("署名用電子証明書の暗証番号（英数字6〜16文字）が使えなくなっています。"),
        lazy("5回続けて間違えたため、カードがこの暗証番号を受け付けません。残り0回です。"),
        lazy(
            "市区町村の窓口で再設定（初期化）を受けてください。スマートフォンのアプリで予約して、コンビニの端末で再設定することもできます。"
            "手続きのあと、ここに戻って署名してください。入力した内容は保存されています。"
        ),
        action=UNLOCKED,
        whom=MUNICIPALITY,
    ),
    "reader_removed": Refusal(
        lazy("読み取りの途中でカードが離れました。"),
        lazy("最後まで読み取れませんでした。暗証番号の残り回数は減っていません。"),
        lazy("カードをセットしたまま動かさずに、もう一度読み取ってください。"),
    ),
    "reader_error": Refusal(
        lazy("カードを読み取れませんでした。"),
        lazy("カードリーダーかカードが応答しませんでした。"),
        lazy("カードの向きとカードリーダーの接続を確かめて、もう一度読み取ってください。"),
    ),
    "reading_unreadable": Refusal(
        lazy("カードリーダーからの返事を読み取れませんでした。"),
        lazy("届いた内容が、決められた形になっていません。"),
        lazy("もう一度読み取ってください。何度も続くときは、ブラウザーを開き直してください。"),
        TASKS,
    ),
    "reading_unknown": Refusal(
        lazy("この読み取りは、このブラウザーで始めたものではありません。"),
        lazy("別のブラウザーで始めたか、ブラウザーのCookieが消されています。"),
        lazy("このブラウザーで、はじめからカードを読み取ってください。"),
        TASKS,
    ),
    "reading_spent": Refusal(
        lazy("この読み取りは、すでに使われたか、時間が過ぎています。"),
        lazy("1回の読み取りの結果は、10分以内に1回だけ使えます。"),
        lazy("入力した内容は保存されています。もう一度読み取ってください。"),
        TASKS,
    ),
    "authentication_revoked": Refusal(
        lazy("このカードの利用者証明用電子証明書は失効しています。"),
        lazy("カードの更新、住所の変更、利用の停止などで失効することがあります。"),
        lazy("市区町村の窓口で電子証明書の発行を受けてから、もう一度お進みください。"),
        whom=MUNICIPALITY,
    ),
    "authentication_not_checked": Refusal(
        lazy("カードの電子証明書の有効性を、いま確認できません。"),
        lazy("失効していないことを確認する仕組みに、一時的につながりません。"),
        lazy("時間をおいて、もう一度お試しください。"),
        whom=lazy("このサイトの運用担当"),
    ),
    "authentication_error": Refusal(
        lazy("カードの利用者証明用電子証明書を確認できませんでした。"),
        lazy("電子証明書の期限切れか、このサイトで使えない種類のカードです。"),
        lazy("電子証明書の有効期限を確かめ、切れているときは市区町村の窓口で更新してください。"),
        whom=MUNICIPALITY,
    ),
    "signature_revoked": Refusal(
        lazy("このカードの署名用電子証明書は失効しています。"),
        lazy("氏名や住所が変わると、署名用電子証明書は自動的に失効します。"),
        lazy(
            "市区町村の窓口で署名用電子証明書の発行を受けてから、ここに戻って署名してください。入力した内容は保存されています。"
        ),
        whom=MUNICIPALITY,
    ),
    "signature_not_checked": Refusal(
        lazy("署名用電子証明書の有効性を、いま確認できません。"),
        lazy("失効していないことを確認する仕組みに、一時的につながりません。"),
        lazy("入力した内容は保存されています。時間をおいて、もう一度署名してください。"),
        whom=lazy("このサイトの運用担当"),
    ),
    "signature_error": Refusal(
        lazy("署名を確認できませんでした。"),
        lazy("署名用電子証明書の期限切れか、署名がこの申請の内容と一致しません。"),
        lazy(
            "電子証明書の有効期限を確かめてから、もう一度署名してください。入力した内容は保存されています。"
        ),
        whom=MUNICIPALITY,
    ),
    "qr_wrong_number": Refusal(
        lazy("選んだ数字は、パソコンの画面の数字と違います。"),
        lazy("ほかの人が作ったQRコードで読み取ってしまうのを防ぐため、このQRコードは使えなくしました。"),
        lazy(
            "ご自分のパソコンで始めたときは、パソコンの画面でQRコードを作り直してください。"
            "メールやメッセージで届いたQRコードやURLのときは、何もせずにこの画面を閉じてください。"
        ),
        action=lazy("最初の画面へ"),
        whom=lazy("このサイトの運用担当"),
    ),
    "qr_gone": Refusal(
        lazy("このQRコードは、もう使えません。"),
        lazy("10分が過ぎたか、すでに使われたか、パソコンの画面で取り消されています。"),
        lazy(
            "パソコンの画面でQRコードを作り直して、スマートフォンで開いてください。入力した内容は保存されています。"
        ),
        action=lazy("最初の画面へ"),
        whom=lazy("このサイトの運用担当"),
    ),
    "other_card": Refusal(
        lazy("ログインに使用したマイナンバーカードをセットしてください"),
        lazy("ログインのときと違うカードが読み取られました。"),
        lazy(
            "ログインに使ったカードに取り替えて、もう一度読み取ってください。入力した内容は保存されています。"
        ),
    ),
    "other_person": Refusal(
        lazy("署名用電子証明書の内容が、読み取った本人情報と一致しません。"),
        lazy("氏名・生年月日・性別・住所のどれかが、カードの券面の情報と違います。"),
        lazy("市区町村の窓口でカードの情報を更新してから、もう一度④の読み取りからお進みください。"),
        whom=MUNICIPALITY,
    ),
    "statement_changed": Refusal(
        lazy("署名する内容が変わりました。"),
        lazy("署名の前に申請の内容が変更されたか、別の画面で送信されました。"),
        lazy("入力内容の確認から、もう一度お進みください。"),
        TASKS,
        lazy("申請の手順へ戻る"),
    ),
    "unchanged": Refusal(
        lazy("修正をお願いした項目が、まだ1つも変わっていません。"),
        lazy("前回と同じ内容では、同じ理由でもう一度お返しすることになります。"),
        lazy(
            "申請の手順の「修正をお願いします」の一覧から直してください。"
            "直す必要がないと思われるときは、申請先の認証局にお問い合わせください。"
        ),
        TASKS,
        lazy("修正する項目を見る"),
    ),
    "authority_closed": Refusal(
        lazy("選んだ申請先では、いまこの資格の申請を受け付けていません。"),
        lazy("申請先の受付の期間が変わりました。"),
        lazy("国家資格と申請先を選び直してください。入力した内容は保存されています。"),
        TASKS,
        lazy("申請の手順へ戻る"),
    ),
    "incomplete": Refusal(
        lazy("まだ終わっていない手順があります。"),
        lazy("あとから変更した内容に合わせて、もう一度確認が必要な手順があります。"),
        lazy("申請の手順で「未」「途中」の項目をお進めください。"),
        TASKS,
        lazy("申請の手順へ戻る"),
    ),
    "pending": Refusal(
        lazy("審査中の申請があるため、新しい申請はできません。"),
        lazy("同じ方の申請は、審査が終わるまで1件だけです。"),
        lazy("申請状況のページで、審査の状況を確認してください。"),
        STATUS,
        lazy("申請状況を見る"),
    ),
    "already_issued": Refusal(
        lazy("すでに電子証明書が発行されています。"),
        lazy("マイナンバーカードを使う電子署名を申請できる国家資格は、お一人につき1つです。"),
        lazy("申請状況のページで、発行された電子証明書を確認してください。"),
        STATUS,
        lazy("申請状況を見る"),
    ),
    "not_now": Refusal(
        lazy("いまは、この操作はできません。"),
        lazy("申請の状態が、ほかの画面や審査の進みで変わりました。"),
        lazy("申請状況のページで、いまの状態を確認してください。"),
        STATUS,
        lazy("申請状況を見る"),
    ),
    "no_certificate": Refusal(
        lazy("氏名を変更できる電子証明書がありません。"),
        lazy("電子証明書がまだ発行されていないか、失効したか、有効期限が過ぎています。"),
        lazy("申請状況のページで確認してください。電子証明書がないときは、新しい氏名で申請できます。"),
        STATUS,
        lazy("申請状況を見る"),
    ),
    "certificate_suspended": Refusal(
        lazy("電子証明書が一時停止されています。"),
        lazy("一時停止の間は、氏名の変更を申し込めません。"),
        lazy("「あなたの電子署名」のページで利用を再開してから、もう一度お進みください。"),
        "signing:stopped",
        lazy("利用を再開する"),
    ),
    "order_open": Refusal(
        lazy("この電子証明書について、ほかの申込みの手続きが進んでいます。"),
        lazy("1つの電子証明書について、申込みは一度に1件だけです。"),
        lazy("いまの申込みの結果のお知らせが届いてから、もう一度お進みください。"),
        STATUS,
        lazy("申請状況を見る"),
    ),
    "nothing_changed": Refusal(
        lazy("氏名は変わっていません。"),
        lazy("カードの氏名が、いまの電子証明書の氏名と同じです。"),
        lazy(
            "氏名が変わったときは、先に市区町村の窓口でマイナンバーカードの氏名を変更し、署名用電子証明書の発行を受けてください。"
            "ローマ字だけを変えたいときは、申請先の認証局にお問い合わせください。"
        ),
        STATUS,
        lazy("申請状況を見る"),
    ),
    "name_not_proven": Refusal(
        lazy("カードの内容から、氏名の変更を確認できませんでした。"),
        lazy(
            "氏名・生年月日・性別・住所のどれかが、署名用電子証明書といまの電子証明書、カードの券面の情報とで違います。"
        ),
        lazy(
            "氏名の変更のあとに署名用電子証明書の発行を受けたか確かめてください。入力した内容は保存されています。"
            "カードの内容が変わったときは、カードの読み取りからお進みください。"
        ),
        "new_name_card",
        lazy("カードを読み取る"),
        MUNICIPALITY,
    ),
    "name_statement_changed": Refusal(
        lazy("署名する内容が変わりました。"),
        lazy("署名の前に、別の画面で内容が変更されたか、署名が済みました。"),
        lazy("氏名の変更の画面で、いまの内容を確かめてください。"),
        NEW_NAME,
        lazy("氏名の変更の画面へ"),
    ),
    "pin_cannot_be_sealed": Refusal(
        lazy("HPKIカードの暗証番号を、いまお預かりできません。"),
        lazy(
            "暗証番号を封印するための、申請先の証明書が設定されていません。入力された番号は保存していません。"
        ),
        lazy("時間をおいて、もう一度お試しください。ほかの手順は先に進められます。"),
        TASKS,
        lazy("申請の手順へ戻る"),
        lazy("このサイトの運用担当"),
    ),
}

CODES = ("code_wrong", "code_gone")


def code_sentence(refused: Refused) -> str:
    """What is wrong with a confirmation code, beside its field."""
    if refused.code == "code_gone":
        return _(
            "この確認コードは使えません（10分を過ぎたか、5回まちがえました）。「確認コードを再送する」を押してください。"
        )
    return _("確認コードが違います。メールに書かれた6桁の数字を入力してください（あと%(left)s回）。") % {
        "left": refused.detail.get("tries_left", 0)
    }


def wait_sentence(code: str, seconds: int) -> str:
    """When the next confirmation code can be sent (DQ-20)."""
    if code == "code_too_often":
        minutes = -(-seconds // 60)
        return _("確認コードは1時間に5回まで送れます。あと%(minutes)s分待つと再送できます。") % {
            "minutes": minutes
        }
    return _("あと%(seconds)s秒待つと再送できます。") % {"seconds": seconds}


def page(request: HttpRequest, refused: Refused, *, back: str = "") -> HttpResponse:
    """The refusal as a page of its own; `back` is where the person tries again. A visit that only asks is no error."""
    if request.method == "POST":
        note_refusal(request, refused.code, refused.detail.get("problem", ""))
    exact = f"{refused.code}_{refused.detail.get('operation', '')}"
    words = WORDS.get(exact) or WORDS.get(refused.code, WORDS["not_now"])
    left = refused.detail.get("tries_left")
    tries = _("あと%(left)s回まちがえると使えなくなります。") % {"left": left} if left else ""
    asked = refused.detail.get("asked")
    context = {
        "refusal": words,
        "asked": [_(str(label)) for label in asked] if isinstance(asked, list) else [],
        "tries": tries,
        "action_url": reverse(words.back) if words.back else back or reverse(TASKS),
        "errors": True,
    }
    return render(
        request, "enrollment/refused.html", context, status=409 if request.method == "POST" else 200
    )
