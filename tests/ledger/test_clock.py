from datetime import date

from ledger import clock


def test_the_last_day_is_the_day_whose_end_it_was() -> None:
    for day in (date(2026, 12, 31), date(2027, 2, 28), date(2028, 2, 29)):
        assert clock.last_day(clock.end_of_day(day)) == day
