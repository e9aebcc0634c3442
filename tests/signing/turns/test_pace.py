"""When a turn begins: at once where nobody is left to wait for, and apart where many come."""

from signing.turns.pace import BUSY, LONGEST_WAIT, MANY, PACE, Pace


def busy(calls: int = 10) -> Pace:
    """A turn with so many calls each millisecond, the last one at 1.0."""
    pace = Pace()
    for turn in range(20):
        pace.begun(1.0 - (19 - turn) / 1000, calls, 0)
    return pace


def test_where_nobody_was_a_turn_begins_at_once() -> None:
    pace = Pace()
    pace.first(5.0)
    assert pace.is_full(1, 1, is_held=False)
    assert pace.begins(is_held=False) == 0.0


def paced(rate: float) -> float:
    """How far apart turns begin where so many calls have come in a second, one with each turn."""
    pace = Pace()
    for turn in range(2000):
        pace.begun(turn / rate, 1, 0)
    return pace.begins(is_held=False) - 1999 / rate


def test_where_little_is_asked_nobody_waits() -> None:
    assert paced(BUSY / 4) < 0


def test_the_more_is_asked_the_further_apart_they_begin() -> None:
    assert 0 < paced(BUSY * 0.5) < paced(BUSY * 0.8) < paced(BUSY * 2) < PACE * 1.01
    assert paced(BUSY * 2) > PACE * 0.99


def test_where_much_is_asked_turns_begin_apart() -> None:
    assert busy().begins(is_held=False) == 1.0 + PACE


def test_all_that_are_about_need_not_wait() -> None:
    pace = busy(calls=10)
    assert not pace.is_full(4, 6, is_held=False)
    assert pace.is_full(4, 10, is_held=False)


def test_a_crowd_that_has_gone_is_forgotten() -> None:
    pace = busy(calls=50)
    for turn in range(400):
        pace.begun(2.0 + turn / 100, 2, 0)
    assert pace.is_full(2, 2, is_held=False)


def test_a_frame_at_the_signer_holds_those_who_wait_but_not_many_and_not_for_long() -> None:
    pace = busy(calls=10)
    pace.first(2.0)
    assert not pace.is_full(10, 20, is_held=True)
    assert pace.begins(is_held=True) == 2.0 + LONGEST_WAIT
    assert pace.is_full(MANY, MANY, is_held=True)


def test_after_a_break_nobody_is_expected() -> None:
    pace = busy()
    pace.reset()
    assert pace.begins(is_held=False) == 0.0
    assert pace.is_full(1, 1, is_held=False)
