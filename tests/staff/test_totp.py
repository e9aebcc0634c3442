from datetime import UTC, datetime, timedelta

import pytest

from staff import totp

SEED = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_rfc_6238_appendix_b(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert totp.code_at(SEED, at) == code
    assert totp.matching_step(SEED, code, at, -1) == seconds // 30


NOW = datetime(2026, 11, 20, 3, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(("steps", "accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_one_step_of_drift_is_forgiven(steps: int, accepted: bool) -> None:
    code = totp.code_at(SEED, NOW + timedelta(seconds=30 * steps))
    assert (totp.matching_step(SEED, code, NOW, -1) is not None) == accepted


def test_a_step_that_was_used_is_not_matched_again() -> None:
    step = totp.matching_step(SEED, totp.code_at(SEED, NOW), NOW, -1)
    assert step is not None
    assert totp.matching_step(SEED, totp.code_at(SEED, NOW), NOW, step) is None
    earlier = totp.code_at(SEED, NOW - timedelta(seconds=30))
    assert totp.matching_step(SEED, earlier, NOW, step) is None


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "１２３４５６", "12 456", "-12345", "²²²²²²"]
)
def test_what_is_no_code_is_refused(code: str) -> None:
    assert totp.matching_step(SEED, code, NOW, -1) is None
