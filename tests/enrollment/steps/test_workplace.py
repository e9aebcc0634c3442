"""⑦ Workplace: none, the institution code, and the address that a postal code fills."""

from typing import Any

import pytest

from tests.enrollment.test_steps_forms import ask, codes

pytestmark = pytest.mark.django_db
WORK = {
    "has_workplace": "yes",
    "name": "診療所",
    "postal_code": "〒100-0014",
    "address": "東京都千代田区永田町１－１",
}


def work(**given: Any) -> Any:
    return ask("workplace", WORK | given)


@pytest.mark.requirement("DQ-09")
def test_no_workplace_needs_nothing_else() -> None:
    assert ask("workplace", {"has_workplace": "none"}).values() == {"has_workplace": "none"}
    assert codes(ask("workplace", {"has_workplace": "yes"})) == {
        "name:required",
        "postal_code:required",
        "address:required",
    }
    assert work(name="なし").values() == {"has_workplace": "none"}


@pytest.mark.requirement("DQ-09")
def test_what_is_not_needed_any_more_cannot_be_wrong() -> None:
    left = {"has_workplace": "none", "postal_code": "1", "institution_code": "x", "name": "\u202e"}
    assert ask("workplace", left).values() == {"has_workplace": "none"}


@pytest.mark.requirement("DQ-13", "DQ-14")
def test_a_wrong_check_digit_warns_and_never_refuses() -> None:
    form = work(institution_code="1310110048")
    assert form.is_valid() and "このまま進む" in form.needs_another_look()
    accepted = work(institution_code="1310110048", accepted=form.marks)
    assert accepted.is_valid() and not accepted.needs_another_look()
    assert accepted.values()["warnings"] == ["institution_check_digit"]
    right = work(institution_code="1310110049")
    assert not right.needs_another_look() and "warnings" not in right.values()


@pytest.mark.requirement("DQ-13")
def test_another_wrong_code_is_not_waved_through_with_the_first() -> None:
    form = work(institution_code="1310110048")
    assert work(institution_code="1310110047", accepted=form.marks).needs_another_look()


@pytest.mark.requirement("DQ-11")
def test_seven_digits_are_completed_from_what_was_chosen_or_from_the_address() -> None:
    chosen = work(institution_code="01,1248,9", prefecture="01", table="1", address="札幌市北区１")
    assert chosen.values()["institution_code"] == "0110112489"
    assert "prefecture" not in chosen.values() and "table" not in chosen.values()
    assert work(institution_code="0110049", table="1").values()["institution_code"] == "1310110049"
    assert codes(work(institution_code="0110049")) == {"institution_code:institution_incomplete"}


@pytest.mark.requirement("DQ-14")
def test_test_facilities_pass_only_outside_production(settings: Any) -> None:
    settings.IS_DEMO = True
    assert "institution_code" not in work(institution_code="9910110049").errors
    settings.IS_DEMO = False
    assert codes(work(institution_code="9910110049")) == {"institution_code:institution_prefecture"}


@pytest.mark.requirement("DQ-10")
def test_a_code_is_shown_back_with_prefecture_and_table() -> None:
    assert "1310110049（東京都・医科）" in str(work(institution_code="13-1-0110049"))
    assert "4740110043（沖縄県・調剤）" in str(work(institution_code="4740110043"))


@pytest.mark.requirement("DQ-10", "DQ-15")
@pytest.mark.parametrize(
    ("qualification", "words"),
    [("dentist", "医科に併設された歯科の方は、医科のコード"), ("pharmacist", "3桁目が4（調剤）")],
)
def test_which_code_is_meant_is_said_by_qualification(qualification: str, words: str) -> None:
    form = ask("workplace", {}, qualification=qualification)
    assert words in str(form.fields["institution_code"].help_text)
    assert words not in str(ask("workplace", {}).fields["institution_code"].help_text)


# --- the postal code and its address -----------------------------------------------------------------------------


@pytest.mark.requirement("DQ-16")
def test_the_button_fills_an_empty_address_and_loses_nothing() -> None:
    form = ask(
        "workplace", {"has_workplace": "yes", "postal_code": "1000014", "name": "診療所", "fill": "ask"}
    )
    assert form.needs_another_look() and not form.errors
    assert form["address"].value() == "東京都千代田区永田町" and form["name"].value() == "診療所"


@pytest.mark.requirement("DQ-16")
def test_a_known_office_code_fills_the_whole_address() -> None:
    form = ask("workplace", {"has_workplace": "yes", "postal_code": "100-8066", "fill": "ask"})
    assert form["address"].value() == "東京都千代田区大手町1丁目3-7"


@pytest.mark.requirement("DQ-16")
def test_what_was_typed_is_offered_to_be_replaced_and_can_come_back() -> None:
    form = work(address="大阪府大阪市１", fill="ask")
    assert form["address"].value() == "大阪府大阪市１"
    assert [place.address for place in form.postal_offer.choices] == ["東京都千代田区永田町"]
    taken = work(address="大阪府大阪市１", fill="pick:0")
    assert (
        taken["address"].value() == "東京都千代田区永田町" and taken.postal_offer.former == "大阪府大阪市１"
    )
    back = work(address="東京都千代田区永田町", fill="back:大阪府大阪市１")
    assert back["address"].value() == "大阪府大阪市１"


@pytest.mark.requirement("DQ-16", "DQ-17")
def test_of_several_places_one_is_chosen() -> None:
    form = work(postal_code="498-0000", address="", fill="ask")
    assert [place.address for place in form.postal_offer.choices] == ["愛知県弥富市", "三重県桑名郡木曽岬町"]
    assert form["address"].value() == ""
    assert (
        work(postal_code="498-0000", address="", fill="pick:1")["address"].value() == "三重県桑名郡木曽岬町"
    )


@pytest.mark.requirement("DQ-16", "DQ-17")
def test_an_unknown_code_is_accepted_with_the_hint() -> None:
    sentence = "事業所の個別郵便番号が使えない場合は、通常の郵便番号を入力してください"
    for code in ("9999999", "113-8621"):
        form = work(postal_code=code)
        assert form.is_valid() and not form.needs_another_look()
        assert form.values()["warnings"] == ["postal_unknown"]
        assert sentence in form.found_doubts[0].sentence
        assert sentence in work(postal_code=code, address="", fill="ask").needs_another_look()


@pytest.mark.requirement("DQ-16")
def test_only_a_wrong_shape_is_refused() -> None:
    for typed in ("100001", "10000145", "100-001a"):
        assert codes(work(postal_code=typed)) == {"postal_code:postal_code_format"}
    assert codes(work(postal_code="1", fill="ask")) == {"postal_code:postal_code_format"}


@pytest.mark.requirement("DQ-16")
def test_an_authority_may_refuse_the_codes_of_offices() -> None:
    from_office = WORK | {"postal_code": "1008066", "address": "東京都千代田区大手町1丁目3-7"}
    assert ask("workplace", from_office).is_valid()
    fields = ask("workplace", {}).draft.fields
    assert fields is not None
    form = ask("workplace", from_office, fields=fields._replace(office_postal_codes=False))
    assert codes(form) == {"postal_code:postal_code_office"}
    assert "通常の郵便番号を入力してください" in str(form.errors)
    assert ask("workplace", WORK, fields=fields._replace(office_postal_codes=False)).is_valid()


def test_a_code_of_another_place_and_an_address_without_a_number_are_asked_about() -> None:
    assert "勤務先の郵便番号" in work(address="大阪府大阪市北区１－１").needs_another_look()
    assert "勤務先の住所" in work(address="東京都千代田区永田町").needs_another_look()


@pytest.mark.parametrize(
    "button", ["pick:9", "pick:", "pick:x", "pick:-1", "pick:" + "9" * 5000, "back:", "x" * 5000, "\x00"]
)
def test_no_button_value_breaks_the_page(button: str) -> None:
    form = work(fill=button)
    assert form["name"].value() == "診療所" and 'name="fill"' not in str(form)
