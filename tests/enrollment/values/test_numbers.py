"""Numbers and addresses as people type them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrollment import values
from enrollment.problems import Problem


def code_of(refused: pytest.ExceptionInfo[Problem]) -> str:
    return refused.value.code


@pytest.mark.requirement("DQ-02")
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("123456", "123456"),
        ("第１２３４５６号", "123456"),
        ("第 012 345 号", "12345"),
        ("0000001", "1"),
        ("00001234567", "1234567"),
    ],
)
def test_registration_numbers_are_folded(typed: str, kept: str) -> None:
    assert values.registration_number(typed) == kept


@pytest.mark.requirement("DQ-02")
@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "registration_number_format"),
        ("12a", "registration_number_format"),
        ("12-34", "registration_number_format"),
        ("\u0661\u0662", "registration_number_format"),
        ("0", "registration_number_zero"),
        ("12345678", "registration_number_length"),
    ],
)
def test_other_registration_numbers_are_refused(typed: str, code: str) -> None:
    with pytest.raises(Problem) as refused:
        values.registration_number(typed)
    assert code_of(refused) == code
    if code == "registration_number_length":
        assert values.registration_number(typed, most=8) == typed


@pytest.mark.requirement("DQ-16")
@pytest.mark.parametrize(
    "typed", ["1008066", "100-8066", "〒100-8066", "〒１００－８０６６", " 100 8066 ", "100ー8066"]
)
def test_postal_codes_are_folded(typed: str) -> None:
    assert values.postal_code(typed) == "1008066"


@pytest.mark.requirement("DQ-16", "DQ-17")
def test_only_the_shape_of_a_postal_code_is_refused() -> None:
    assert values.postal_code("9999999") == "9999999"
    for typed in ("", "100806", "10080666", "100-806a"):
        with pytest.raises(Problem) as refused:
            values.postal_code(typed)
        assert code_of(refused) == "postal_code_format"


@pytest.mark.requirement("DQ-19")
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Hanako@Example.JP ", "Hanako@example.jp"),
        ("ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ", "hanako@example.jp"),
        ("a.b+c@mail.example.co.jp", "a.b+c@mail.example.co.jp"),
    ],
)
def test_addresses_are_folded(typed: str, kept: str) -> None:
    assert values.email(typed) == kept


@pytest.mark.requirement("DQ-19")
@pytest.mark.parametrize(
    "typed",
    [
        "",
        "a",
        "a@b",
        "a b@example.jp",
        "a@example.jp\nBcc: b@example.jp",
        "a@@example.jp",
        "@example.jp",
        "あ@example.jp",
        "a" * 65 + "@example.jp",
        "a@" + "b" * 64 + ".jp",
        "a@" + "b." * 130 + "jp",
        "a@-b.jp",
        "a..b@example.jp",
    ],
)
def test_other_addresses_are_refused(typed: str) -> None:
    with pytest.raises(Problem) as refused:
        values.email(typed)
    assert code_of(refused) == "email_format"


@pytest.mark.requirement("DQ-19")
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("hanako", "「@」が1つ必要です（入力には0個）"),
        ("a@@example.jp", "入力には2個"),
        ("hanako@example", "「example」に「.」がありません"),
        ("花子@example.jp", "使えない文字「花」"),
        ("ha nako@example.jp", "空白や改行"),
    ],
)
def test_what_is_wrong_with_an_address_is_said(typed: str, words: str) -> None:
    with pytest.raises(Problem) as refused:
        values.email(typed)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: values.postal_code("100-001"), "7桁です（入力は6桁）"),
        (lambda: values.member_number("123"), "10桁です（入力は3桁）"),
        (lambda: values.registration_number("12345678"), "7桁以内です（入力は8桁）"),
        (lambda: values.registration_number("十二"), "数字でない文字"),
    ],
)
def test_messages_say_what_was_measured(ask: Any, words: str) -> None:
    with pytest.raises(Problem) as refused:
        ask()
    assert words in str(refused.value)


@pytest.mark.requirement("DQ-25")
def test_member_numbers_have_ten_digits() -> None:
    assert values.member_number("１２３４-５６７８９０") == "1234567890"
    for typed in ("123456789", "12345678901", "", "12345678a0"):
        with pytest.raises(Problem) as refused:
            values.member_number(typed)
        assert code_of(refused) == "member_number_format"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_value_or_a_problem(text: str) -> None:
    for parser in (
        values.registration_number,
        values.institution_code,
        values.postal_code,
        values.phone,
        values.email,
        values.member_number,
    ):
        try:
            parser(text)
        except Problem as problem:
            assert str(problem) and "%(" not in str(problem)
