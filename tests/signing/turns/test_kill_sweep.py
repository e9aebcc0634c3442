"""The front dies, or loses its connection, at every exchange of authorize and signHash: nothing twice, nothing lost.

An exchange is one with PostgreSQL or a frame to the signer. Before it is sent, and when the other side has done it and
the front has not heard of it. Then the caller asks again with what it has, the clock fails what is stuck, and the
caller authorizes anew. (Parts killed at full load: test_killed. What was about to happen in the other acts:
tests/enrollment/test_kill_sweeps.py.)
"""

import base64
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from ledger import clock
from signing import reconciliation
from signing.models import ActivationItem, SignatureRecord
from signing.records import failures, left_behind
from signing.turns import line
from tests.signing.turns.attempts import Attempt, tell_at_once
from tests.signing.turns.running import Hot, verify
from tests.signing.turns.test_faults import AGAIN
from tests.signing.turns.test_turns import check_log, refusal
from tests.support import days
from tests.support.csc import b64, digest
from tests.support.days import Day
from tests.support.faults.exchanges import Cut
from tests.support.killing import AFTER, BEFORE, Killer
from vault import tokens

pytestmark = [pytest.mark.chaos, pytest.mark.requirement("SG-3", "SG-5")]
LATER = left_behind.STUCK_AFTER + timedelta(seconds=1)
_numbers = itertools.count(1)


class Scene:
    """A day, two hashes, and every reply that has left."""

    def __init__(self, left: Path) -> None:
        self.day: Day = days.day(clock.now())
        self.two = [digest(next(_numbers)) for _ in range(2)]
        self.file = left
        self.file.write_bytes(b"")

    def attempt(self) -> str:
        mine = Attempt(str(self.day.credential.public_id), self.day.bearer, b64(*self.two), str(self.file))
        return json.dumps(mine)

    def replies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.file.read_bytes().splitlines()]

    def sad(self) -> str:
        """The first that has left, or none."""
        return next((str(body["SAD"]) for body in self.replies() if "SAD" in body), "")

    def items(self) -> list[ActivationItem]:
        mine = ActivationItem.objects.filter(activation__credential=self.day.credential)
        return list(mine.select_related("activation"))

    # --- what is wrong -----------------------------------------------------------------------------------------------
    def astray(self) -> list[str]:
        """Whatever must be so at any moment."""
        records = SignatureRecord.objects.filter(credential=self.day.credential, result="signed")
        recorded = Counter(bytes(row.digest) for row in records)
        left: Counter[bytes] = Counter()
        for body in self.replies():
            for value, mine in zip(body.get("signatures", ()), self.two, strict=False):
                self.day.verify(base64.b64decode(value), mine)
                left[mine] += 1
        times = Counter(text[:32] for text in (settings.HOME / "signer" / "journal").read_text().splitlines())
        own = {item.public_id.hex: item for item in self.items()}
        told = reconciliation.journal_witness()["mismatches"]
        return [
            *(["a signature left without its record"] if left - recorded else []),
            *(
                f"{item.state} and signed {times[name]} times"
                for name, item in own.items()
                if times[name] > 1
            ),
            *(f"{each['what']} ({own[each['subject']].state})" for each in told if each["subject"] in own),
        ]

    def stuck(self) -> list[str]:
        """Whatever must be so when the clock has looked."""
        wrong = [f"an item is {item.state} for ever" for item in self.items() if item.state == "reserved"]
        unheard = ActivationItem.objects.filter(
            activation__credential=self.day.credential, state="failed", record=None
        )
        return [*wrong, *(["a failure that the signer never sees"] if unheard.exists() else [])]

    def asked_again(self, hot: Hot) -> list[str]:
        """The caller goes on with the SAD that it has; an item that nobody answers for signs nothing."""
        sad = self.sad()
        if not sad:
            return []
        states = {
            item.state for item in self.items() if bytes(item.activation.sad_digest) == tokens.digest(sad)
        }
        answer = hot.signs(self.day, sad, *self.two)
        if states == {"authorised"}:
            verify(self.day, answer, *self.two)
        return [] if (answer.status == 200) == (states == {"authorised"}) else [f"{states}: {answer}"]

    def aftermath(self, hot: Hot) -> list[str]:
        wrong = [*self.astray(), *self.asked_again(hot)]
        left_behind.fail_stuck(clock.now() + settings.SAD_LIFETIME + LATER)
        failures.record_missing(clock.now())
        wrong += [*self.stuck(), *self.asked_again(hot)]
        verify(self.day, hot.signs(self.day, hot.sad(self.day, *self.two), *self.two), *self.two)
        return [*wrong, *self.astray()]


@pytest.fixture
def scenes(hot: Hot, tmp_path: Path) -> Callable[[], Scene]:
    first = days.day(clock.now())
    verify(first, hot.signs(first, hot.sad(first, digest(0)), digest(0)), digest(0))  # the front is warm
    return lambda: Scene(tmp_path / "left")


def points(count: int) -> Iterator[tuple[int, str]]:
    return itertools.product(range(1, count + 1), (BEFORE, AFTER))


# --- the process dies ------------------------------------------------------------------------------------------------
def alone() -> None:
    """Until the dead one's connection is gone, and its chain free: else the next one has an exchange more."""
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute(
                "SELECT count(*), pg_sleep(0.01) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name = %s",
                [line.NAME],
            )
            if cursor.fetchone()[0] <= 1:
                return
    raise AssertionError("a dead front is still connected")


def killed(task: str, hot: Hot, scenes: Callable[[], Scene]) -> Iterator[str]:
    """What goes wrong, with its point."""
    with Killer() as killer:
        count = killer.trips(task, scenes().attempt())
        assert count >= 8
        for number, when in points(count):
            alone()
            scene = scenes()
            if not killer.kill_at(task, scene.attempt(), number, when):
                yield f"{when} exchange {number} of {count}: nobody died"
            for what in scene.aftermath(hot):
                yield f"{when} exchange {number} of {count}: {what}"


def test_a_front_that_dies_at_any_exchange_signs_nothing_twice_and_loses_nothing(
    hot: Hot, scenes: Callable[[], Scene]
) -> None:
    assert list(killed("tests.signing.turns.attempts.pair", hot, scenes)) == []
    check_log()


def test_the_sweep_finds_a_front_that_answers_before_it_has_written(
    hot: Hot, scenes: Callable[[], Scene]
) -> None:
    found = killed("tests.signing.turns.attempts.naive_pair", hot, scenes)
    assert any("left without its record" in what for what in found)


# --- the connection ends ---------------------------------------------------------------------------------------------
def recorded(scene: Scene) -> int:
    """Signatures that the database knows, by a connection of its own: from any thread."""
    parts = connection.settings_dict
    address = f"postgresql://{parts['USER']}@{parts['HOST']}:{parts['PORT']}/{parts['NAME']}"
    with psycopg.connect(address) as own:
        found = own.execute(
            "SELECT count(*) FROM signing_signaturerecord WHERE credential_id = %s AND result = 'signed'",
            [scene.day.credential.pk],
        ).fetchone()
    assert found is not None
    return int(found[0])


def persevering(hot: Hot, scene: Scene) -> list[str]:
    """A caller that asks until it has its signatures: the same again, and after an unknown outcome anew."""
    sad = ""
    for _ in range(10):
        answer = hot.signs(scene.day, sad, *scene.two) if sad else hot.authorizes(scene.day, scene.two)
        if answer.status == 200 and sad:
            verify(scene.day, answer, *scene.two)
            return []
        if answer.status == 200:
            sad = str(answer.body["SAD"])
        elif answer.status != 503:
            return [f"the caller was told {answer}"]
        elif refusal(answer) == AGAIN:
            sad = ""
    return ["the caller got no signatures"]


def cut_once(hot: Hot, scene: Scene, number: int, when: str) -> tuple[list[str], Cut]:
    """What went wrong with the connection cut there, and how many exchanges there were."""
    early: list[bytes] = []

    def left(body: bytes) -> None:
        with scene.file.open("ab") as file:
            file.write(body + b"\n")
        if sum(len(told.get("signatures", ())) for told in scene.replies()) > recorded(scene):
            early.append(body)

    hot.left = left
    with pytest.MonkeyPatch.context() as patch:
        cut = Cut(patch.setattr, number, when)
        wrong = persevering(hot, scene)
    if early:
        wrong.append("a signature left before its record")
    if recorded(scene) > len(scene.two):
        wrong.append("a signature was made for nobody")
    return [*wrong, *scene.aftermath(hot)], cut


def test_a_connection_that_ends_at_any_exchange_costs_the_caller_a_question_and_nothing_else(
    hot: Hot, scenes: Callable[[], Scene]
) -> None:
    wrong, whole = cut_once(hot, scenes(), 0, BEFORE)
    assert wrong == [] and whole.count >= 7
    for number, when in points(whole.count):
        found, cut = cut_once(hot, scenes(), number, when)
        assert cut.is_done
        wrong += [f"{when} exchange {number} of {whole.count}: {what}" for what in found]
    assert wrong == []
    check_log()


def test_the_same_finds_a_front_that_answers_before_it_has_written(
    hot: Hot, scenes: Callable[[], Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    tell_at_once(monkeypatch.setattr)
    wrong, _cut = cut_once(hot, scenes(), 0, BEFORE)
    assert "a signature left before its record" in wrong
