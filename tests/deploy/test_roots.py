"""The clock keeps the audit log's daily root outside the database; figures and `doctor` say where one is missing."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django.fixtures import Settings

from deploy import environment, figures, tasks
from deploy.management.commands import doctor
from ledger import apart, clock, daily, log
from ledger.models import DailyRoot, Entry
from outbox import chores
from outbox.models import ChoreRecord, Mail
from tests.ledger import keys

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("RV-11")]
KEY = keys.elliptic()


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """The product's clock stands three hours after a midnight, before which something happened."""
    settings.LEDGER_ROOTS = tmp_path / "roots"
    midnight = clock.end_of_day(clock.today(clock.now()))
    with transaction.atomic():
        log.append("case.viewed", actor=log.SYSTEM, subject="case-1")
    settings.CLOCK_OFFSET += midnight + timedelta(hours=3) - clock.now()
    return tmp_path / "roots"


def close_yesterday() -> DailyRoot:
    return daily.close_day(clock.today(clock.now()) - timedelta(days=1), KEY.sign, KEY.pem)


def figure(name: str) -> str:
    (line,) = [line for line in figures.exposition().splitlines() if line.startswith(f"{name} ")]
    return line.split()[1]


def test_a_root_that_is_late_is_an_alarm_until_it_is_there(folder: Path) -> None:
    assert figure("inkan_ledger_root_days_behind") == "1"
    assert any("1 days late" in line for line in doctor._ledger())
    close_yesterday()
    assert figure("inkan_ledger_root_days_behind") == "0"
    assert figure("inkan_ledger_roots_not_kept") == "1"
    assert any("1 roots of the audit log are not kept" in line for line in doctor._ledger())
    tasks._keep_roots(clock.now())
    assert figure("inkan_ledger_roots_not_kept") == "0"
    assert list(doctor._ledger()) == []


def test_the_clock_keeps_the_root_and_mails_it_once(folder: Path, settings: Settings) -> None:
    settings.ROOTS_MAIL = "auditor@example.jp"
    row = close_yesterday()
    for _ in range(2):
        tasks._keep_roots(clock.now())
    (kept,) = apart.read(folder / apart.NAME)
    assert kept.is_of(row)
    mail = Mail.objects.get()
    assert mail.recipient == "auditor@example.jp"
    assert row.statement in mail.body and row.key_pem in mail.body
    settings.CLOCK_OFFSET += timedelta(days=60)
    tasks._keep_roots(clock.now())  # the mail's row may be gone by now: it is not made anew
    assert Mail.objects.count() == 1


def test_without_an_address_nothing_is_mailed() -> None:
    close_yesterday()
    tasks._keep_roots(clock.now())
    assert not Mail.objects.exists()


def test_a_changed_log_makes_the_clocks_own_look_fail_and_doctor_says_so(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    close_yesterday()
    assert chores.carry_out(tasks.DAY) == []
    Entry.objects.update(subject="case-9")
    for _ in range(doctor.FAILED_OFTEN):
        assert chores.carry_out(tasks.DAY) == ["audit log since its last roots"]
    assert "AuditBroken" in caplog.text
    record = ChoreRecord.objects.get(name="audit log since its last roots")
    assert record.failures == doctor.FAILED_OFTEN
    assert any("audit log since its last roots" in line for line in doctor._chores())


def test_a_folder_that_cannot_be_read_is_told_in_words(folder: Path) -> None:
    (folder / apart.NAME).mkdir(parents=True)
    assert figure("inkan_ledger_roots_not_kept") == "-1"
    assert any("INKAN_ROOTS" in line for line in doctor._ledger())


@pytest.mark.parametrize("value", ["auditor", "a@b@c", "a b@example.jp", "a@example.jp,b@example.jp", "@"])
def test_an_odd_address_stops_the_start(value: str) -> None:
    with pytest.raises(environment.EnvironmentRefused, match="INKAN_ROOTS_MAIL: must be one mail address"):
        environment.read({"INKAN_ROOTS_MAIL": value})
