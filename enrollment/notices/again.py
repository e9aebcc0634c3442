"""A new link by an officer (BD-15, ST-24): like N5, with the note of what a new link may cost."""

import json
from datetime import datetime

from django.conf import settings

from enrollment import authorities
from enrollment.models import Application
from enrollment.notices import telling
from ledger import clock


def link_sent(
    application: Application, link: str, password: str, expires_at: datetime, *, about: str, at: datetime
) -> None:
    """Link and password stand encrypted in this notice and nowhere else; the mail says only that it is there."""
    note = authorities.link_reissue_note(application.authority, clock.today(at))
    body = (
        "認証局が、スマートフォン登録用の新しいURLを発行しました。以前のURLとパスワードは使えません。\n"
        "下のURLをスマートフォンのブラウザで開き、パスワードを入力して登録してください。\n"
        f"URLの有効期限：{telling.until(expires_at)}\n\n{note}\n\n"
        "お心当たりがない場合は、登録せずに認証局へご連絡ください。"
        "マイナンバーカードによる署名は引き続き利用できます。"
    )
    secret = json.dumps({"url": f"{settings.ORIGIN}{link}", "password": password})
    telling.tell(
        application,
        "link_again",
        f"【{application.receipt_number}】スマートフォン登録用の新しいURL",
        body,
        "スマートフォン登録用の新しいURLが発行されました。",
        secret=secret,
        about=about,
        mark=f"link_again:{about}:{at.isoformat()}",
    )
