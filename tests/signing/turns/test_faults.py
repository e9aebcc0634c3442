"""Turns when something is away: a clear 503, nothing lost, nothing signed twice, and service again by itself."""

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections
from pytest_django import Settings

from ledger import clock
from ledger.models import Entry, Shard
from signing.models import ActivationItem, SignatureRecord
from signing.records import failures, left_behind
from signing.turns import line
from tests.signing.turns.running import Hot, verify
from tests.signing.turns.test_turns import check_log, refusal, together
from tests.support import days
from tests.support.csc import digest
from tests.support.faults.exchanges import Cut
from tests.support.signers import SignerProcesses

RETRY = (503, "Signing is not available, try again")
AGAIN = (503, "The outcome is unknown: authorize again")
AWAY = (503, "The service is not available, try again")


def cut_the_line() -> None:
    """End the engine's connection, as a restart of the server does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = %s",
            [line.NAME],
        )


def states() -> set[str]:
    return set(ActivationItem.objects.values_list("state", flat=True))


def test_without_a_signer_the_items_may_be_spent_again(hot: Hot, signers: SignerProcesses) -> None:
    day = days.day(clock.now())
    sad = hot.sad(day, digest(1))
    verify(day, hot.signs(day, hot.sad(day, digest(2)), digest(2)), digest(2))
    signers.kill("signers")
    try:
        answer = hot.signs(day, sad, digest(1))
        assert refusal(answer) == RETRY
        assert answer.headers["retry-after"] == "5"
        assert ActivationItem.objects.get(digest=digest(1)).state == "authorised"
    finally:
        signers.start("signers")
    verify(day, hot.signs(day, sad, digest(1)), digest(1))
    check_log()


def test_a_restarted_signer_opens_the_keys_again(hot: Hot, signers: SignerProcesses) -> None:
    day = days.day(clock.now())
    sad = hot.sad(day, digest(1), digest(2))
    verify(day, hot.signs(day, sad, digest(1)), digest(1))
    signers.kill("signers", signal.SIGTERM)
    signers.start("signers")
    verify(day, hot.signs(day, sad, digest(2)), digest(2))


def test_a_signer_that_hangs_leaves_nothing_signed_twice(
    hot: Hot, signers: SignerProcesses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signing.signer.client.SECONDS", 0.5)
    day, two = days.day(clock.now()), [digest(1), digest(2)]
    sad = hot.sad(day, *two)
    verify(day, hot.signs(day, sad, two[1]), two[1])
    with signers.stopped("signers"):
        assert refusal(hot.signs(day, sad, two[0])) == AGAIN
        assert hot.authorizes(day, two).status == 200
    assert states() == {"signed", "failed", "authorised"}
    assert refusal(hot.signs(day, sad, two[0])) == AGAIN
    verify(day, hot.signs(day, hot.sad(day, *two), *two), *two)
    assert [failures.record_missing(clock.now()) for _ in range(2)] == [1, 0]  # the signer sees it too
    assert SignatureRecord.objects.get(result="unknown").item.digest == two[0]
    check_log()


def test_what_the_signer_has_signed_before_is_never_signed_again(hot: Hot) -> None:
    day = days.day(clock.now())
    sad = hot.sad(day, digest(1))
    verify(day, hot.signs(day, sad, digest(1)), digest(1))
    SignatureRecord.objects.all().delete()
    ActivationItem.objects.update(state="authorised")  # as after a restored backup
    assert refusal(hot.signs(day, sad, digest(1))) == AGAIN
    assert states() == {"failed"}


def test_a_lost_connection_is_made_anew(hot: Hot) -> None:
    day = days.day(clock.now())
    for number in range(3):
        sad = hot.sad(day, digest(number))
        cut_the_line()
        time.sleep(0.2)
        answer = hot.signs(day, sad, digest(number))
        if answer.status == 503:  # it was found out by this very call
            assert answer.headers["retry-after"]
            answer = hot.signs(day, sad, digest(number))
        verify(day, answer, digest(number))
    check_log()


def test_a_signature_waits_for_its_row_and_then_leaves(hot: Hot, signers: SignerProcesses) -> None:
    """The line breaks while the frame is at the signer: the signature leaves after it is recorded, not before."""
    day = days.day(clock.now())
    sad = hot.sad(day, digest(1), digest(2))
    verify(day, hot.signs(day, sad, digest(2)), digest(2))

    def act(number: int) -> object:
        if number:
            return hot.signs(day, sad, digest(1))
        with signers.stopped("signers"):
            time.sleep(0.4)
            cut_the_line()
        return None

    (answer,) = [each for each in together(2, act) if each is not None]
    verify(day, answer, digest(1))  # type: ignore[arg-type]
    check_log()


def test_a_commit_whose_answer_is_lost_is_looked_up(hot: Hot, monkeypatch: pytest.MonkeyPatch) -> None:
    day = days.day(clock.now())
    sad = hot.sad(day, digest(1))
    cut = Cut(monkeypatch.setattr, word=b"record")
    verify(day, hot.signs(day, sad, digest(1)), digest(1))
    assert cut.is_done
    assert SignatureRecord.objects.count() == 1
    check_log()


def test_items_given_up_meanwhile_take_their_signatures_with_them(hot: Hot, signers: SignerProcesses) -> None:
    day, other = days.day(clock.now()), days.day(clock.now())
    sad = hot.sad(day, digest(1), digest(2))
    verify(day, hot.signs(day, sad, digest(2)), digest(2))

    with ThreadPoolExecutor(1) as pool:
        with signers.stopped("signers"):
            asked = pool.submit(hot.signs, day, sad, digest(1))
            while not ActivationItem.objects.filter(state="reserved").exists():
                time.sleep(0.02)
            left_behind.fail_stuck(clock.now() + left_behind.STUCK_AFTER + django_settings.SAD_LIFETIME)
        assert refusal(asked.result(30)) == AGAIN
    verify(other, hot.signs(other, hot.sad(other, digest(3)), digest(3)), digest(3))
    check_log()


def test_a_locked_row_delays_its_own_call_and_nobody_for_ever(hot: Hot) -> None:
    day, other = days.day(clock.now()), days.day(clock.now())
    sad = hot.sad(day, digest(1))
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT id FROM signing_activation FOR UPDATE")
            held.set()
            go.wait(30)
            cursor.execute("ROLLBACK")
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    try:
        assert refusal(hot.signs(day, sad, digest(1))) == AWAY
        verify(other, hot.signs(other, hot.sad(other, digest(2)), digest(2)), digest(2))
    finally:
        go.set()
        thread.join(20)
    verify(day, hot.signs(day, sad, digest(1)), digest(1))
    check_log()


def test_each_process_has_a_chain_of_its_own(hot: Hot) -> None:
    day = days.day(clock.now())
    hot.sad(day, digest(1))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        assert cursor.fetchone() == (1,)
    assert list(Shard.objects.filter(name__startswith="hot-").values_list("name", "count")) == [("hot-1", 1)]
    assert Entry.objects.get(kind="signing.authorised").shard == "hot-1"


def test_without_the_database_everybody_is_told_to_come_again(hot: Hot, settings: Settings) -> None:
    day = days.day(clock.now())
    there = connection.settings_dict["PORT"]
    connection.settings_dict["PORT"] = "1"
    try:
        for answer in together(8, lambda number: hot.authorizes(day, [digest(number)])):
            assert refusal(answer) == AWAY  # type: ignore[arg-type]
            assert answer.headers["retry-after"] == "5"  # type: ignore[attr-defined]
    finally:
        connection.settings_dict["PORT"] = there
