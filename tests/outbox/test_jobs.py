import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django import Settings

from ledger import clock, log
from ledger.models import Entry
from outbox import jobs, tasks
from outbox.models import Job
from tests.outbox.bells import HANDLERS, RUNG

pytestmark = pytest.mark.django_db(transaction=True)
Later = Callable[..., None]


def enqueue(kind: str = "case.checked", subject: str = "case-1", **options: Any) -> Job:
    with transaction.atomic():
        return jobs.enqueue(kind, subject, **options)


def state(job: Job) -> str:
    job.refresh_from_db()
    return job.state


def test_a_job_outside_a_transaction_is_refused() -> None:
    with pytest.raises(jobs.OutsideTransaction):
        jobs.enqueue("case.checked", "case-1")


def test_the_bell_rings_after_the_commit_and_names_only_the_row() -> None:
    with transaction.atomic():
        job = jobs.enqueue("case.checked", "case-1", queue="review-jma")
        assert RUNG == []
    assert [(job.pk, "review-jma")] == RUNG


def test_a_rolled_back_cause_leaves_neither_row_nor_bell() -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        jobs.enqueue("case.checked", "case-1")
        raise DatabaseError
    assert RUNG == []
    assert not Job.objects.exists()


def test_a_run_hands_the_subject_to_the_handler_of_its_kind() -> None:
    seen: list[str] = []
    HANDLERS["case.checked"] = seen.append
    job = enqueue()
    tasks.run_job(job.pk)
    assert seen == ["case-1"]
    assert state(job) == "done"
    assert job.lease_until is None


def test_a_bell_delivered_twice_has_one_effect() -> None:
    seen: list[str] = []
    HANDLERS["case.checked"] = seen.append
    job = enqueue()
    jobs.run(job.pk)
    jobs.run(job.pk)
    assert seen == ["case-1"]
    assert job.attempts == 0
    assert (state(job), job.attempts) == ("done", 1)


def test_a_bell_during_the_work_has_no_second_effect() -> None:
    seen: list[str] = []

    def handler(subject: str) -> None:
        seen.append(subject)
        jobs.run(job.pk)

    HANDLERS["case.checked"] = handler
    job = enqueue()
    jobs.run(job.pk)
    assert seen == ["case-1"]


def test_a_bell_for_a_row_that_does_not_exist_is_nothing() -> None:
    jobs.run(987654321)
    assert not Job.objects.exists()


def test_one_cause_makes_one_job() -> None:
    first = enqueue(dedupe="case-1:approved")
    second = enqueue(dedupe="case-1:approved")
    assert first.pk == second.pk
    assert len(RUNG) == 1
    assert enqueue().pk != enqueue().pk  # without dedupe each is its own


@pytest.mark.parametrize("ringer", ["tests.outbox.bells.ring_at_nobody", "no.such.module.ring"])
def test_a_broker_that_is_away_loses_nothing(
    ringer: str, settings: Settings, later: Later, caplog: pytest.LogCaptureFixture
) -> None:
    settings.OUTBOX_RINGER = ringer
    job = enqueue()
    assert state(job) == "ready"
    assert "bell not rung" in caplog.text
    settings.OUTBOX_RINGER = "tests.outbox.bells.ring"
    assert jobs.sweep() == 0  # its bell might still be on the way
    later(seconds=21)
    assert jobs.sweep() == 1
    assert [(job.pk, "default")] == RUNG
    assert jobs.sweep() == 0  # rung a moment ago


def test_a_job_for_later_waits_and_is_rung_by_the_sweep_when_it_is_due(later: Later) -> None:
    seen: list[str] = []
    HANDLERS["case.checked"] = seen.append
    job = enqueue(run_after=clock.now() + timedelta(seconds=10))
    assert RUNG == []
    jobs.run(job.pk)
    assert jobs.sweep() == 0
    assert seen == []
    later(seconds=11)
    assert tasks.sweep() is None
    assert [(job.pk, "default")] == RUNG
    jobs.run(job.pk)
    assert seen == ["case-1"]


def test_a_handler_that_fails_is_tried_again_later_and_its_message_is_kept(later: Later) -> None:
    seen: list[str] = []

    def handler(subject: str) -> None:
        seen.append(subject)
        if len(seen) < 3:
            raise ConnectionError("the signer is away\0")

    HANDLERS["case.checked"] = handler
    job = enqueue()
    waits = []
    for _ in range(2):
        before = clock.now()
        jobs.run(job.pk)
        assert state(job) == "ready"
        assert job.last_error == "ConnectionError: the signer is away"
        waits.append(job.run_after - before)
        jobs.run(job.pk)  # a bell too early changes nothing
        later(seconds=60)
    jobs.run(job.pk)
    assert len(seen) == 3
    assert (state(job), job.attempts, job.last_error) == ("done", 3, "")
    assert timedelta(seconds=2) < waits[0] < timedelta(seconds=8) < timedelta(seconds=9) < waits[1]


def test_after_eight_attempts_it_has_failed_and_somebody_is_told(
    later: Later, caplog: pytest.LogCaptureFixture
) -> None:
    def handler(subject: str) -> None:
        raise ValueError("山田太郎 is not a number")

    HANDLERS["case.checked"] = handler
    job = enqueue()
    for _ in range(12):
        jobs.run(job.pk)
        later(hours=2)
    assert (state(job), job.attempts) == ("failed", 8)
    assert job.last_error == "ValueError: 山田太郎 is not a number"
    assert [record.levelno for record in caplog.records].count(logging.ERROR) == 1
    assert "山田太郎" not in caplog.text  # a message may quote personal data; the log never does
    assert "test_jobs.py" in caplog.text
    assert jobs.sweep() == 0


def test_an_operator_can_give_a_failed_job_a_second_chance(later: Later) -> None:
    HANDLERS["case.checked"] = lambda subject: None
    job = enqueue("case.unheard_of")
    jobs.run(job.pk)
    assert jobs.retry_failed(job.pk)
    assert not jobs.retry_failed(job.pk)
    assert (state(job), job.attempts) == ("ready", 0)


def test_an_unknown_kind_fails_at_once_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    job = enqueue("case.unheard_of")
    jobs.run(job.pk)
    assert (state(job), job.attempts) == ("failed", 1)
    assert "no handler for case.unheard_of" in job.last_error
    assert "failed for good" in caplog.text


class Killed(BaseException):
    """As SIGKILL: nothing after it runs, so nothing here catches it."""


def test_a_worker_killed_half_way_leaves_nothing_and_the_next_one_finishes(later: Later) -> None:
    lives = [True, False]

    def handler(subject: str) -> None:
        with transaction.atomic():
            log.append("case.checked", actor=log.SYSTEM, subject=subject)
            if lives.pop(0):
                raise Killed

    HANDLERS["case.checked"] = handler
    job = enqueue()
    with pytest.raises(Killed):
        jobs.run(job.pk)
    assert not Entry.objects.exists()
    assert state(job) == "leased"
    jobs.sweep()
    assert state(job) == "leased"  # nobody takes it while the lease lasts
    later(minutes=11)
    assert jobs.sweep() == 1
    jobs.run(job.pk)
    assert (state(job), job.attempts) == ("done", 2)
    assert Entry.objects.count() == 1


def test_a_job_that_kills_every_worker_ends(later: Later, caplog: pytest.LogCaptureFixture) -> None:
    def handler(subject: str) -> None:
        raise Killed

    HANDLERS["case.checked"] = handler
    job = enqueue()
    for _ in range(12):
        try:
            jobs.run(job.pk)
        except Killed:
            later(minutes=11)
        jobs.sweep()
    assert (state(job), job.attempts, job.last_error) == ("failed", 8, "its worker died")
    assert "failed for good" in caplog.text


def test_a_worker_that_outlived_its_lease_cannot_undo_the_next_one(later: Later) -> None:
    def handler(subject: str) -> None:
        if state(job) == "leased" and job.attempts == 1:
            later(minutes=11)
            jobs.sweep()
            jobs.run(job.pk)  # somebody else does it meanwhile
            raise ConnectionError("too late")

    HANDLERS["case.checked"] = handler
    job = enqueue()
    jobs.run(job.pk)
    assert (state(job), job.attempts, job.last_error) == ("done", 2, "")


@pytest.mark.parametrize("naive", [False, True])
def test_of_eight_workers_one_does_it(naive: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the claim replaced by read-check-write the fault bites: several workers do the same job."""
    if connection.vendor != "postgresql":
        pytest.skip("an in-memory SQLite has one connection")
    seen: list[str] = []
    HANDLERS["case.checked"] = seen.append
    job = enqueue()
    start = threading.Barrier(8)

    def naive_claim(job_id: int, now: Any) -> bool:
        if Job.objects.get(pk=job_id).state != "ready":
            return False
        time.sleep(0.05)
        Job.objects.filter(pk=job_id).update(state="leased", lease_until=now)
        return True

    if naive:
        monkeypatch.setattr(jobs, "_claim", naive_claim)

    def work() -> None:
        start.wait()
        jobs.run(job.pk)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(seen) > 1) if naive else (seen == ["case-1"])
