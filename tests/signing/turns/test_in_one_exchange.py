"""A turn goes in one exchange, as if nothing had changed since it last looked; where something has, in two."""

import pytest
from django.db import connection, transaction

from ledger import clock, log
from ledger.models import Entry, Shard
from signing.models import Activation, ActivationItem
from tests.signing.turns.running import Hot, verify
from tests.signing.turns.test_turns import check_log, refusal, together
from tests.support import days
from tests.support.csc import digest
from tests.support.days import Day

pytestmark = pytest.mark.requirement("SG-3")


def end_unheard(day: Day) -> None:
    """As a revocation whose notification has not arrived yet."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no trigger, so nobody is told
        cursor.execute(
            "UPDATE signing_signingsession SET ended_at = %s WHERE id = %s",
            [clock.now(), day.credential.sessions.get().pk],
        )
        cursor.execute("RESET session_replication_role")


def test_a_session_that_ended_unheard_takes_nobody_along(hot: Hot) -> None:
    everyone = [days.day(clock.now()) for _ in range(8)]
    for number, day in enumerate(everyone):  # known from now on
        verify(day, hot.signs(day, hot.sad(day, digest(number)), digest(number)), digest(number))
    end_unheard(everyone[3])
    answers = together(8, lambda n: hot.authorizes(everyone[n], [digest(100 + n)]))
    assert [n for n, answer in enumerate(answers) if answer.status != 200] == [3]  # type: ignore[attr-defined]
    assert refusal(answers[3])[0] == 401  # type: ignore[arg-type]
    assert Activation.objects.count() == 15
    for number, (day, answer) in enumerate(zip(everyone, answers, strict=True)):
        if number != 3:
            sad = answer.body["SAD"]  # type: ignore[attr-defined]
            verify(day, hot.signs(day, sad, digest(100 + number)), digest(100 + number))
    check_log()


def test_a_chain_that_somebody_else_has_continued_is_looked_at_again(hot: Hot) -> None:
    day = days.day(clock.now())
    hot.sad(day, digest(1))
    shard = Shard.objects.get(name__startswith="hot-")
    with transaction.atomic():
        log.append("test.word", actor=log.Actor("system", "test"), subject="-", shard=shard.name)
    verify(day, hot.signs(day, hot.sad(day, digest(2)), digest(2)), digest(2))
    assert Entry.objects.filter(shard=shard.name).count() == 4
    assert Entry.objects.get(shard=shard.name, kind="test.word").number == 2
    assert ActivationItem.objects.filter(state="signed").count() == 1
    check_log()


def test_an_items_moves_write_no_index(hot: Hot) -> None:
    """Heap-only tuples: no index of the table knows a column that changes, and the page has room."""
    day = days.day(clock.now())
    for number in range(3):
        mine = [digest(100 * number + each) for each in range(100)]
        verify(day, hot.signs(day, hot.sad(day, *mine), *mine), *mine)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE tablename = 'signing_activationitem' AND indexdef LIKE '%state%'"
        )
        assert cursor.fetchall() == []
        cursor.execute("SELECT reloptions FROM pg_class WHERE relname = 'signing_activationitem'")
        assert cursor.fetchall() == [(["fillfactor=40"],)]
