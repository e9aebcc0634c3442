import email
import email.policy
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from outbox import jobs, mails
from outbox.models import Job, Mail
from tests.outbox.bells import HANDLERS
from tests.support.faults.smtp import SmtpSink, sink

pytestmark = pytest.mark.django_db(transaction=True)
SUBJECT = "【日本医師会】審査が完了しました：マイページからお受け取りください、髙橋先生の𠮷報です"
BODY = "審査が完了しました。\n.\n" + "長い行" * 400 + "\n"


@pytest.fixture
def smtp(settings: Settings) -> Iterator[SmtpSink]:
    with sink() as server:
        settings.EMAIL_URL = server.url
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


@pytest.fixture(autouse=True)
def _wired() -> None:
    HANDLERS["outbox.mail"] = mails.deliver


def send(**changes: Any) -> Mail:
    words = {"to": "sensei@example.jp", "subject": SUBJECT, "body": BODY, "dedupe": "case-1:done", **changes}
    with transaction.atomic():
        return mails.send(
            words.pop("to"), words.pop("subject"), words.pop("body"), kind="approved", about="case-1", **words
        )


def run_jobs() -> None:
    for job in Job.objects.filter(state="ready"):
        jobs.run(job.pk)


def test_in_the_demo_the_mailbox_shows_what_was_sent() -> None:
    send()
    assert mails.all_sent() == []
    run_jobs()
    (shown,) = mails.all_sent()
    assert (shown.recipient, shown.subject, shown.body) == ("sensei@example.jp", SUBJECT, BODY)


def test_address_and_text_are_not_in_the_database_in_clear() -> None:
    send()
    with connection.cursor() as cursor:
        cursor.execute("SELECT recipient, body FROM outbox_mail")
        recipient, body = (bytes(value) for value in cursor.fetchone())
    assert b"sensei" not in recipient
    assert "審査".encode() not in body


def test_one_cause_sends_one_mail(smtp: SmtpSink) -> None:
    assert send().pk == send().pk
    run_jobs()
    run_jobs()
    mails.deliver(str(Mail.objects.get().public_id))
    assert len(smtp.received) == 1


def test_on_the_wire_it_is_seven_bit_and_reads_as_written(smtp: SmtpSink) -> None:
    mail = send()
    run_jobs()
    (raw,) = smtp.received
    assert raw.isascii()
    assert max(len(line) for line in raw.splitlines()) <= 998
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert message["subject"].strip() == SUBJECT  # a folded header begins on its second line
    assert message["to"] == "sensei@example.jp"
    assert message["message-id"] == f"<{mail.public_id}@localhost>"
    assert message["auto-submitted"] == "auto-generated"
    assert message.get_content() == BODY  # type: ignore[attr-defined]


def test_a_server_that_says_later_gets_it_later(smtp: SmtpSink) -> None:
    smtp.refuse = True
    mail = send()
    run_jobs()
    job = Job.objects.get()
    assert (job.state, mails.all_sent()) == ("ready", [])
    assert "451" in job.last_error
    assert mails.perhaps_doubled() == 0  # it said no: that end is known
    smtp.refuse = False
    Job.objects.update(run_after=job.created_at)
    run_jobs()
    assert [sent.pk for sent in mails.all_sent()] == [mail.pk]


def test_when_the_answer_is_lost_the_copy_bears_the_same_message_id(smtp: SmtpSink) -> None:
    smtp.hang_up = True
    send()
    run_jobs()
    smtp.hang_up = False
    Job.objects.update(run_after=Job.objects.get().created_at)
    run_jobs()
    first, second = (email.message_from_bytes(raw) for raw in smtp.received)
    assert mails.perhaps_doubled() == 1  # counted for good
    assert first["message-id"] == second["message-id"]
    assert first["date"] == second["date"]


@pytest.mark.requirement("RV-10")
def test_a_mail_that_was_taken_is_sent_though_the_goodbye_fails(smtp: SmtpSink) -> None:
    smtp.rude = True
    send()
    run_jobs()
    assert (len(smtp.received), len(mails.all_sent()), mails.perhaps_doubled()) == (1, 1, 0)


@pytest.mark.requirement("RV-10")
@pytest.mark.parametrize("naive", [True, False])
def test_of_eight_that_hand_over_one_mail_one_does(
    naive: bool, smtp: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the lock the fault bites: the server gets several copies."""
    if connection.vendor != "postgresql":
        pytest.skip("the embedded worker is alone")
    if naive:
        monkeypatch.setattr(mails, "_alone", lambda public_id: nullcontext())
    mail, together, odd = send(), threading.Barrier(8), []

    def work() -> None:
        try:
            together.wait(20)
            mails.deliver(str(mail.public_id))
        except mails.HandedOverElsewhere:
            pass
        except Exception as problem:
            odd.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run_jobs()
    assert odd == []
    assert (len(smtp.received) > 1) if naive else (len(smtp.received) == 1)
    assert len(mails.all_sent()) == 1


@pytest.mark.parametrize(
    "words",
    [
        {"subject": "完了\r\nBcc: thief@example.com"},
        {"subject": "完了\n"},
        {"subject": "x" * 201},
        {"to": "a@example.jp\nBcc: thief@example.com"},
        {"to": "a@example.jp, thief@example.com"},
        {"to": "nobody"},
        {"to": ""},
    ],
)
def test_a_header_that_would_break_in_two_is_refused(words: dict[str, str]) -> None:
    with pytest.raises(mails.MailRefused):
        send(**words)
    assert not Mail.objects.exists()
    assert not Job.objects.exists()


def test_an_erased_mail_is_not_sent(smtp: SmtpSink) -> None:
    send()
    assert mails.erase("case-1") == 1
    run_jobs()
    assert smtp.received == []
    assert Job.objects.get().state == "done"
