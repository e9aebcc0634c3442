"""The whole timetable: by command, by the clock, in the table for users; and the API's own rows."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from deploy import retention, tasks
from deploy.celery import TIMETABLE, app
from ledger import clock, erasure
from ledger.models import Entry
from outbox.models import ChoreRecord
from signing.models import (
    AccessToken,
    Activation,
    ActivationItem,
    AuthorizationCode,
    Credential,
    OAuthClient,
    SigningSession,
)
from tests.enrollment.retention.rows import draft, jst
from tests.support.credentials import active_credential

AT = jst(2026, 12, 1, 9)
ROOT = Path(__file__).parents[2]
RULES = {rule.name: rule for rule in retention.TIMETABLE}


def run(name: str, at: datetime) -> int:
    outcome = erasure.carry_out(RULES[name], at)
    assert outcome.failed == 0
    return outcome.erased


def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("retention", *arguments, stdout=out)
    return out.getvalue()


# --- the command --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_dry_run_tells_what_would_go_and_changes_nothing() -> None:
    application = draft(clock.now() - timedelta(days=40))
    told = command("--dry-run")
    assert "       1  draft: 下書き" in told
    assert len(told.splitlines()) == len(retention.TIMETABLE)
    application.refresh_from_db()
    assert Entry.objects.count() == 0


@pytest.mark.django_db
def test_a_dry_run_can_look_ahead() -> None:
    draft(AT)
    assert "       0  draft: " in command("--dry-run", "--at", "2026-12-31T23:59")
    assert "       1  draft: " in command("--dry-run", "--at", "2027-01-01T00:00")
    with pytest.raises(CommandError, match="dry-run"):
        command("--at", "2027-01-01T00:00")
    with pytest.raises(CommandError, match="moment"):
        command("--dry-run", "--at", "tomorrow")


@pytest.mark.django_db
def test_the_command_does_what_the_clock_does() -> None:
    draft(clock.now() - timedelta(days=40))
    assert "       1  draft" in command()
    assert "       0  draft" in command()
    assert Entry.objects.filter(kind="retention.draft").count() == 1


def test_users_read_the_same_table_as_the_clock() -> None:
    assert retention.table() in (ROOT / "enrollment" / "retention" / "README.md").read_text()


# --- the clock ----------------------------------------------------------------------------------------------------


def test_every_task_of_the_timetable_exists_and_every_rule_is_carried_out_by_one() -> None:
    app.loader.import_default_modules()
    assert {entry.task for entry in TIMETABLE} <= set(app.tasks)
    done = [*tasks.MINUTE, *tasks.HOUR, *tasks.DAY, *retention.HOUR, *retention.DAY]
    names = [chore.name for chore in done]
    assert len(set(names)) == len(names)
    assert {f"retention.{rule.name}" for rule in retention.TIMETABLE} <= set(names)
    assert all(len(name) <= 64 for name in names)


@pytest.mark.django_db
def test_the_hourly_task_erases_what_is_due_and_says_so_in_the_figures() -> None:
    draft(clock.now() - timedelta(days=40))
    tasks.keep_or_erase()
    assert Entry.objects.filter(kind="retention.draft").count() == 1
    assert set(ChoreRecord.objects.values_list("failures", flat=True)) == {0}
    figures = Client().get("/metrics").content.decode()
    assert 'inkan_chore_failures{chore="retention.draft"} 0' in figures
    assert 'inkan_chore_age_seconds{chore="retention.draft"} ' in figures


@pytest.mark.django_db
def test_a_row_that_cannot_be_erased_starves_nothing_and_stands_in_the_figures(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A mail beside it that is due, and a draft whose notice cannot be posted: its text was changed around us."""
    broken, whole = (draft(clock.now() - timedelta(days=40)) for _ in range(2))
    with connection.cursor() as cursor:  # a ciphertext of another key: the address cannot be opened
        cursor.execute(
            "UPDATE enrollment_applicant SET email = %s WHERE id = %s", [b"x", broken.applicant_id]
        )
    tasks.keep_or_erase()
    erased = Entry.objects.filter(kind="retention.draft").values_list("subject", flat=True)
    assert list(erased) == [str(whole.public_id)]
    assert ChoreRecord.objects.get(name="retention.draft").failures == 1
    assert ChoreRecord.objects.exclude(name="retention.draft").filter(failures__gt=0).count() == 0
    assert 'inkan_chore_failures{chore="retention.draft"} 1' in Client().get("/metrics").content.decode()
    assert "draft: a batch is left: CannotOpen" in caplog.text


@pytest.mark.django_db
def test_the_minute_goes_on_without_a_signer(settings: Settings, tmp_path: Path) -> None:
    """No signer process answers here: the hour's two chores fail, each is counted, neither raises."""
    settings.SIGNER_SOCKET = settings.ISSUER_SOCKET = tmp_path / "nobody"  # other tests may have started one
    tasks.minute()
    tasks.hour()
    failed = set(ChoreRecord.objects.filter(failures__gt=0).values_list("name", flat=True))
    assert "daily root of the ledger" in failed
    assert failed <= {"daily root of the ledger", "revocation lists"}


# --- rows of the API and of officers ------------------------------------------------------------------------------


def _session(credential: Credential) -> SigningSession:
    return SigningSession.objects.create(
        token_digest=b"s" * 32, credential=credential, means="authenticator", started_at=AT, expires_at=AT
    )


@pytest.mark.django_db
def test_tokens_go_a_day_after_their_end_and_codes_after_their_tokens() -> None:
    caller = OAuthClient.objects.create(client_id="ehr", secret_digest=b"d" * 32, name="EHR", created_at=AT)
    session = _session(active_credential())
    common = {"client": caller, "session": session, "scope": "service", "created_at": AT}
    code = AuthorizationCode.objects.create(
        code_digest=b"c" * 32,
        redirect_uri="https://ehr.example/",
        code_challenge="x",
        expires_at=AT,
        **common,
    )
    AccessToken.objects.create(
        token_digest=b"t" * 32, code=code, expires_at=AT + timedelta(hours=18), **common
    )
    day_later = AT + timedelta(days=1)
    assert (run("access_token", day_later), run("authorization_code", day_later)) == (0, 0)
    assert run("access_token", day_later + timedelta(hours=18)) == 1
    assert run("authorization_code", day_later) == 1
    assert (AccessToken.objects.count(), AuthorizationCode.objects.count()) == (0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("states", "is_kept"),
    [
        (["authorised", "dead"], False),
        (["authorised", "signed"], True),
        (["failed"], True),
        (["reserved"], True),
    ],
)
def test_an_authorisation_goes_only_where_the_signer_was_never_asked(
    states: list[str], is_kept: bool
) -> None:
    caller = OAuthClient.objects.create(client_id="ehr", secret_digest=b"d" * 32, name="EHR", created_at=AT)
    credential = active_credential()
    activation = Activation.objects.create(
        sad_digest=b"d" * 32,
        credential=credential,
        session=_session(credential),
        client=caller,
        hash_algorithm="sha256",
        created_at=AT,
        expires_at=AT,
    )
    for ordinal, state in enumerate(states):
        activation.items.create(ordinal=ordinal, digest=b"h" * 32, state=state)
    assert run("activation", AT + timedelta(hours=23)) == 0
    assert run("activation", AT + timedelta(days=1)) == (0 if is_kept else 1)
    assert ActivationItem.objects.count() == (len(states) if is_kept else 0)


@pytest.mark.django_db
def test_officers_sessions_go_when_they_have_ended() -> None:
    ended, living = SessionStore(), SessionStore()
    for session in (ended, living):
        session.create()
    Session.objects.filter(pk=ended.session_key).update(expire_date=datetime.now(UTC) - timedelta(seconds=1))
    retention.forget_officers_sessions(clock.now())
    assert [row.pk for row in Session.objects.all()] == [living.session_key]
