"""Telephone numbers: read in every form, shown as people read them."""

import pytest

from enrollment import values
from enrollment.problems import Problem


@pytest.mark.requirement("DQ-18")
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0800-080-4583", "08000804583"),
        ("03-1234-5678", "0312345678"),
        ("（０３）１２３４－５６７８", "0312345678"),
        ("090 1234 5678", "09012345678"),
        ("+81-90-1234-5678", "09012345678"),
        ("＋81 (0)3 1234 5678", "0312345678"),
        ("050-1234-5678", "05012345678"),
        ("020-1234-56789"[:13], "02012345678"),
        ("060-1234-5678", "06012345678"),
        ("0120-123-456", "0120123456"),
    ],
)
def test_phone_numbers_are_folded(typed: str, kept: str) -> None:
    assert values.phone(typed) == kept


@pytest.mark.requirement("DQ-18")
@pytest.mark.parametrize(
    "typed",
    [
        "06-123",
        "110",
        "",
        "03-1234-56789",
        "1234567890",
        "090-1234-567",
        "+1-202-555-0100",
        "abc",
        "0031234567",
    ],
)
def test_other_phone_numbers_are_refused(typed: str) -> None:
    with pytest.raises(Problem) as refused:
        values.phone(typed)
    assert refused.value.code == "phone_format"


@pytest.mark.requirement("DQ-18")
@pytest.mark.parametrize(
    ("digits", "shown"),
    [
        ("0312345678", "03-1234-5678"),
        ("0612345678", "06-1234-5678"),
        ("0422123456", "0422-12-3456"),
        ("0426123456", "042-612-3456"),
        ("0429123456", "04-2912-3456"),
        ("0471234567", "04-7123-4567"),
        ("0475123456", "0475-12-3456"),
        ("0112345678", "011-234-5678"),
        ("0126712345", "01267-1-2345"),
        ("0463123456", "0463-12-3456"),
        ("0980543456", "0980-54-3456"),
        ("0980223456", "09802-2-3456"),
        ("0120123456", "0120-123-456"),
        ("0570012345", "0570-012-345"),
        ("09012345678", "090-1234-5678"),
        ("05012345678", "050-1234-5678"),
        ("02012345678", "020-1234-5678"),
        ("08000804583", "0800-080-4583"),
        ("", ""),
        ("110", "110"),
    ],
)
def test_a_number_is_shown_as_people_read_it(digits: str, shown: str) -> None:
    assert values.hyphenated(digits) == shown


@pytest.mark.requirement("DQ-18")
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("06-123", "06から始まる電話番号は10桁です（入力は5桁）"),
        ("090-1234-567", "090から始まる電話番号は11桁です（入力は10桁）"),
        ("110", "市外局番から"),
        ("1234-5678", "市外局番から"),
        ("+1-202-555-0100", "日本国内の電話番号"),
        ("03-1234-567x", "数字でない文字"),
    ],
)
def test_what_is_wrong_with_a_number_is_said(typed: str, words: str) -> None:
    with pytest.raises(Problem) as refused:
        values.phone(typed)
    assert words in str(refused.value)
