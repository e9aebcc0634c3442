"""⑥ The card: its address's postal code, its PIN; ⑦ where it goes."""

from datetime import date
from typing import Any

import pytest

from enrollment import authorities
from tests.enrollment.test_steps_forms import ask, codes

pytestmark = pytest.mark.django_db


@pytest.mark.requirement("NM-24")
def test_the_card_s_address_is_shown_and_cannot_be_typed() -> None:
    form = ask("home", {"postal_code": "100-0013", "address": "大阪府"})
    assert set(form.fields) == {"postal_code", "accepted", "fill"}
    assert form.values() == {"postal_code": "1000013"}
    assert form.context()["address"] == "東京都千代田区霞が関１－２－２"


@pytest.mark.requirement("NM-24", "K-18")
def test_a_postal_code_of_another_place_is_a_warning_with_both_addresses() -> None:
    form = ask("home", {"postal_code": "530-0001"})
    assert form.is_valid() and "郵便番号" in form.needs_another_look()
    found: Any = form
    assert "大阪府大阪市北区梅田" in found.found_doubts[0].sentence
    assert "東京都千代田区霞が関１－２－２" in found.found_doubts[0].sentence
    accepted = ask("home", {"postal_code": "530-0001", "accepted": found.marks})
    assert not accepted.needs_another_look() and accepted.values()["warnings"] == ["postal_differs"]


def test_the_button_has_no_say_where_nothing_may_be_filled() -> None:
    """A returned application: its closed answers stay valid whatever is posted (ST-14)."""
    home = ask("home", {"postal_code": "100-0013", "fill": "ask"})
    assert home.is_valid() and not home.needs_another_look() and home.values() == {"postal_code": "1000013"}


@pytest.mark.requirement("DQ-16")
def test_an_unknown_postal_code_of_the_home_goes_on_with_a_hint() -> None:
    form = ask("home", {"postal_code": "999-9999"})
    assert form.is_valid() and not form.needs_another_look()
    assert "通常の郵便番号" in str(form.context()["offer"].hint)


@pytest.mark.requirement("DQ-22")
@pytest.mark.parametrize("pin", ["0000", "1111", "1234", "0401", "1985", "8504", "123", "12345", "abcd"])
def test_an_easy_or_misshapen_pin_is_refused_and_never_drawn_again(pin: str) -> None:
    form = ask("card-pin", {"pin": pin, "again": pin})
    assert "pin" in form.errors
    assert f'value="{pin}"' not in str(form) and pin not in {str(error) for error in form.errors["pin"]}


@pytest.mark.requirement("DQ-22")
def test_the_pin_is_typed_twice() -> None:
    assert "again" in ask("card-pin", {"pin": "8305", "again": "8306"}).errors
    assert "again" in ask("card-pin", {"pin": "8305"}).errors
    assert ask("card-pin", {"pin": "８３０５", "again": "8305"}).values() == {"is_set": True}


@pytest.mark.requirement("DQ-22")
def test_length_and_rule_are_the_authority_s_own() -> None:
    fields = authorities.fields("jma", date(2026, 11, 20))
    six = fields._replace(card_pin_digits=6, card_pin_refused=("same",))
    assert ask("card-pin", {"pin": "123456", "again": "123456"}, fields=six).is_valid()
    assert "pin" in ask("card-pin", {"pin": "222222", "again": "222222"}, fields=six).errors
    assert "数字6桁" in str(ask("card-pin", {}, fields=six).fields["pin"].help_text)


def test_the_page_tells_jma_s_lock_and_nothing_where_it_is_not_known() -> None:
    """DQ-24: fifteen wrong PINs in a row lock a JMA card."""
    assert ask("card-pin", {}).context() == {"tries": 15}
    assert ask("card-pin", {}, authority="medis").context() == {"tries": 0}


@pytest.mark.requirement("DQ-26", "DQ-27")
def test_delivery_and_pickup_are_asked_only_where_a_card_is_made() -> None:
    assert {"send_to", "pickup"} <= set(ask("delivery", {}).fields)
    assert "pickup" not in ask("delivery", {}, authority="medis").fields
    none = authorities.fields("jma", date(2026, 11, 20), wants_card=False)
    for form in (ask("delivery", {}, authority="jpa"), ask("delivery", {}, fields=none)):
        assert set(form.fields) == {"phone", "accepted"}
    assert ask("delivery", {"phone": "03-1234-5678"}, authority="jpa").values() == {"phone": "0312345678"}


@pytest.mark.requirement("DQ-27")
def test_jma_s_places_are_the_associations_of_the_47_prefectures() -> None:
    field: Any = ask("delivery", {}).fields["pickup"]
    assert len(field.choices) == 48 and ("13", "東京都医師会") in field.choices
    assert codes(ask("delivery", {"phone": "0312345678", "send_to": "home", "pickup": "48"})) == {
        "pickup:invalid_choice"
    }


def test_letters_cannot_go_to_a_workplace_that_is_not_there() -> None:
    given = {"phone": "0312345678", "send_to": "work", "pickup": "13"}
    assert "send_to" in ask("delivery", given, answers={"workplace": {"has_workplace": "none"}}).errors


@pytest.mark.requirement("NM-24", "DQ-16")
def test_another_delivery_address_is_filled_by_its_postal_code() -> None:
    given = {"phone": "0312345678", "pickup": "13", "send_to": "elsewhere", "postal_code": "1130021"}
    assert codes(ask("delivery", given)) == {"address:required"}
    assert ask("delivery", given | {"fill": "ask"})["address"].value() == "東京都文京区本駒込"
    whole = ask("delivery", given | {"address": "東京都文京区本駒込９－９"}).values()
    assert whole["address"] == "東京都文京区本駒込９－９"
    home = ask("delivery", given | {"send_to": "home", "postal_code": "x"})
    assert home.values()["postal_code"] == "" == home.values()["address"]


@pytest.mark.requirement("DQ-18")
def test_a_phone_number_is_shown_back_as_people_read_it() -> None:
    assert "0800-080-4583" in str(
        ask("delivery", {"phone": "０８０００８０４５８３"})["phone"].as_field_group()
    )
