"""The life of a check: put off, given up, asked again, taken over; one finding whatever happens (RV-5)."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as product
from django.db import connection, connections

from enrollment import checks, flow, review
from enrollment.checks import running
from enrollment.errors import Refused
from enrollment.flow import Actor, Check, State
from enrollment.models import Application, CheckRun, Finding
from ledger import clock, log
from ledger.models import Entry
from outbox import jobs
from outbox.models import Job
from tests.support import cases
from vault import files

CHECKED = {"photo": "pass", "identity_kind": "pass", "identity_face": "pass", "licence_agrees": "pass"}

SYSTEM = log.SYSTEM
WAITS = [30, 120, 480, 1920, 3600]


def planned(**more: Any) -> Application:
    case = cases.submitted(**more)
    checks.plan(str(case.public_id))
    return case


def run_of(case: Application, name: str) -> CheckRun:
    return CheckRun.objects.get(application=case, check_name=name)


def do(case: Application, name: str) -> CheckRun:
    run = run_of(case, name)
    checks.carry_out(str(run.public_id))
    run.refresh_from_db()
    return run


@pytest.mark.django_db
@pytest.mark.requirement("RV-5")
def test_each_check_is_a_job_of_its_own_in_the_authoritys_queue() -> None:
    case = planned(authority="medis")
    checks.plan(str(case.public_id))  # the message came twice
    wanted = Job.objects.filter(kind=checks.KIND)
    assert wanted.count() == CheckRun.objects.count() == len(checks.CHECKS)
    assert set(wanted.values_list("queue", flat=True)) == {product.REVIEW_QUEUES["medis"]}
    assert {row.state for row in checks.listed(case)} == {"waiting"}
    for job in wanted:
        jobs.run(job.pk)
    assert {row.state for row in checks.listed(case)} == {"pass"}
    entries = Entry.objects.filter(kind="application.checked", subject=str(case.public_id))
    assert entries.count() == len(checks.CHECKS)


@pytest.mark.django_db
@pytest.mark.requirement("RV-5")
def test_what_is_away_is_tried_again_later_and_later_and_then_told_to_the_officer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = planned()
    files.erase(case.attachments.get().shown_file)
    now = clock.now()
    for number, wait in enumerate(WAITS, 1):
        monkeypatch.setattr(clock, "now", lambda moment=now: moment)
        run = do(case, "files")
        assert (run.state, run.attempts) == (Check.AGAIN, number)
        assert run.due_at == now + timedelta(seconds=wait)
        assert Job.objects.filter(subject=str(run.public_id), run_after=run.due_at).count() == 1
        line = next(row for row in checks.listed(case) if row.name == "files")
        assert (line.state, line.again_at, line.attempt) == ("again", run.due_at, number + 1)
        assert "読み出せません" in line.sentence and not Finding.objects.filter(check_name="files").exists()
        assert do(case, "files").attempts == number, "a second message before its time does nothing"
        now = run.due_at
    monkeypatch.setattr(clock, "now", lambda: now)
    assert do(case, "files").state == Check.GIVEN_UP
    finding = Finding.objects.get(check_name="files")
    assert finding.outcome == "error" and "運用担当者に確認" in finding.sentence
    assert case.state == State.SUBMITTED, "the case waits in the worklist all the while"


@pytest.mark.django_db
def test_a_list_that_comes_back_in_time_leaves_an_ordinary_finding(settings: Any, tmp_path: Any) -> None:
    case = planned()
    trusted, settings.JPKI_TRUST = settings.JPKI_TRUST, tmp_path / "none"
    (tmp_path / "none").mkdir()
    for path in trusted.glob("*"):
        if path.suffix != ".crl":
            (settings.JPKI_TRUST / path.name).write_bytes(path.read_bytes())
    assert do(case, "jpki_signature").state == Check.AGAIN
    settings.JPKI_TRUST = trusted
    run = run_of(case, "jpki_signature")
    CheckRun.objects.filter(pk=run.pk).update(due_at=clock.now())
    assert do(case, "jpki_signature").state == Check.DONE
    assert Finding.objects.get(check_name="jpki_signature").outcome == "pass"


@pytest.mark.django_db
def test_what_does_not_hold_is_a_finding_at_once() -> None:
    case = planned(answers={**cases.ANSWERS, "card": {**cases.ANSWERS["card"], "name": "別人　太郎"}})
    assert do(case, "names").state == Check.DONE
    assert Finding.objects.get(check_name="names").outcome == "fail"


@pytest.mark.django_db
def test_a_check_that_breaks_stops_no_other_and_is_no_silence() -> None:
    case = planned(answers={**cases.ANSWERS, "licence": {"registered_on": "not a day"}})
    assert checks.run_all(str(case.public_id))["jpki_signature"] == "pass"
    run = run_of(case, "registration")
    assert run.state == Check.AGAIN and run.reason == running.BROKEN


@pytest.mark.django_db
@pytest.mark.parametrize("state", [State.WITHDRAWN, State.REJECTED, State.RETURNED, State.APPROVED])
def test_nobody_is_asked_about_a_case_that_is_not_in_review_any_more(state: State) -> None:
    case = planned()
    found = cases.officer("one", ("jma", "EXAMINER")), cases.officer("two", ("jma", "APPROVER"))
    Application.objects.filter(pk=case.pk).update(state=state, recommended_by=found[0], approved_by=found[1])
    assert do(case, "duplicates").state == Check.DROPPED
    assert not Finding.objects.exists()


@pytest.mark.django_db
def test_the_round_before_is_not_asked_about_any_more() -> None:
    case = planned()
    Application.objects.filter(pk=case.pk).update(round=2)
    assert do(case, "duplicates").state == Check.DROPPED and not Finding.objects.exists()


# --- asked again --------------------------------------------------------------------------------------------------


def ask(case: Application, name: str, at: datetime, by: Actor = Actor.EXAMINER) -> None:
    checks.ask_again(case, name, by=by, actor=SYSTEM, at=at)


@pytest.mark.django_db
@pytest.mark.requirement("RV-5")
def test_an_officer_has_a_check_done_again_once_a_minute_and_it_is_written_down() -> None:
    case = planned()
    do(case, "card_holder")
    at = clock.now()
    ask(case, "card_holder", at)
    with pytest.raises(Refused, match="asked_lately"):
        ask(case, "card_holder", at + timedelta(seconds=59))
    assert run_of(case, "card_holder").state == Check.WAITING
    line = next(row for row in checks.listed(case) if row.name == "card_holder")
    assert line.state == "waiting" and line.sentence, "what was found before stays to be read"
    do(case, "card_holder")
    ask(case, "card_holder", at + timedelta(seconds=61))
    assert Entry.objects.filter(kind="application.check_asked").count() == 2
    assert Finding.objects.filter(check_name="card_holder").count() == 1


@pytest.mark.django_db
def test_a_check_that_waits_for_its_hour_is_done_now_when_an_officer_asks() -> None:
    case = planned()
    name = case.attachments.get().shown_file
    saved = files.read(name)
    files.erase(name)
    assert do(case, "files").state == Check.AGAIN
    case.attachments.update(shown_file=files.save(saved))
    ask(case, "files", clock.now())
    run = do(case, "files")
    assert (run.state, run.attempts, run.reason) == (Check.DONE, 0, "")
    assert Finding.objects.get(check_name="files").outcome == "pass"


@pytest.mark.django_db
def test_a_check_that_this_release_brought_can_be_asked_of_a_case_from_before() -> None:
    case = cases.submitted()
    assert {row.state for row in checks.listed(case)} == {"waiting"}
    ask(case, "age", clock.now())
    assert do(case, "age").state == Check.DONE


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "code"), [("age", "not_now"), ("nothing", "not_yours")])
def test_a_decided_case_and_an_unknown_check_are_refused(name: str, code: str) -> None:
    case = planned()
    Application.objects.filter(pk=case.pk).update(state=State.REJECTED)
    with pytest.raises(Refused, match=code):
        ask(case, name, clock.now())


# --- the clock ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.requirement("RV-5")
def test_a_check_whose_workers_all_died_is_given_up_by_the_clock() -> None:
    case = planned()
    later = clock.now() + timedelta(hours=1)
    assert checks.give_up_stuck(later) == 0, "a job that waits in a long queue is no dead one"
    run = run_of(case, "pictures")
    Job.objects.filter(subject=str(run.public_id)).update(state=Job.State.FAILED)
    assert checks.give_up_stuck(later) == 1
    assert Finding.objects.get(check_name="pictures").outcome == "error"
    assert checks.give_up_stuck(later) == 0


# --- before an approval -------------------------------------------------------------------------------------------


def recommended() -> tuple[Application, Any]:
    case = planned()
    first, second = cases.officer("one", ("jma", "EXAMINER")), cases.officer("two", ("jma", "APPROVER"))
    review.claim(case, first, clock.now())
    review.recommend(case, first, "", CHECKED, clock.now())
    return case, second


@pytest.mark.django_db
@pytest.mark.requirement("RV-5")
def test_an_approval_asks_the_signature_again_when_the_answer_is_an_hour_old(
    settings: Any, tmp_path: Any
) -> None:
    case, second = recommended()
    do(case, "jpki_signature")
    cases.revoked(case, settings, tmp_path)
    Finding.objects.update(found_at=clock.now() - timedelta(minutes=61))
    with pytest.raises(Refused, match="signature_fails"):
        review.approve(case, second, "", CHECKED, clock.now())
    case.refresh_from_db()
    assert case.state == State.RECOMMENDED
    assert Finding.objects.get(check_name="jpki_signature").outcome == "fail"


@pytest.mark.django_db
def test_an_answer_of_this_hour_is_not_asked_again() -> None:
    case, second = recommended()
    found = do(case, "jpki_signature")
    review.approve(case, second, "", CHECKED, clock.now())
    assert run_of(case, "jpki_signature").turn == found.turn


@pytest.mark.django_db
def test_an_approval_does_not_wait_for_the_worker() -> None:
    case, second = recommended()
    review.approve(case, second, "", CHECKED, clock.now())
    assert Finding.objects.get().check_name == "jpki_signature"


@pytest.mark.django_db
def test_without_a_list_nothing_is_approved_outside_the_demo(settings: Any, tmp_path: Any) -> None:
    case, second = recommended()
    for path in settings.JPKI_TRUST.glob("*"):
        if path.suffix != ".crl":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    settings.JPKI_TRUST, settings.IS_DEMO = tmp_path, False
    with pytest.raises(Refused, match="revocation_unknown"):
        review.approve(case, second, "", CHECKED, clock.now())


# --- killed, doubled, at once -------------------------------------------------------------------------------------

POINTS = ("_taken", "_case", "_close")


@pytest.mark.django_db(transaction=True)
@pytest.mark.requirement("RV-5")
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_worker_killed_at_any_point_leaves_one_finding(
    point: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker stops for ever before or after each step of the check; its job comes again."""
    case = planned()
    run, alive = run_of(case, "duplicates"), getattr(running, point)

    def dies(*given: Any) -> Any:
        if when == "after":
            alive(*given)
        raise SystemExit

    monkeypatch.setattr(running, point, dies)
    with pytest.raises(SystemExit):
        checks.carry_out(str(run.public_id))
    monkeypatch.setattr(running, point, alive)
    for _delivery in range(2):
        checks.carry_out(str(run.public_id))
    run.refresh_from_db()
    assert run.state == Check.DONE and Finding.objects.filter(check_name="duplicates").count() == 1
    assert Entry.objects.filter(kind="application.checked").count() == 1


def at_once(number: int, act: Callable[[], Any]) -> None:
    gate = threading.Barrier(number)

    def run() -> None:
        gate.wait(30)
        try:
            act()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _one in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


@pytest.mark.django_db(transaction=True)
@pytest.mark.requirement("RV-5")
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_eight_workers_with_the_same_checks_leave_one_finding_each() -> None:
    case = cases.submitted()

    def work() -> None:
        checks.plan(str(case.public_id))
        for run in CheckRun.objects.filter(application=case).order_by("pk"):
            checks.carry_out(str(run.public_id))

    at_once(8, work)
    assert CheckRun.objects.filter(state=Check.DONE).count() == len(checks.CHECKS)
    assert Finding.objects.filter(application=case).count() == len(checks.CHECKS)
    assert Entry.objects.filter(kind="application.checked").count() == len(checks.CHECKS)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_eight_officers_who_ask_at_once_have_asked_once() -> None:
    case = planned()
    do(case, "age")
    at, refused = clock.now(), []

    def press() -> None:
        try:
            ask(case, "age", at)
        except Refused as why:
            refused.append(why.code)

    at_once(8, press)
    assert refused == ["asked_lately"] * 7
    assert Entry.objects.filter(kind="application.check_asked").count() == 1


def test_the_picture_of_a_checks_life_is_the_table() -> None:
    readme = Path(running.__file__).with_name("README.md").read_text(encoding="utf-8")
    for move in flow.CHECK_MOVES:
        for source in move.sources:
            who = ", ".join(actor.value for actor in move.actors)
            assert f"    {source.value} --> {move.target.value}: {move.name} ({who})\n" in readme
