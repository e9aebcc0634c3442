"""Done jobs, sent mails and old notices go by the timetable; what keeps a thing from happening twice stays."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction

from ledger import clock, erasure
from ledger.models import Entry
from outbox import jobs, mails, notices
from outbox.models import Job, Mail, Notice
from outbox.retention import TIMETABLE

pytestmark = pytest.mark.django_db
RULES = {rule.name: rule for rule in TIMETABLE}


def run(name: str) -> int:
    outcome = erasure.carry_out(RULES[name], clock.now())
    assert outcome.failed == 0
    return outcome.erased


def _mail() -> Mail:
    with transaction.atomic():
        return mails.send(
            "a@example.jp", "確認コード", "確認コード：123456", kind="n2", about="x", dedupe="n2:1"
        )


def test_a_week_after_it_was_sent_a_mail_has_neither_address_nor_body(later: Callable[..., None]) -> None:
    mail = _mail()
    mails.deliver(str(mail.public_id))
    later(days=6, hours=23)
    assert run("mail") == 0
    assert [row.body for row in mails.all_sent()] == ["確認コード：123456"]
    later(hours=2)
    assert run("mail") == 1
    mail.refresh_from_db()
    assert (mail.recipient, mail.body, mail.kind) == ("", "", "n2")
    assert mail.sent_at is not None
    assert mails.all_sent() == []
    assert run("mail") == 0
    assert Entry.objects.get().data == {"count": 1}
    assert _mail().pk == mail.pk  # the same cause does not mail twice


def test_a_mail_that_never_left_is_emptied_after_ninety_days_and_never_sent(
    later: Callable[..., None],
) -> None:
    mail = _mail()
    later(days=89)
    assert run("mail") == 0
    later(days=2)
    assert run("mail") == 1
    mails.deliver(str(mail.public_id))
    mail.refresh_from_db()
    assert mail.sent_at is None


def test_only_done_jobs_go_and_only_after_thirty_days(later: Callable[..., None]) -> None:
    with transaction.atomic():
        for number in range(4):
            jobs.enqueue("kind", f"subject-{number}")
    for row, state in zip(Job.objects.order_by("pk"), Job.State.values, strict=True):
        Job.objects.filter(pk=row.pk).update(state=state)
    later(days=29)
    assert run("job") == 0
    later(days=2)
    assert run("job") == 1
    assert set(Job.objects.values_list("state", flat=True)) == {"ready", "leased", "failed"}


def test_a_notice_is_kept_five_years(later: Callable[..., None]) -> None:
    notices.post(uuid.uuid4(), "n1", "受付", "本文")
    later(days=5 * 365)
    assert run("notice") == 0
    later(days=10)
    assert run("notice") == 1
    assert Notice.objects.count() == 0


def test_a_mail_is_not_emptied_while_it_waits(later: Callable[..., None]) -> None:
    mail = _mail()
    later(days=30)
    assert run("mail") == 0
    mail.refresh_from_db()
    assert mail.body
    assert clock.now() - mail.created_at > timedelta(days=29)
