"""Codes, readings, sessions and a link's clear text go a day after they end; stored files without a row too."""

import os
import uuid
from datetime import timedelta

import pytest
from pytest_django import Settings

from enrollment.models import (
    ApplicantSession,
    Application,
    Attachment,
    CardReading,
    EmailCode,
    PhoneReading,
    UnsentForm,
)
from ledger.models import Entry
from outbox import notices
from outbox.models import Notice
from signing import reconciliation
from tests.enrollment.retention.rows import RULES, applicant, attach, draft, jst, run
from vault import files

AT = jst(2026, 12, 1, 9)
DAY = timedelta(days=1)


@pytest.mark.django_db
def test_a_code_is_forgotten_a_day_after_it_has_run_out() -> None:
    person = applicant(AT)
    person.email_codes.create(
        address="a@example.jp", code_digest=b"d" * 32, created_at=AT, expires_at=AT + timedelta(minutes=10)
    )
    assert run("email_code", AT + DAY) == 0
    assert run("email_code", AT + DAY + timedelta(minutes=10)) == 1
    assert EmailCode.objects.count() == 0
    assert Entry.objects.get().data == {"count": 1}


@pytest.mark.django_db
def test_readings_and_sessions_are_forgotten_a_day_after_their_end() -> None:
    person = applicant(AT)
    certificate = person.certificates.get()
    common = {"certificate": certificate, "created_at": AT}
    ended = person.sessions.create(token_digest=b"1" * 32, last_seen_at=AT, ended_at=AT, **common)
    idle = person.sessions.create(token_digest=b"2" * 32, last_seen_at=AT, **common)
    living = person.sessions.create(token_digest=b"3" * 32, last_seen_at=AT + 2 * DAY, **common)
    for session in (ended, idle, living):
        CardReading.objects.create(
            purpose="sign_in", browser_digest=b"b" * 32, session=session, challenge=b"c" * 32, expires_at=AT
        )
    assert run("applicant_session", AT + DAY) == 1
    assert set(ApplicantSession.objects.all()) == {idle, living}
    assert run("applicant_session", AT + DAY + timedelta(minutes=30)) == 1
    assert set(ApplicantSession.objects.all()) == {living}
    assert CardReading.objects.count() == 1
    assert run("card_reading", AT + DAY) == 1
    assert CardReading.objects.count() == 0


@pytest.mark.django_db
def test_a_links_clear_text_does_not_outlive_the_link_even_where_the_news_of_its_end_was_lost() -> None:
    owner = uuid.uuid4()
    row = notices.post(owner, "n5", "審査完了", "本文", secret="{}", about="credential")
    Notice.objects.update(created_at=jst(2026, 11, 20, 12))  # the link ends with 2027-02-20
    assert run("link_secret", jst(2027, 2, 20, 23, 59)) == 0
    assert notices.secret_of(owner, row.public_id) == "{}"
    assert run("link_secret", jst(2027, 2, 27)) == 1
    assert notices.secret_of(owner, row.public_id) == ""
    row.refresh_from_db()
    assert (row.body, row.secret_erased_at is not None) == ("本文", True)


@pytest.mark.django_db
def test_what_a_phone_read_and_nobody_fetched_is_gone_when_its_question_has_run_out() -> None:
    reading = CardReading.objects.create(
        purpose="attributes", browser_digest=b"b" * 32, challenge=b"c" * 32, expires_at=AT
    )
    phone = {"token": "t", "token_digest": b"t" * 32, "number": 12, "numbers": [12, 34, 56], "asked_by": "PC"}
    row = PhoneReading.objects.create(reading=reading, answer="見本花子", asked_at=AT, **phone)
    assert run("phone_answer", AT - timedelta(seconds=1)) == 0
    assert run("phone_answer", AT) == 1
    row.refresh_from_db()
    assert row.answer is None
    assert run("phone_answer", AT) == 0


@pytest.mark.django_db
def test_what_was_sent_too_late_and_never_taken_up_is_gone_after_its_hour() -> None:
    applicant(AT).unsent_forms.create(step="home", raw={"a": ["b"]}, sent_at=AT, expires_at=AT + DAY / 24)
    assert run("unsent_form", AT) == 0
    assert run("unsent_form", AT + DAY / 24) == 1
    assert UnsentForm.objects.count() == 0


# --- stored files without a row -----------------------------------------------------------------------------------


def _touch_at(name: str, seconds: float) -> None:
    os.utime(files._path(name), (seconds, seconds))


@pytest.mark.django_db(transaction=True)
def test_a_file_without_a_row_is_told_at_once_and_removed_after_a_day(settings: Settings) -> None:
    kept = attach(draft(AT), AT, "identity")
    lost, fresh = files.save(b"lost between save and commit"), files.save(b"being uploaded now")
    leftover = settings.STORAGE_ROOT / "incoming" / "tmp-half"
    leftover.write_bytes(b"half")
    old = AT.timestamp() - 86_401
    for name in files.names():
        if name != fresh:
            _touch_at(name, old)
    os.utime(leftover, (old, old))
    os.utime(files._path(fresh), (AT.timestamp() - 3600,) * 2)

    told = {found.subject for found in reconciliation._files()[1] if found.what == "file_without_row"}
    assert told == {lost, fresh}
    assert run("orphaned_file", AT) == 1
    assert set(files.names()) == {fresh, *Attachment.objects.values_list("original_file", flat=True)} | set(
        Attachment.objects.values_list("shown_file", flat=True)
    )
    assert files.read(kept.original_file)
    assert not leftover.exists()
    assert Entry.objects.get().data == {"count": 1}
    assert run("orphaned_file", AT) == 0


@pytest.mark.django_db(transaction=True)
def test_a_product_whose_clock_is_ahead_does_not_take_a_new_file_for_an_old_one(settings: Settings) -> None:
    settings.CLOCK_OFFSET = timedelta(days=60)
    name = files.save(b"being uploaded now")
    moment = jst(2026, 1, 1).fromtimestamp(files._path(name).stat().st_mtime, AT.tzinfo)
    assert run("orphaned_file", moment + timedelta(days=60, hours=23)) == 0
    assert run("orphaned_file", moment + timedelta(days=61, seconds=1)) == 1
    assert list(files.names()) == []


@pytest.mark.django_db(transaction=True)
def test_a_crash_between_commit_and_erasure_is_made_good_by_the_next_day() -> None:
    application = draft(AT)
    names = set(files.names())
    Application.objects.filter(pk=application.pk).delete()  # as if the process died before on_commit ran
    for name in names:
        _touch_at(name, AT.timestamp())
    assert run("orphaned_file", AT + 2 * DAY) == 1
    assert list(files.names()) == []


def test_every_rule_says_what_after_which_event_how_long_and_on_whose_word() -> None:
    for rule in RULES.values():
        assert all((rule.what, rule.after, rule.period, rule.remains, rule.source)), rule.name
    assert len(RULES) >= 15


@pytest.mark.django_db
def test_readings_that_a_flood_of_visits_left_go_in_one_run() -> None:
    """A visitor without a card makes one by looking at the sign-in page: more an hour than other rules take."""
    CardReading.objects.bulk_create(
        CardReading(purpose="sign_in", browser_digest=b"b" * 32, challenge=b"c" * 32, expires_at=AT)
        for _number in range(12_000)
    )
    assert run("card_reading", AT + DAY) == 3
    assert not CardReading.objects.exists()
    assert [entry.data["count"] for entry in Entry.objects.order_by("pk")] == [5_000, 5_000, 2_000]
