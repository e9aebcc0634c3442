"""What the applicant is told when something is about to go, or has gone (ST-13, ST-21, ST-35; decision 31).

A notice in the inbox says all; a mail holds no personal data (ST-16). 通知を受け取る off stops reminders, not news
(DQ-28).
"""

from datetime import date

from django.conf import settings

from enrollment.models import Application
from enrollment.notices.telling import PORTAL
from ledger.clock import last_day
from outbox import mails, notices


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _tell(application: Application, kind: str, mark: str, title: str, body: str) -> None:
    """The inbox notice; a repeated call tells nothing twice."""
    about = str(application.public_id)
    owner = application.applicant.public_id
    notices.post(owner, kind, title, body, about=about, dedupe=f"{kind}:{about}:{mark}")


def _mail(application: Application, kind: str, mark: str, title: str, sentence: str, page: str) -> None:
    applicant, about = application.applicant, str(application.public_id)
    if applicant.email and applicant.email_verified_at is not None:
        text = f"{sentence}\n\n{PORTAL}\n{settings.ORIGIN}{page}\n"
        mails.send(applicant.email, title, text, kind=kind, about=about, dedupe=f"{kind}:{about}:{mark}")


def draft_reminder(application: Application, until: date) -> None:
    """Seven days before a draft is erased (ST-21)."""
    kind, mark, title = "draft_reminder", until.isoformat(), "入力中の申請の保存期限が近づいています"
    body = (
        f"入力中の申請は、{_day(until)}まで保存されます。その後、入力内容と添付画像は消去されます。\n\n"
        "続きを入力すると、その日から30日間保存されます。「申請」のページから、途中から始められます。"
    )
    _tell(application, kind, mark, title, body)
    if application.applicant.wants_reminders:
        sentence = "入力中の申請の保存期限が近づいています。"
        _mail(application, kind, mark, title, sentence, "/apply/")


def draft_erased(application: Application) -> None:
    """The draft is gone; whoever comes back reads why."""
    title = "入力中の申請を消去しました"
    body = (
        "最後の入力から30日が過ぎたため、入力中の申請の内容と添付画像を消去しました。\n\n"
        "申請はいつでも、はじめから入力できます。"
    )
    _tell(application, "draft_erased", "", title, body)


def lapsed(application: Application) -> None:
    """N11, by the deadline instead of by the applicant (ST-13, ST-35)."""
    end = f"（{_day(last_day(application.return_until))}）" if application.return_until else ""
    kind, mark = "n11", str(application.round)
    title = f"【{application.receipt_number}】修正の期限が過ぎ、申請は取下げになりました"
    body = (
        f"修正の期限{end}までに再提出がなかったため、申請は取下げになりました。添付画像は消去されます。\n\n"
        "あらためて申請することができます。はじめから入力してください。"
    )
    _tell(application, kind, mark, title, body)
    _mail(application, kind, mark, title, "修正の期限が過ぎ、申請は取下げになりました。", "/status/")
