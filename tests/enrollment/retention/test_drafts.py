"""A draft is kept thirty days after its last change, and whoever left it is told a week before (ST-21)."""

from datetime import timedelta

import pytest

from enrollment import drafts
from enrollment.errors import Refused
from enrollment.models import Applicant, Application, SealedPin, Statement, StepAnswers, TimelineEntry
from ledger.models import Entry
from outbox.models import Mail, Notice
from tests.enrollment.retention.rows import attach, draft, jst, run, seal
from vault import files

BEGUN = jst(2027, 1, 1, 15, 30)
LAST_MOMENT = jst(2027, 1, 31, 23, 59, 59)
TOO_LATE = jst(2027, 2, 1)


@pytest.mark.requirement("ST-21")
@pytest.mark.django_db(transaction=True)
def test_thirty_days_after_the_last_change_everything_of_a_draft_is_gone_and_its_owner_reads_why() -> None:
    application = draft(BEGUN)
    public_id, owner = application.public_id, application.applicant
    assert run("draft", LAST_MOMENT) == 0
    assert len(list(files.names())) == 2

    assert run("draft", TOO_LATE) == 1
    for model in (Application, StepAnswers, Statement, SealedPin, TimelineEntry):
        assert model.objects.count() == 0, model
    assert list(files.names()) == []
    assert Applicant.objects.get() == owner
    entry = Entry.objects.get(kind="retention.draft")
    assert (entry.subject, entry.actor_kind, entry.data) == (str(public_id), "system", {"files": 1})
    notice = Notice.objects.get(owner=owner.public_id)
    assert "消去" in notice.title
    assert Mail.objects.count() == 0

    assert run("draft", TOO_LATE) == 0
    assert Entry.objects.filter(kind="retention.draft").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["answer", "file", "pin", "application"])
def test_any_change_begins_the_thirty_days_anew(change: str) -> None:
    application = draft(BEGUN)
    changed = BEGUN + timedelta(days=10)
    if change == "answer":
        application.answers.create(step="home", data={"values": {}}, saved_at=changed)
    elif change == "file":
        attach(application, changed, "identity")
    elif change == "pin":
        SealedPin.objects.all().delete()
        seal(application, changed)
    else:
        Application.objects.update(changed_at=changed)
    assert run("draft", TOO_LATE) == 0
    assert run("draft", LAST_MOMENT + timedelta(days=10)) == 0
    assert run("draft", TOO_LATE + timedelta(days=10)) == 1


@pytest.mark.django_db
def test_nothing_but_a_draft_goes_by_this_rule() -> None:
    application = draft(BEGUN)
    Application.objects.update(state="submitted")
    assert run("draft", TOO_LATE + timedelta(days=900)) == 0
    assert Application.objects.get() == application


@pytest.mark.django_db
def test_a_week_before_the_owner_is_told_once_in_the_inbox_and_by_a_mail_without_data() -> None:
    application = draft(BEGUN)
    assert run("draft_reminder", jst(2027, 1, 24, 23, 59)) == 0
    assert run("draft_reminder", jst(2027, 1, 25)) == 1
    assert run("draft_reminder", jst(2027, 1, 25, 1)) == 0
    notice = Notice.objects.get(owner=application.applicant.public_id)
    assert "2027年1月31日まで" in notice.body
    mail = Mail.objects.get()
    assert mail.recipient == application.applicant.email
    assert "2027" not in mail.body.replace("localhost", "")
    assert Entry.objects.get(kind="retention.draft_reminder").subject == str(application.public_id)


@pytest.mark.django_db
def test_who_goes_on_writing_is_told_again_before_the_new_end() -> None:
    application = draft(BEGUN)
    assert run("draft_reminder", jst(2027, 1, 25)) == 1
    Application.objects.update(changed_at=jst(2027, 1, 26, 9))
    assert run("draft_reminder", jst(2027, 2, 1)) == 0
    assert run("draft_reminder", jst(2027, 2, 19)) == 1
    bodies = [row.body for row in Notice.objects.filter(owner=application.applicant.public_id)]
    assert any("2027年2月25日まで" in body for body in bodies)


@pytest.mark.django_db
@pytest.mark.parametrize("traits", [{"wants_reminders": False}, {"email_verified_at": None}, {"email": ""}])
def test_no_reminder_by_mail_without_the_wish_and_a_confirmed_address(traits: dict[str, object]) -> None:
    draft(BEGUN, **traits)
    assert run("draft_reminder", jst(2027, 1, 25)) == 1
    assert (Notice.objects.count(), Mail.objects.count()) == (1, 0)


@pytest.mark.django_db
def test_a_draft_that_is_due_already_is_not_announced_any_more() -> None:
    draft(BEGUN)
    assert run("draft_reminder", TOO_LATE) == 0


@pytest.mark.django_db
def test_whoever_saves_at_the_moment_of_the_erasure_is_refused_in_words_not_with_a_crash() -> None:
    application = draft(BEGUN)
    loaded = Application.objects.get(pk=application.pk)
    assert run("draft", TOO_LATE) == 1
    with pytest.raises(Refused, match="not_now"):
        drafts.save(loaded, "home", raw={}, values=None, version=0, at=TOO_LATE)
