"""The PIN wished for the HPKI card."""

from datetime import date

import pytest

from enrollment import values
from enrollment.problems import Problem

BORN = date(1978, 4, 12)


@pytest.mark.requirement("DQ-22")
@pytest.mark.parametrize("pin", ["0000", "1111", "9999", "1234", "0412", "1978"])
def test_easy_pins_are_refused_and_never_repeated(pin: str) -> None:
    with pytest.raises(Problem) as refused:
        values.card_pin(pin, digits=4, birth_date=BORN)
    assert refused.value.code == "card_pin_easy"
    assert refused.value.values == {}


@pytest.mark.requirement("DQ-22")
def test_other_pins_pass() -> None:
    assert values.card_pin("７３９２", digits=4, birth_date=BORN) == "7392"
    for pin, code in (
        ("739", "card_pin_length"),
        ("73921", "card_pin_length"),
        ("73a2", "card_pin_format"),
        ("", "card_pin_format"),
    ):
        with pytest.raises(Problem) as refused:
            values.card_pin(pin, digits=4, birth_date=BORN)
        assert refused.value.code == code and (pin == "" or pin not in str(refused.value))


@pytest.mark.requirement("DQ-22")
@pytest.mark.parametrize("pin", ["0412", "1204", "1978", "7804", "0478"])
def test_every_way_of_writing_the_birthday_is_refused(pin: str) -> None:
    with pytest.raises(Problem, match="生年月日"):
        values.card_pin(pin, digits=4, birth_date=BORN)


@pytest.mark.requirement("DQ-22")
def test_the_rule_is_the_authority_s_own() -> None:
    assert values.card_pin("1234", digits=4, birth_date=BORN, refused=("same",)) == "1234"
    assert values.card_pin("780412", digits=6, birth_date=BORN, refused=()) == "780412"
    with pytest.raises(Problem, match="生年月日"):
        values.card_pin("780412", digits=6, birth_date=BORN)
