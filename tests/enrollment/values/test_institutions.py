"""Institution codes: their parts, their check digit, and what only warns."""

import pytest

from enrollment import values
from enrollment.problems import Problem


@pytest.mark.requirement("DQ-10", "DQ-12", "DQ-14")
@pytest.mark.parametrize("code", ["0110112489", "0110113420", "1310110049", "1310110098", "0110113719"])
def test_real_institution_codes_pass_without_a_warning(code: str) -> None:
    assert values.institution_code(code) == (code, ())


@pytest.mark.requirement("DQ-13", "DQ-14")
@pytest.mark.parametrize("code", ["0110113710", "1310110048"])
def test_a_wrong_check_digit_only_warns(code: str) -> None:
    assert values.institution_code(code) == (code, ("institution_check_digit",))
    assert "検査数字" in values.WARNINGS["institution_check_digit"]


@pytest.mark.requirement("DQ-14")
@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("0010112489", "institution_prefecture"),
        ("4810112489", "institution_prefecture"),
        ("9910112489", "institution_prefecture"),
        ("011011248", "institution_length"),
        ("01101124891", "institution_length"),
        ("", "institution_format"),
        ("なし", "institution_format"),
    ],
)
def test_other_institution_codes_are_refused(code: str, problem: str) -> None:
    with pytest.raises(Problem) as refused:
        values.institution_code(code)
    assert refused.value.code == problem


@pytest.mark.requirement("DQ-14")
def test_test_facilities_and_odd_tables() -> None:
    assert values.institution_code("9910112489", production=False).value == "9910112489"
    for table in "29":
        assert "institution_table" in values.institution_code(f"01{table}0112489").warnings


@pytest.mark.requirement("DQ-11")
@pytest.mark.parametrize(
    "typed", ["01,1248,9", "0112489", "０１１２４８９", "01-1248-9", "01.1248.9", "01 1248 9"]
)
def test_seven_digits_are_completed(typed: str) -> None:
    assert values.institution_code(typed, prefecture="01", table="1") == ("0110112489", ())
    with pytest.raises(Problem) as refused:
        values.institution_code(typed)
    assert refused.value.code == "institution_incomplete"


@pytest.mark.requirement("DQ-12")
@pytest.mark.parametrize("prefecture", sorted(values.PREFECTURES))
def test_four_prefectures_check_the_last_seven_digits_only(prefecture: str) -> None:
    """0110049 is right alone; the three digits before it count everywhere but in 11 to 14."""
    is_short = prefecture in ("11", "12", "13", "14")
    code = f"{prefecture}10110049"
    whole = sum(sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(reversed(code)))
    assert values.has_check_digit(code) is (is_short or whole % 10 == 0)
    wrong = code[:-1] + "0"
    assert not (is_short and values.has_check_digit(wrong))


@pytest.mark.requirement("DQ-10")
@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("0110112489", ("北海道", "医科")),
        ("4733333333", ("沖縄県", "歯科")),
        ("1340110049", ("東京都", "調剤")),
        ("1360110049", ("東京都", "訪問看護")),
        ("1390110049", ("東京都", "")),
        ("9910110049", ("試験用", "医科")),
    ],
)
def test_a_code_is_made_of_prefecture_and_table(code: str, parts: tuple[str, str]) -> None:
    assert values.parts(code) == parts
