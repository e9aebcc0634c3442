"""What the applicant is told, and by which door: the inbox says all, the mail only that there is something to read.

Texts N1, N3, N4, N5, N10, N11 of form-rules ST-30 to ST-37 (N2 is `applicants.emails`); a mail holds no
personal data (ST-16). 通知を受け取る off stops reminders (N4) only: results and security are always mailed (DQ-28).
"""

import json
from datetime import datetime

from django.conf import settings

from enrollment import authorities, flow
from enrollment.models import Applicant, Application
from enrollment.notices import telling
from enrollment.notices.telling import PORTAL
from outbox import mails, notices

NUMBERS = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫"  # as the source manual counts its steps


def received(application: Application, at: datetime) -> None:
    """N1 受付 (ST-30): number, authority, date, how to look up the status."""
    authority = authorities.authority(application.authority).name
    title = f"【{application.receipt_number}】医療等分野の電子署名利用申請を受け付けました"
    body = (
        f"受付番号：{application.receipt_number}\n申請先：{authority}\n受付日時：{telling.moment(at)}\n\n"
        "これから認証局が審査します。\n"
        "審査の状況は、このサイトにマイナンバーカードでログインし、「申請状況」のページでいつでも確認できます。"
    )
    telling.tell(application, "n1", title, body, "申請を受け付けました。")


def returned(application: Application, reasons: list[str], until: datetime) -> None:
    """N3 再提出依頼 (ST-32): which item, the reason, where to fix it, until when."""
    items = application.return_items.filter(round=application.round).order_by("pk")
    pages = {item.note or item.code: _page(item.step) for item in items}
    lines = "\n".join(f"・{reason}{_where(pages.get(reason, ''))}" for reason in reasons)
    body = (
        f"次の項目の修正をお願いします。\n{lines}\n\n"
        "「申請状況」のページの「修正する項目を見る」から直し、もう一度署名して提出してください。\n"
        f"期限：{telling.until(until)}\n期限を過ぎると、申請は取下げになります。"
    )
    telling.tell(
        application,
        "n3",
        f"【{application.receipt_number}】修正のお願い",
        body,
        "申請内容の修正をお願いします。",
    )


def _page(slug: str) -> str:
    row = flow.STEP.get(slug)
    return f"{NUMBERS[row.number - 1]} {row.title}" if row else ""


def _where(page: str) -> str:
    return f"（直す手順：{page}）" if page else ""


def return_reminder(application: Application, again: str = "") -> None:
    """N4 期限前 (ST-32): by the clock seven days before the end of 再提出依頼; by an officer on a day `again`."""
    if application.return_until is None:
        return
    body = (
        f"修正をお願いしている申請の期限が近づいています。\n期限：{telling.until(application.return_until)}\n\n"
        "「申請状況」のページの「修正する項目を見る」から直し、もう一度署名して提出してください。\n"
        "期限を過ぎると、申請は取下げになり、添付された画像は消去されます。"
    )
    telling.tell(
        application,
        "n4",
        f"【{application.receipt_number}】修正の期限が近づいています",
        body,
        "修正の期限が近づいています。",
        is_reminder=True,
        mark=f"n4:{application.public_id}:{application.round}:{again}" if again else "",
    )


def completed(
    application: Application,
    link: str,
    password: str,
    expires_at: datetime,
    about: str,
    *,
    person_id: str,
) -> None:
    """N5 審査完了 (ST-33): link and password stand encrypted in the inbox notice and in no mail (ST-15, ST-16).

    With the 本人ID, which the person will check on the pages that bind a phone or a card (BD-17).
    """
    body = (
        "審査が完了しました。電子署名には、次の2つの方法があります。\n\n"
        "1. マイナンバーカードで署名する\nいまから利用できます。登録は要りません。\n\n"
        "2. スマートフォンで署名する\n"
        "下のURLをスマートフォンのブラウザで開き、パスワードを入力して登録すると、指紋や顔の確認だけで署名できます。\n"
        f"URLの有効期限：{telling.until(expires_at)}\n\n"
        f"あなたの本人ID：{person_id}\n登録の画面で、この本人IDが表示されることを確かめてください。"
    )
    secret = json.dumps({"url": f"{settings.ORIGIN}{link}", "password": password})
    telling.tell(
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
    telling.tell(
        application,
        "n10",
        f"【{application.receipt_number}】審査の結果",
        body,
        "審査の結果をお知らせします。",
    )


def withdrawn(application: Application) -> None:
    """N11 取下げ受付 (ST-35)."""
    body = (
        "申請の取下げを受け付けました。\n添付された画像とHPKIカードの暗証番号は消去しました。\n"
        "あらためて申請することもできます。"
    )
    telling.tell(
        application,
        "n11",
        f"【{application.receipt_number}】申請を取り下げました",
        body,
        "取下げを受け付けました。",
    )


def address_changed(applicant: Applicant, former: str, at: datetime) -> None:
    """A security notice (DQ-28): in the inbox, and by mail to the address that was given up, whatever is ticked."""
    title = "メールアドレスが変更されました"
    said = f"お知らせを受け取るメールアドレスが変更されました。\n変更日時：{telling.moment(at)}"
    warning = "お心当たりがない場合は、マイナンバーカードの一時利用停止の手続きをし、申請先の認証局へご連絡ください。"
    body = f"{said}\n\n{warning}"
    about, mark = str(applicant.public_id), f"address:{applicant.public_id}:{at.isoformat()}"
    notices.post(applicant.public_id, "address", title, body, about=about, dedupe=mark)
    text = f"{said}\n\n{PORTAL}\n{settings.ORIGIN}/status/\n"
    mails.send(former, title, text, kind="address", about=about, dedupe=mark)
