"""Numbers and addresses as people type them."""

from datetime import date

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
    assert code_of(refused) == problem


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
    assert code_of(refused) == "institution_incomplete"


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
    assert code_of(refused) == "phone_format"


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


@pytest.mark.requirement("DQ-25")
def test_member_numbers_have_ten_digits() -> None:
    assert values.member_number("１２３４-５６７８９０") == "1234567890"
    for typed in ("123456789", "12345678901", "", "12345678a0"):
        with pytest.raises(Problem) as refused:
            values.member_number(typed)
        assert code_of(refused) == "member_number_format"


BORN = date(1978, 4, 12)


@pytest.mark.requirement("DQ-22")
@pytest.mark.parametrize("pin", ["0000", "1111", "9999", "1234", "0412", "1978"])
def test_easy_pins_are_refused_and_never_repeated(pin: str) -> None:
    with pytest.raises(Problem) as refused:
        values.card_pin(pin, digits=4, birth_date=BORN)
    assert code_of(refused) == "card_pin_easy"
    assert refused.value.values == {}


@pytest.mark.requirement("DQ-22")
def test_other_pins_pass() -> None:
    assert values.card_pin("７３９２", digits=4, birth_date=BORN) == "7392"
    for pin in ("739", "73921", "73a2", ""):
        with pytest.raises(Problem) as refused:
            values.card_pin(pin, digits=4, birth_date=BORN)
        assert code_of(refused) == "card_pin_format"


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
