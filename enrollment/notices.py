"""What the applicant is told, and by which door: the inbox says all, the mail only that there is something to read.

Texts N1, N3, N5, N8, N10, N11, N17 of form-rules ST-30 to ST-37; a mail holds no personal data (ST-16).
"""

import json
from datetime import datetime

from django.conf import settings

from enrollment import authorities
from enrollment.models import Application
from ledger import clock
from ledger.clock import JST
from outbox import mails, notices

PORTAL = "申請状況と全文は、ポータルの「お知らせ」でご確認ください。"


def _moment(at: datetime) -> str:
    local = at.astimezone(JST)
    return f"{local.year}年{local.month}月{local.day}日 {local.hour}時{local.minute:02d}分"


def _until(end: datetime) -> str:
    """24:00 of a day is that day to a reader, not the next one's midnight."""
    day = clock.last_day(end)
    return f"{day.year}年{day.month}月{day.day}日まで"


def _tell(
    application: Application,
    kind: str,
    title: str,
    body: str,
    mail: str,
    *,
    secret: str = "",
    about: str = "",
) -> None:
    """One inbox notice and, where the address is confirmed, one mail; a repeated call tells nothing twice."""
    applicant = application.applicant
    mark = f"{kind}:{about or application.public_id}:{application.round}"
    notices.post(
        applicant.public_id,
        kind,
        title,
        body,
        secret=secret,
        about=about or str(application.public_id),
        dedupe=mark,
    )
    if applicant.email and applicant.email_verified_at is not None:
        text = f"{mail}\n\n{PORTAL}\n{settings.ORIGIN}/status/\n"
        mails.send(applicant.email, title, text, kind=kind, about=str(application.public_id), dedupe=mark)


def received(application: Application) -> None:
    """N1 受付 (ST-30)."""
    authority = authorities.authority(application.authority).name
    title = f"【{application.receipt_number}】医療等分野の電子署名利用申請を受け付けました"
    body = (
        f"受付番号：{application.receipt_number}\n申請先：{authority}\n"
        "これから認証局が審査します。審査の状況は「申請状況」のページでいつでも確認できます。"
    )
    _tell(application, "n1", title, body, "申請を受け付けました。")


def returned(application: Application, reasons: list[str], until: datetime) -> None:
    """N3 再提出依頼 (ST-32): which item, why, where to fix it, until when."""
    lines = "\n".join(f"・{reason}" for reason in reasons)
    body = (
        f"次の項目の修正をお願いします。\n{lines}\n\n"
        f"「申請状況」のページから修正し、もう一度署名して提出してください。期限：{_until(until)}"
    )
    _tell(
        application,
        "n3",
        f"【{application.receipt_number}】修正のお願い",
        body,
        "申請内容の修正をお願いします。",
    )


def completed(application: Application, link: str, password: str, expires_at: datetime, about: str) -> None:
    """N5 審査完了 (ST-33): link and password stand encrypted in the inbox notice and in no mail (ST-15, ST-16)."""
    body = (
        "審査が完了しました。\n"
        "マイナンバーカードによる電子署名は、いまから利用できます。\n"
        "スマートフォンの生体認証で署名するには、下のURLをスマートフォンのブラウザで開き、パスワードを入力して登録してください。\n"
        f"URLの有効期限：{_until(expires_at)}"
    )
    secret = json.dumps({"url": f"{settings.ORIGIN}{link}", "password": password})
    _tell(
        application,
        "n5",
        f"【{application.receipt_number}】審査が完了しました",
        body,
        "審査が完了しました。",
        secret=secret,
        about=about,
    )


def rejected(application: Application, reason: str) -> None:
    """N10 不承認 (ST-35), with the reason and whom to ask."""
    authority = authorities.authority(application.authority)
    body = (
        f"申請は承認されませんでした。\n理由：{reason}\n\n"
        f"ご不明な点は{authority.name}（{authority.site}）へお問い合わせください。あらためて申請することもできます。"
    )
    _tell(
        application,
        "n10",
        f"【{application.receipt_number}】審査の結果",
        body,
        "審査の結果をお知らせします。",
    )


def withdrawn(application: Application) -> None:
    """N11 取下げ受付 (ST-35)."""
    body = "申請の取下げを受け付けました。添付ファイルは消去されます。あらためて申請することもできます。"
    _tell(
        application,
        "n11",
        f"【{application.receipt_number}】申請を取り下げました",
        body,
        "取下げを受け付けました。",
    )


def phone_bound(application: Application, about: str, at: datetime) -> None:
    """N8 スマートフォン登録完了 (ST-34); which device it is stands at /me/."""
    body = (
        f"スマートフォンが登録されました。\n登録日時：{_moment(at)}\n\n"
        "お心当たりがない場合は、すぐに「署名の記録」のページから利用を停止し、認証局へご連絡ください。"
    )
    _tell(
        application,
        "n8",
        "スマートフォンの登録が完了しました",
        body,
        "スマートフォンが登録されました。",
        about=about,
    )


def link_locked(application: Application, about: str) -> None:
    """N17 (ST-37): how to unlock, and that a new link may cost."""
    note = authorities.link_reissue_note(application.authority, clock.today(clock.now()))
    body = (
        "パスワードを5回間違えたため、スマートフォン登録用のURLを停止しました。\n"
        "マイナンバーカードによる署名は引き続き利用できます。\n"
        f"新しいURLが必要なときは認証局へお申し出ください。{note}"
    )
    _tell(
        application, "n17", "登録用のURLが停止されました", body, "登録用のURLが停止されました。", about=about
    )
