from datetime import date

import pytest

from ledger.clock import civil_months_later


@pytest.mark.requirement("ST-17", "K-14")
@pytest.mark.parametrize(
    ("sent", "until"),
    [
        (date(2026, 11, 20), date(2027, 2, 20)),
        (date(2026, 11, 28), date(2027, 2, 28)),
        (date(2026, 11, 29), date(2027, 2, 28)),
        (date(2026, 11, 30), date(2027, 2, 28)),
        (date(2027, 2, 28), date(2027, 5, 31)),
        (date(2027, 4, 30), date(2027, 7, 31)),
        (date(2028, 2, 29), date(2028, 5, 31)),
    ],
)
def test_three_civil_months_end_on_the_day_the_law_counts(sent: date, until: date) -> None:
    assert civil_months_later(sent, 3) == until
