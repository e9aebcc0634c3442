"""What a person is told of their certificate's life: N13, N14, renewal, new certificates (ST-35, CA-11, BD-12).

The inbox says all and the mail only that there is something to read (ST-16). A holder of an HPKI card without an
account has no inbox: the mail to the address that the authority's register knows says where to look (BD-12). All of
these are about what a person may sign with, so they are mailed whatever is ticked (DQ-28).
"""

import json
from datetime import datetime
from typing import Protocol

from django.conf import settings

from enrollment import authorities
from enrollment.flow import OrderKind
from enrollment.models import Applicant, CardHolder, CertificateOrder
from enrollment.notices import telling
from ledger import clock
from outbox import mails, notices
from signing import links
from signing.credentials import Facts

ME, CARD = "/me/", "/card/"
REASONS = {
    "key_compromise": "鍵が他人に使われたおそれがある（端末の紛失など）",
    "affiliation_changed": "氏名などの記載内容が変わった",
    "superseded": "新しい電子証明書に替わった",
    "cessation_of_operation": "利用をやめた",
    "privilege_withdrawn": "資格または利用の条件を満たさなくなった",
    "unspecified": "その他",
}
KINDS = {
    OrderKind.RENEWAL: "電子証明書の更新",
    OrderKind.NAME_CHANGE: "氏名の変更による電子証明書の発行",
    OrderKind.CARD_HOLDER: "HPKIセカンド電子証明書の発行",
}


class Person(Protocol):
    """Whom it concerns, as enrollment.orders.subjects knows them."""

    @property
    def facts(self) -> Facts: ...
    @property
    def applicant(self) -> Applicant | None: ...
    @property
    def holder(self) -> CardHolder | None: ...


def revoked(person: Person) -> None:
    """N13 証明書失効: why, what follows, how to get another one."""
    facts = person.facts
    body = (
        f"電子証明書を失効しました。この電子証明書では、もう署名できません。\n"
        f"証明書の番号：{facts.serial}\n理由：{REASONS.get(facts.reason, REASONS['unspecified'])}\n\n"
        "失効は取り消せません。これまでの署名と「署名の記録」はそのまま残ります。\n"
        f"もう一度利用するときは、{_again(person)}\n"
        f"お心当たりがない場合は、すぐに{_contact(facts.authority)}へご連絡ください。"
    )
    tell(person, "n13", "電子証明書を失効しました", body, "電子証明書が失効しました。", f"{facts.public_id}")


def suspended(person: Person, mark: str) -> None:
    """A security notice: everything has stopped, and how it goes on."""
    body = (
        "電子証明書を一時停止しました。再開するまで、署名も本人確認もできません。\n\n"
        f"再開または失効：{settings.ORIGIN}/me/stopped/\n"
        "登録済みのマイナンバーカード、または一時停止に使ったスマートフォンで本人確認をします。\n"
        f"お心当たりがない場合は、{_contact(person.facts.authority)}へご連絡ください。"
    )
    tell(person, "suspended", "電子証明書を一時停止しました", body, "電子証明書が一時停止されました。", mark)


def resumed(person: Person, mark: str) -> None:
    """A security notice: signing works again."""
    body = (
        "電子証明書の一時停止を解除しました。ふたたび署名できます。\n\n"
        f"お心当たりがない場合は、すぐに「あなたの電子署名」のページ（{settings.ORIGIN}{ME}）で一時停止し、"
        f"{_contact(person.facts.authority)}へご連絡ください。"
    )
    tell(
        person, "resumed", "電子証明書の利用を再開しました", body, "電子証明書の利用が再開されました。", mark
    )


def expired(person: Person) -> None:
    """The certificate has ended by its date and was not renewed."""
    body = (
        "電子証明書の有効期限が過ぎました。この電子証明書では、もう署名できません。\n"
        f"もう一度利用するときは、{_again(person)}"
    )
    tell(person, "expired", "電子証明書の有効期限が過ぎました", body, "電子証明書の有効期限が過ぎました。",
          f"{person.facts.public_id}")  # fmt: skip


def renewal_due(person: Person, at: datetime) -> None:
    """Ninety and thirty days before the end (issue 4 item 7)."""
    not_after = person.facts.not_after
    if not_after is None:
        return
    last = clock.today(not_after)
    left = (last - clock.today(at)).days
    body = (
        f"電子証明書の有効期限まで、あと{left}日です。\n有効期限：{telling.day(last)}\n\n"
        f"更新は「あなたの電子署名」のページ（{settings.ORIGIN}{ME}）から申し込めます。"
        "登録済みのマイナンバーカードまたはスマートフォンで本人確認をしてください。\n"
        "新しい電子証明書が発行されるまで、いまの電子証明書をそのまま利用できます。"
        "登録した端末とマイナンバーカードは、新しい電子証明書に引き継がれます。\n"
        "有効期限を過ぎると更新できず、あらためて申請が必要です。"
    )
    mark = f"{person.facts.public_id}:{90 if left > 30 else 30}"
    tell(person, "renewal", "電子証明書の更新のご案内", body, "電子証明書の有効期限が近づいています。", mark)


def card_ended(person: Person, mark: str) -> None:
    """N14 (ST-35): the registered 利用者証明書 has ended; its successor must be registered again (001 annex 1)."""
    body = (
        "登録されているマイナンバーカードの利用者証明用電子証明書の有効期限が過ぎました。"
        "このマイナンバーカードでは、本人確認ができなくなっています。\n\n"
        "市区町村の窓口で電子証明書を更新したあと、新しい電子証明書をもう一度登録してください。\n"
        f"HPKIカードをお持ちの方：{settings.ORIGIN}{CARD}\n"
        f"お持ちでない方：「あなたの電子署名」のページ（{settings.ORIGIN}{ME}）、"
        f"または{_contact(person.facts.authority)}へお問い合わせください。\n"
        "登録済みのスマートフォンによる署名は、引き続き利用できます。"
    )
    title = "マイナンバーカードの再登録のお願い"
    tell(person, "n14", title, body, "マイナンバーカードの再登録が必要です。", mark)


def order_received(person: Person, order: CertificateOrder) -> None:
    body = (
        f"{KINDS[OrderKind(order.kind)]}のお申込みを受け付けました。\n"
        f"{'認証局の審査のあと、' if order.needs_officers else ''}新しい電子証明書を発行し、お知らせします。\n"
        "それまでは、いまの電子証明書をそのまま利用できます。\n\n"
        f"お心当たりがない場合は、すぐに「あなたの電子署名」のページ（{settings.ORIGIN}{ME}）で一時停止し、"
        f"{_contact(order.authority)}へご連絡ください。"
    )
    tell(person, "order", f"{KINDS[OrderKind(order.kind)]}を受け付けました", body,
          "お申込みを受け付けました。", f"{order.public_id}")  # fmt: skip


def order_rejected(person: Person, order: CertificateOrder, reason: str) -> None:
    """The officers' no, with their reason (ST-35)."""
    body = (
        f"{KINDS[OrderKind(order.kind)]}は承認されませんでした。\n理由：{reason}\n\n"
        "いまの電子証明書は、有効期限までそのまま利用できます。\n"
        f"ご不明な点は{_contact(order.authority)}へお問い合わせください。"
    )
    tell(person, "order_rejected", "審査の結果", body, "審査の結果をお知らせします。", f"{order.public_id}")


def order_refused(person: Person, mark: str) -> None:
    """No officer's doing: what is needed is not there any more, or something else is under way."""
    body = (
        "電子証明書のお申込みを進めることができませんでした。\n"
        f"{_contact(person.facts.authority)}へお問い合わせください。"
    )
    tell(
        person,
        "order_refused",
        "お申込みを進められませんでした",
        body,
        "お申込みについてお知らせします。",
        mark,
    )


def new_certificate(person: Person, order: CertificateOrder, link: links.NewLink | None) -> None:
    """The new certificate stands; what has come over, and the link where there is no phone (as N5, ST-15)."""
    facts, secret = person.facts, ""
    until = f"有効期限：{telling.day(clock.today(facts.not_after))}\n" if facts.not_after else ""
    lines = [f"新しい電子証明書を発行しました。\n本人ID：{facts.person_id}\n{until}"]
    if order.former is not None:
        lines.append(
            "これまでの電子証明書は失効しました。登録した端末とマイナンバーカードは引き継がれています。\n"
            "今日の本人確認は終わりました。次に署名するときに、もう一度本人確認をしてください。"
        )
    if facts.state == "suspended":
        lines.append(
            "電子証明書は一時停止されたままです。\n"
            f"再開：{settings.ORIGIN}/me/stopped/（登録済みのマイナンバーカードで本人確認をします）"
        )
    if link is not None:
        secret = json.dumps({"url": f"{settings.ORIGIN}{link.url_path}", "password": link.password})
        lines.append(
            "スマートフォンで署名するときは、下のURLをスマートフォンで開き、パスワードを入力して登録してください。\n"
            f"URLの有効期限：{telling.until(link.expires_at)}"
        )
    tell(person, "new_certificate", "新しい電子証明書を発行しました", "\n\n".join(lines),
          "新しい電子証明書が発行されました。", f"{facts.public_id}", secret)  # fmt: skip


def holder_received(holder: CardHolder, mark: str) -> None:
    _mail(holder, "HPKIセカンド電子証明書のお申込みを受け付けました。", mark)


def holder_refused(holder: CardHolder, mark: str) -> None:
    _mail(holder, "HPKIセカンド電子証明書のお申込みについてお知らせがあります。", mark)


def tell(
    person: Person,
    kind: str,
    title: str,
    body: str,
    mail: str,
    mark: str,
    secret: str = "",
    *,
    is_reminder: bool = False,
) -> None:
    """Inbox and bare mail for an account; for a holder without one the bare mail alone. Told once per mark.

    A reminder is mailed only to those who want to be reminded (DQ-28).
    """
    dedupe, applicant = f"{kind}:{mark}", person.applicant
    if applicant is None:
        if person.holder is not None:
            _mail(person.holder, mail, dedupe)
        return
    about = str(person.facts.public_id)
    notices.post(applicant.public_id, kind, title, body, secret=secret, about=about, dedupe=dedupe)
    is_wanted = applicant.wants_reminders or not is_reminder
    if is_wanted and applicant.email and applicant.email_verified_at is not None:
        text = f"{mail}\n\n{telling.PORTAL}\n{settings.ORIGIN}/status/\n"
        mails.send(applicant.email, title, text, kind=kind, about=about, dedupe=dedupe)


def _mail(holder: CardHolder, words: str, mark: str) -> None:
    if holder.email:
        text = f"{words}\n\n詳しくは、HPKIカードで本人確認をしてご確認ください。\n{settings.ORIGIN}{CARD}\n"
        mails.send(holder.email, "HPKI電子証明書からのお知らせ", text, kind="card_holder",
                   about=str(holder.public_id), dedupe=f"holder:{mark}")  # fmt: skip


def _again(person: Person) -> str:
    if person.applicant is None:
        return f"HPKIカードで本人確認をして、もう一度お申し込みください（{settings.ORIGIN}{CARD}）。"
    return f"ポータル（{settings.ORIGIN}/）からあらためて申請してください。"


def _contact(authority: str) -> str:
    row = authorities.authority(authority)
    return f"{row.name}（{row.site}）"
