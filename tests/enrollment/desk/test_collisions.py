"""Two officers at once on PostgreSQL: exactly one wins, the other is told who (RV-1, RV-3; security.md 3.3).

First the race is shown to bite: with the guard off, as one would first write it, both win.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from enrollment import moves, review, submission
from enrollment.errors import Refused
from enrollment.flow import MOVE, State
from enrollment.models import Application, Decision, TakeOver
from ledger import clock
from ledger.models import Entry
from outbox.models import Job
from staff.models import Officer
from tests.enrollment.desk.test_desk import LINES, PASSED, desk
from tests.support import cases

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time"),
]
ALL = dict.fromkeys(LINES, "pass")
Act = Callable[[Application], Any]


def together(case: Application, *acts: Act) -> list[str]:
    """The same row in as many hands: each fetches it, then all act at one moment. "won", or the code of a refusal."""
    gate = Barrier(len(acts))

    def run(act: Act) -> str:
        try:
            mine = Application.objects.select_related("applicant").get(pk=case.pk)
            gate.wait(30)
            act(mine)
        except Refused as refused:
            return refused.code
        finally:
            connection.close()
        return "won"

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def examiners(count: int) -> list[Officer]:
    return [cases.officer(f"examiner{number}", ("jma", "EXAMINER")) for number in range(count)]


def recommended() -> tuple[Application, Officer, Officer]:
    """A recommended case, and two approvers who have not spoken."""
    first, *others = (
        cases.officer(name, ("jma", "EXAMINER"), ("jma", "APPROVER")) for name in ("first", "second", "third")
    )
    case = cases.submitted()
    review.claim(case, first, clock.now())
    review.recommend(case, first, "", ALL, clock.now())
    return case, others[0], others[1]


def said(case: Application) -> list[str]:
    return list(Decision.objects.filter(application=case).order_by("pk").values_list("verdict", flat=True))


@pytest.mark.requirement("RV-1")
def test_without_the_guard_both_officers_would_win(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read, check, save: what `moves.perform` is not."""
    case, seen = cases.submitted(), Barrier(2)

    def naive(name: str, application: Application, *, changes: dict[str, Any], **_rest: Any) -> None:
        row = Application.objects.get(pk=application.pk)
        if row.state not in MOVE[name].sources:
            raise Refused("not_now")
        seen.wait(30)
        for field, value in {**changes, "state": MOVE[name].target}.items():
            setattr(row, field, value)
        row.save()

    one, other = examiners(2)
    with monkeypatch.context() as unguarded:
        unguarded.setattr(moves, "perform", naive)
        acts = [lambda mine, who=who: review.claim(mine, who, clock.now()) for who in (one, other)]
        assert together(case, *acts) == ["won", "won"]


@pytest.mark.requirement("RV-1")
def test_of_several_claims_one_wins() -> None:
    case, officers = cases.submitted(), examiners(4)
    acts = [lambda mine, who=who: review.claim(mine, who, clock.now()) for who in officers]
    told = together(case, *acts)
    assert sorted(told) == ["not_now"] * 3 + ["won"]
    case.refresh_from_db()
    assert case.claimed_by == officers[told.index("won")]
    assert Entry.objects.filter(kind="application.claim").count() == 1


@pytest.mark.requirement("RV-1")
def test_of_two_who_take_over_one_wins_and_the_former_is_told_once() -> None:
    former, one, other = examiners(3)
    case, at = cases.submitted(), clock.now() - timedelta(minutes=5)
    review.claim(case, former, at)
    acts = [
        lambda mine, who=who: review.take_over(mine, who, former, at, clock.now()) for who in (one, other)
    ]
    assert sorted(together(case, *acts)) == ["not_now", "won"]
    assert TakeOver.objects.count() == Entry.objects.filter(kind="application.take_over").count() == 1


@pytest.mark.requirement("RV-1")
def test_the_holder_who_comes_back_and_the_colleague_who_takes_over_are_never_both_right() -> None:
    former, other = examiners(2)
    case, at = cases.submitted(), clock.now() - timedelta(minutes=5)
    review.claim(case, former, at)
    told = together(
        case,
        lambda mine: review.recommend(mine, former, "", ALL, clock.now()),
        lambda mine: review.take_over(mine, other, former, at, clock.now()),
    )
    case.refresh_from_db()
    assert sorted(told) == ["not_now", "won"]
    assert (case.state == State.RECOMMENDED) is (told[0] == "won")
    assert said(case) == (["recommended"] if told[0] == "won" else [])


@pytest.mark.requirement("RV-3")
def test_a_recommendation_and_a_withdrawal_are_never_both_done() -> None:
    (officer,) = examiners(1)
    case = cases.submitted()
    review.claim(case, officer, clock.now())
    told = together(
        case,
        lambda mine: review.recommend(mine, officer, "", ALL, clock.now()),
        lambda mine: submission.withdraw(mine, clock.now()),
    )
    case.refresh_from_db()
    assert told.count("won") == 1
    assert case.state == (State.RECOMMENDED if told[0] == "won" else State.WITHDRAWN)
    assert said(case) == (["recommended"] if told[0] == "won" else [])


def _approve(who: Officer) -> Act:
    return lambda mine: review.approve(mine, who, "", ALL, clock.now())


RIVALS: dict[str, Callable[[Officer], Act]] = {
    "approve": _approve,
    "reject": lambda who: lambda mine: review.reject(mine, who, "確認できません。", clock.now()),
    "send_back": lambda who: lambda mine: review.send_back(mine, who, "もう一度", clock.now()),
}


@pytest.mark.requirement("RV-1", "RV-3")
@pytest.mark.parametrize("rival", RIVALS)
def test_two_who_decide_at_once_are_one_decision(rival: str) -> None:
    case, one, other = recommended()
    told = together(case, _approve(one), RIVALS[rival](other))
    assert sorted(told) == ["not_now", "won"]
    case.refresh_from_db()
    winner = ("approved", {"approve": "approved", "reject": "rejected", "send_back": "sent_back"}[rival])
    assert said(case) == ["recommended", winner[told.index("won")]]
    assert Job.objects.filter(kind="enrollment.approved").count() == int(case.state == State.APPROVED)


@pytest.mark.requirement("RV-1")
def test_who_comes_second_reads_on_a_409_who_decided_and_finds_their_words_again() -> None:
    case, one, other = recommended()
    gate = Barrier(2)

    def post(who: Officer, name: str, data: dict[str, str]) -> Any:
        client: Client = desk(who)
        gate.wait(30)
        try:
            return client.post(f"{reverse('admin:enrollment_case', args=[case.public_id])}{name}/", data)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(post, one, "approve", {**PASSED, "note": "よいと思う"})
        second = pool.submit(post, other, "reject", {"code": "other", "reason": "確認できない"})
        answers = {one: first.result(), other: second.result()}
    case.refresh_from_db()
    winner, loser = (one, other) if case.state == State.APPROVED else (other, one)
    assert answers[winner].status_code == 302 and answers[loser].status_code == 409
    page = answers[loser].content.decode()
    assert f"{winner}が" in page and "すでに決定しています。" in page
    assert ("確認できない" if loser is other else "よいと思う") in page


@pytest.mark.requirement("RV-1")
def test_a_sign_of_life_waits_for_nobody_and_keeps_the_other_cases() -> None:
    """A case that somebody has in hand just now is passed over; the next sign of life keeps it."""
    (first,), held, free = examiners(1), cases.submitted(), cases.submitted()
    at = clock.now()
    for case in (held, free):
        review.claim(case, first, at)
    later = at + timedelta(minutes=5)

    def stay() -> int:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '5s'")  # who waits fails here
            return review.stay(first, later)
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        Application.objects.select_for_update().get(pk=held.pk)
        assert pool.submit(stay).result(30) == 2
    kept = dict(Application.objects.values_list("pk", "claimed_until"))
    assert (kept[held.pk], kept[free.pk]) == (at + review.CLAIM, later + review.CLAIM)
    assert review.stay(first, later) == 2
    assert Application.objects.get(pk=held.pk).claimed_until == later + review.CLAIM
