"""What a process that died has left reserved is failed for ever: by keys, from a mark, and nothing is ever missed."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from signing import retention
from signing.models import Activation, ActivationItem, SadMark, SignatureRecord, SigningSession
from signing.records import left_behind
from signing.records.left_behind import fail_stuck
from tests.signing.records import rows
from tests.support.credentials import NOON, active_credential
from tests.support.days import ehr

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SG-3")]
STUCK_AT = settings.SAD_LIFETIME + left_behind.STUCK_AFTER  # after it was authorised
SETTLED_AT = STUCK_AT + settings.SAD_LIFETIME + left_behind.STUCK_AFTER


@pytest.fixture
def session() -> SigningSession:
    return rows.session_of(active_credential(), NOON)


def sad(session: SigningSession, at: datetime, state: str = "reserved") -> ActivationItem:
    (item,) = rows.authorised(session, ehr(), [rows.digest(1)], at)
    ActivationItem.objects.filter(pk=item.pk).update(state=state)
    return item


def states(*items: ActivationItem) -> list[str]:
    found = dict(ActivationItem.objects.values_list("pk", "state"))
    return [found[item.pk] for item in items]


def mark() -> int:
    return SadMark.objects.get().settled


def test_the_mark_moves_behind_what_is_over_and_no_further(session: SigningSession) -> None:
    minutes = [timedelta(minutes=number) for number in (0, 1, 30)]
    items = [sad(session, NOON + minute, "signed") for minute in minutes]
    fail_stuck(NOON + SETTLED_AT - timedelta(seconds=1))
    assert mark() == 0
    fail_stuck(NOON + SETTLED_AT)
    assert mark() == items[0].activation_id
    fail_stuck(NOON + SETTLED_AT + timedelta(minutes=10))
    assert mark() == items[1].activation_id


def test_what_was_reserved_before_a_long_pause_of_the_clock_is_failed_when_it_goes_again(
    session: SigningSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through more rows than a step takes, and than one tick takes."""
    monkeypatch.setattr(left_behind, "STEP", 3)
    monkeypatch.setattr(left_behind, "MOST_STEPS", 4)
    sad(session, NOON, "signed")
    fail_stuck(NOON + SETTLED_AT)
    before = mark()
    stuck = [sad(session, NOON + timedelta(hours=1))]
    for number in range(20):
        sad(session, NOON + timedelta(hours=2, seconds=number), "signed")
    stuck.append(sad(session, NOON + timedelta(hours=3)))
    later = NOON + timedelta(days=40)
    assert (before, fail_stuck(later), states(*stuck)) == (before, 1, ["failed", "reserved"])
    assert (fail_stuck(later), states(*stuck)) == (1, ["failed", "failed"])
    assert fail_stuck(later) == 0 and mark() == stuck[1].activation_id
    assert SignatureRecord.objects.filter(result="unknown").count() == 2


def test_one_that_may_live_holds_the_mark_and_hides_nothing_behind_it(session: SigningSession) -> None:
    """The session's end cuts a SAD's life: keys are in the order of time, ends are not."""
    living = sad(session, NOON, "authorised")
    short = sad(session, NOON)
    Activation.objects.filter(pk=short.activation_id).update(expires_at=NOON + timedelta(seconds=1))
    assert fail_stuck(NOON + left_behind.STUCK_AFTER + timedelta(seconds=1)) == 1
    assert (states(living, short), mark()) == (["authorised", "failed"], 0)
    ActivationItem.objects.filter(pk=living.pk).update(state="reserved")
    assert fail_stuck(NOON + STUCK_AT) == 1


def test_a_row_that_is_committed_after_its_successors_is_found(session: SigningSession) -> None:
    """Its transaction began before theirs; until they are long over, the mark stays before it."""
    first, late, last = (sad(session, NOON, state) for state in ("signed", "reserved", "signed"))
    key = late.activation_id
    row = Activation.objects.filter(pk=key).values().get()
    Activation.objects.filter(pk=key).delete()
    fail_stuck(NOON + SETTLED_AT - timedelta(minutes=1))
    assert mark() == 0
    Activation.objects.create(**row)
    ActivationItem.objects.filter(pk=late.pk).delete()
    again = ActivationItem.objects.create(
        activation_id=key, ordinal=0, digest=rows.digest(1), state="reserved"
    )
    assert fail_stuck(NOON + SETTLED_AT) == 1 and states(again) == ["failed"]
    assert mark() == last.activation_id > first.activation_id


def test_what_was_never_used_is_found_by_a_mark_of_its_own(
    session: SigningSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark moves when what it stood before is erased, and no further than what is over for a day."""
    monkeypatch.setattr(left_behind, "STEP", 3)
    made = [sad(session, NOON, "authorised" if number in (4, 6, 9) else "signed") for number in range(11)]
    young = sad(session, NOON + timedelta(hours=2), "authorised")
    keys = [item.activation_id for item in made]
    after = NOON + settings.SAD_LIFETIME + retention.DAY

    def due(most: int = 100, at: datetime = after) -> tuple[list[int], int]:
        return retention.unused_sads(at, most), SadMark.objects.get().kept

    assert due(at=after - timedelta(seconds=1)) == ([], 0)
    assert due(most=2) == ([keys[4], keys[6]], keys[2])
    assert due() == ([keys[4], keys[6], keys[9]], keys[2])
    retention.erase_sads([keys[4], keys[6]], after)
    assert due() == ([keys[9]], keys[7])
    retention.erase_sads([keys[9]], after)
    assert due() == ([], keys[10])
    assert due(at=after + timedelta(hours=2)) == ([young.activation_id], keys[10])


@pytest.mark.skipif(connection.vendor == "sqlite", reason="PostgreSQL's plans")
def test_a_long_table_is_read_by_its_keys(session: SigningSession) -> None:
    """60,000 SADs of a year before; what is read are the keys behind the mark."""
    client = ehr()
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO signing_activation (public_id, sad_digest, credential_id, session_id, client_id,
            hash_algorithm, room, created_at, expires_at) SELECT gen_random_uuid(), sha256(n::text::bytea), %s, %s, %s,
            'sha256', 0, %s + n * interval '1 second', %s + n * interval '1 second' FROM generate_series(1, 60000) n""",
            [session.credential_id, session.pk, client.pk, *[NOON - timedelta(days=365)] * 2],
        )
        cursor.execute(
            """INSERT INTO signing_activationitem (public_id, activation_id, ordinal, digest, state)
            SELECT gen_random_uuid(), id, 0, '', 'signed' FROM signing_activation"""
        )
        cursor.execute("ANALYZE signing_activation, signing_activationitem")
    last = Activation.objects.latest("pk").pk
    SadMark.objects.create(pk=1, settled=last, kept=last)
    stuck = sad(session, NOON)
    with CaptureQueriesContext(connection) as asked:
        assert fail_stuck(NOON + STUCK_AT) == 1
        assert retention.unused_sads(NOON + timedelta(days=2), 100) == []
    assert states(stuck) == ["failed"]
    plans = [plan(each["sql"]) for each in asked.captured_queries if each["sql"].startswith("SELECT")]
    long = [each for each in plans if "signing_activation" in each]
    assert len(long) >= 4
    for each in long:
        assert "Seq Scan on signing_activation" not in each, each
    (read,) = [each for each in long if "'reserved'" in each and "Anti Join" not in each]
    assert "Index Cond: ((signing_activationitem.activation_id >" in read or (
        "Index Cond: ((activation_id >" in read
    ), read


def plan(query: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {query}")
        lines: list[Any] = cursor.fetchall()
    return "\n".join(line for (line,) in lines)
