"""Links, phones and the My Number Card that opens the day: N6 to N9 and N15 to N18 (form-rules ST-34, ST-36, ST-37).

Everything stands in the inbox; the mail says only that there is something (ST-16). Reminders (N6, N15) respect
通知を受け取る, what concerns security is always mailed (DQ-28). Each mark names the link, phone or card, so that a
second one is told of and a repeated message is not.
"""

import json
from datetime import datetime
from uuid import UUID

from django.conf import settings

from enrollment import authorities
from enrollment.models import Application, CardHolder
from enrollment.notices import telling
from ledger import clock
from outbox import mails
from signing import links

ME = f"{settings.ORIGIN}/me/"
_STILL = "マイナンバーカードによる署名は利用できます。"
_NOT_ME = (
    "お心当たりがない場合は、すぐに次のページにマイナンバーカードで入り、"
    "「端末の登録と削除」で取り消すか、電子証明書を一時停止して、認証局へご連絡ください。\n"
    f"{ME}"
)


def link_sent(
    application: Application, new: links.NewLink, at: datetime, *, by_signer: bool, about: str
) -> None:
    """A new link (ST-24, BD-15): like N5, with the note of what it may cost. The clear text stands nowhere else."""
    who = "お申し出により、" if by_signer else "認証局が、"
    note = authorities.link_reissue_note(application.authority, clock.today(at))
    body = (
        f"{who}スマートフォン登録用の新しいURLを発行しました。以前のURLとパスワードは使えません。\n"
        "下のURLをスマートフォンのブラウザで開き、パスワードを入力して登録してください。\n"
        f"URLの有効期限：{telling.until(new.expires_at)}\n\n{_STILL}\n{note}\n\n"
        "お心当たりがない場合は、登録せずに認証局へご連絡ください。"
    )
    telling.tell(
        application,
        "link_again",
        f"【{application.receipt_number}】スマートフォン登録用の新しいURL",
        body,
        "スマートフォン登録用の新しいURLが発行されました。",
        secret=json.dumps({"url": f"{settings.ORIGIN}{new.url_path}", "password": new.password}),
        about=about,
        mark=f"link_again:{new.public_id}",
    )


def link_ends(application: Application, link: links.OpenLink, days: int, at: datetime) -> None:
    """N6 URL期限: 30 days and 7 days before (ST-34)."""
    body = (
        f"スマートフォン登録用のURLの期限まで、あと{days}日です。\n期限：{telling.until(link.expires_at)}\n\n"
        "スマートフォンで署名する方は、期限までに登録してください。登録は任意です。\n"
        f"{_STILL}\n\n期限を過ぎると、URLの再発行が必要です。{_note(application, at)}"
    )
    telling.tell(
        application,
        "n6",
        "スマートフォン登録用のURLの期限が近づいています",
        body,
        "スマートフォン登録用のURLの期限が近づいています。",
        about=str(application.credential),
        is_reminder=True,
        mark=f"n6:{link.public_id}:{days}",
    )


def link_expired(application: Application, link: UUID, at: datetime) -> None:
    """N7 URL期限切れ, with the text of ST-19."""
    body = (
        f"スマートフォン登録用のURLの期限が過ぎました。このURLは、もう使えません。\n{_STILL}\n\n"
        f"{again(application, at)}"
    )
    telling.tell(
        application,
        "n7",
        "スマートフォン登録用のURLの期限が過ぎました",
        body,
        "スマートフォン登録用のURLの期限が過ぎました。",
        about=str(application.credential),
        mark=f"n7:{link}",
    )


def link_locked(application: Application, link: UUID, at: datetime) -> None:
    """N17 (ST-37): it cannot be unlocked; how to get a new one, and that it may cost (domain.md 2.3)."""
    body = (
        "パスワードを5回間違えたため、スマートフォン登録用のURLを停止しました。"
        f"停止したURLは、元に戻せません。\n{_STILL}\n\n{again(application, at)}\n\n"
        "お心当たりがない場合は、URLとパスワードがほかの人に知られていないか確かめ、認証局へご連絡ください。"
    )
    telling.tell(
        application,
        "n17",
        "登録用のURLが停止されました",
        body,
        "登録用のURLが停止されました。",
        about=str(application.credential),
        mark=f"n17:{link}",
    )


def phone_bound(application: Application, phone: links.Phone) -> None:
    """N8 スマートフォン登録完了 (ST-34): time and kind of device, and the way back for whom it was not."""
    body = (
        f"スマートフォンが登録されました。\n端末：{phone.label}\n登録日時：{telling.moment(phone.bound_at)}\n\n"
        f"{_NOT_ME}\n登録から24時間以内に取り消すと、それまでの端末が再び使えるようになります。"
    )
    telling.tell(
        application,
        "n8",
        "スマートフォンの登録が完了しました",
        body,
        "スマートフォンが登録されました。",
        about=str(application.credential),
        mark=f"n8:{phone.public_id}",
    )


def phone_ended(application: Application, phone: links.Phone) -> None:
    """N9 登録変更 (ST-34): replaced by another phone, or removed; it can no longer authenticate."""
    is_replaced = phone.state == "replaced"
    what = (
        "スマートフォンの登録が変更されました。" if is_replaced else "スマートフォンの登録が削除されました。"
    )
    ended_at = phone.ended_at or phone.bound_at
    still = "" if is_replaced else f"{_STILL}\n"
    body = (
        f"{what}\n使えなくなった端末：{phone.label}\n日時：{telling.moment(ended_at)}\n\n"
        f"この端末では、もう本人確認ができません。\n{still}\n{_NOT_ME}"
    )
    telling.tell(
        application,
        "n9",
        what.rstrip("。"),
        body,
        what,
        about=str(application.credential),
        mark=f"n9:{phone.public_id}:{ended_at.isoformat()}",
    )


def phone_stopped(application: Application, phone: links.Phone) -> None:
    """The counter went back: perhaps somebody has a copy of the phone's key (WebAuthn Level 3, section 6.1.1)."""
    body = (
        f"登録した端末（{phone.label}）の本人確認を停止しました。\n"
        "同じ鍵が別の場所でも使われたおそれがあるためです。\n\n"
        f"{_STILL}端末は、登録し直すと使えるようになります。\n{_NOT_ME}"
    )
    telling.tell(
        application,
        "phone_stopped",
        "スマートフォンによる本人確認を停止しました",
        body,
        "スマートフォンによる本人確認を停止しました。",
        about=str(application.credential),
        mark=f"phone_stopped:{phone.public_id}",
    )


def card_ends(application: Application, not_after: datetime, days: int, about: str) -> None:
    """N15 (ST-36): after its renewal the certificate must be registered again; both ways to do it (BD-03, BD-14)."""
    last = telling.day(clock.today(not_after))
    body = (
        f"登録されているマイナンバーカードの利用者証明用電子証明書が、{last}に期限を迎えます（{days}日前のお知らせ）。\n\n"
        "電子証明書やカードを更新すると、これまでの登録では本人確認ができなくなります。"
        "更新したあとに、もう一度登録してください。\n"
        "・HPKIカードをお持ちの方：「HPKIカードをお持ちの方」のページで、ご自分で登録できます。\n"
        f"{settings.ORIGIN}/card/\n"
        "・お持ちでない方：「あなたの電子署名」のページで手続きを確かめるか、認証局へお申し出ください。\n"
        f"{ME}"
    )
    telling.tell(
        application,
        "n15",
        "マイナンバーカードの電子証明書の期限が近づいています",
        body,
        "マイナンバーカードの電子証明書の期限が近づいています。",
        about=about,
        is_reminder=True,
        mark=f"n15:{about}:{not_after.isoformat()}:{days}",
    )


def card_bound(application: Application, card: links.Card, about: str) -> None:
    """N16 (ST-37): a My Number Card was registered or replaced."""
    body = (
        f"署名の本人確認に使うマイナンバーカードが登録されました。\n登録日時：{telling.moment(card.bound_at)}\n"
        "それまでに登録されていたカードがあれば、そのカードでは、もう本人確認ができません。\n\n"
        "お心当たりがない場合は、登録したスマートフォンで次のページに入って電子証明書を一時停止し、認証局へご連絡ください。\n"
        f"{ME}"
    )
    telling.tell(
        application,
        "n16",
        "マイナンバーカードが登録されました",
        body,
        "署名に使うマイナンバーカードが登録されました。",
        about=about,
        mark=f"n16:{about}:{card.bound_at.isoformat()}",
    )


def qr_shown(application: Application, link: links.ByNumbers) -> None:
    """N18 (ST-37, BD-13): a QR code was made by the two numbers printed on the HPKI card, without the card."""
    body = (
        "HPKIカードの券面の番号で、スマートフォン登録用のQRコードが発行されました。\n"
        f"日時：{telling.moment(link.shown_at)}\n\n{_NOT_ME}"
    )
    telling.tell(
        application,
        "n18",
        "スマートフォン登録用のQRコードが発行されました",
        body,
        "スマートフォン登録用のQRコードが発行されました。",
        about=str(application.credential),
        mark=f"n18:{link.public_id}",
    )


def holder_of_phone(person: CardHolder, phone: links.Phone) -> None:
    """N8 and N9 for a holder of an HPKI card without an account."""
    holder(person, "スマートフォンが登録されました。", f"n8:{phone.public_id}")
    words = {
        "replaced": "スマートフォンの登録が変更されました。",
        "removed": "スマートフォンの登録が削除されました。",
        "stopped": "スマートフォンによる本人確認を停止しました。",
    }.get(phone.state)
    if words and phone.ended_at:
        holder(person, words, f"n9:{phone.public_id}:{phone.ended_at.isoformat()}")


def holder(person: CardHolder, words: str, mark: str) -> None:
    """A bare mail to the address that the authority's register knows (BD-12): what, and where to look."""
    if person.email:
        where = f"{settings.ORIGIN}/card/\n"
        text = f"{words}\n\nお心当たりがない場合は、HPKIカードで本人確認をしてご確認ください。\n{where}"
        mails.send(
            person.email,
            "HPKI電子証明書からのお知らせ",
            text,
            kind="card_holder",
            about=str(person.public_id),
            dedupe=f"holder:{mark}",
        )


def again(application: Application, at: datetime) -> str:
    """ST-19: card holders make a QR code themselves, the others ask for a new link, possibly at a fee (BD-15)."""
    return (
        "スマートフォンを登録するには：\n"
        "・HPKIカードをお持ちの方：「HPKIカードをお持ちの方」のページで、ご自分でQRコードを作れます。\n"
        f"{settings.ORIGIN}/card/\n"
        "・お持ちでない方：「あなたの電子署名」のページにマイナンバーカードで入って新しいURLを受け取るか、"
        f"認証局へお申し出ください。\n{ME}\n{_note(application, at)}"
    )


def _note(application: Application, at: datetime) -> str:
    return authorities.link_reissue_note(application.authority, clock.today(at))
