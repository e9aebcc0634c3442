"""Something waits for its signer's approval (issue 5 point 3): that it does, which system asks, and until when.

Not a result and no security notice: 通知を受け取る off stops the mail (DQ-28). The inbox names the system, the mail
nothing (ST-16), and neither says what is to be signed. How often at most is signing's word (`waiting_news`).
"""

from django.conf import settings

from enrollment.notices import certificate, telling
from signing.authorising.waiting_news import Waits

LOOK = "/me/approvals/"


def told(person: certificate.Person, waits: Waits) -> None:
    """Told once per approval, by its own id."""
    where = f"{settings.ORIGIN}{LOOK}"
    body = (
        "あなたの承認を待っている署名の依頼があります。\n"
        f"依頼したシステム：{waits.caller}\n依頼の日時：{telling.moment(waits.asked_at)}\n"
        f"期限：{telling.moment(waits.expires_at)}\n\n"
        f"内容を見て、承認するか、断ってください：{where}\n"
        "登録したスマートフォン、マイナンバーカード、またはHPKIカードで本人確認をします。"
        "期限を過ぎた依頼では、署名は作られません。\n\n"
        "覚えのない依頼は、断ってください。"
    )
    mail = f"署名の承認を待っている依頼があります。\n承認するか断る：{where}"
    title = "署名の承認を待っている依頼があります"
    mark = str(waits.public_id)
    certificate.tell(person, "approval_waiting", title, body, mail, mark, is_reminder=True)
