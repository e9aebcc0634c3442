"""Which questions each authority asks at ⑥ and ⑦, and how the answers are read on the check page and at the desk."""

from datetime import date

import pytest

from enrollment import authorities, flow
from enrollment.flow import Draft
from enrollment.views import summary
from tests.enrollment.test_steps_forms import ask

DAY = date(2026, 11, 20)
BUTTONS = {"accepted", "fill"}


def asked(authority: str, *, wants_card: bool = True) -> dict[str, set[str]]:
    """The steps ⑥ and ⑦ of an authority, each with the fields of its form."""
    fields = authorities.fields(authority, DAY, wants_card=wants_card)
    draft = Draft(authority=authority, fields=fields)
    slugs = [row.slug for row in flow.steps_for(draft) if row.number in (6, 7)]
    return {slug: set(ask(slug, {}, authority=authority, fields=fields).fields) - BUTTONS for slug in slugs}


@pytest.mark.django_db
@pytest.mark.requirement("DQ-01")
def test_jma_asks_for_all_that_its_manual_names() -> None:
    found = asked("jma")
    assert {"family_kana", "given_kana", "family_romaji", "given_romaji"} <= found["names"]
    assert {"kind", "from_card", "family_kanji"} & found["other-name"] and found["home"] == {"postal_code"}
    assert {"registration_number", "registered_on"} <= found["licence"] and "file" in found["licence-front"]
    assert {"member", "number"} <= found["membership"] and found["card-pin"] == {"pin", "again"}
    assert {"has_workplace", "name", "institution_code", "postal_code", "address"} <= found["workplace"]
    assert found["delivery"] == {"phone", "send_to", "postal_code", "address", "pickup"}
    assert {"file", "taken_on"} <= found["photo"] and {"file", "kind"} <= found["identity"]


@pytest.mark.django_db
@pytest.mark.requirement("DQ-26", "DQ-27")
def test_the_others_ask_for_less() -> None:
    jma, medis, jpa = asked("jma"), asked("medis"), asked("jpa")
    assert set(jma) - set(medis) == {"membership"} and set(medis) <= set(jma)
    assert set(jma) - set(jpa) == {"card-pin"} and jpa["membership"] == {"member"}
    assert jpa["delivery"] == {"phone"} and medis["delivery"] == jma["delivery"] - {"pickup"}
    none = asked("jma", wants_card=False)
    assert "card-pin" not in none and none["delivery"] == {"phone"}
    assert not authorities.fields("jma", DAY, wants_card=False).card_preview


def shown(slug: str, answers: dict[str, object]) -> dict[str, str]:
    return {row["term"]: row["value"] for row in summary.rows(slug, answers)}


@pytest.mark.requirement("DQ-18")
def test_a_phone_number_is_read_with_its_hyphens() -> None:
    assert shown("delivery", {"phone": "08000804583"})["電話番号"] == "0800-080-4583"


@pytest.mark.requirement("DQ-04")
def test_dates_are_read_in_both_calendars() -> None:
    rows = shown("licence", {"registered_on": "2019-05-01", "reissued_on": "2020-01-02"})
    assert rows["登録年月日"] == "2019年5月1日（令和元年5月1日）"
    assert rows["書換交付・再交付の日"] == "2020年1月2日（令和2年1月2日）"


@pytest.mark.requirement("DQ-13", "DQ-16")
def test_codes_and_what_is_odd_about_them_are_read_in_words() -> None:
    rows = shown(
        "workplace",
        {
            "has_workplace": "yes",
            "institution_code": "1310110048",
            "postal_code": "9999999",
            "warnings": ["institution_check_digit", "postal_unknown"],
        },
    )
    assert (
        rows["医療機関コード・薬局コード"] == "1310110048（東京都・医科）"
        and rows["郵便番号"] == "〒999-9999"
    )
    assert (
        "検査数字" in rows["ご確認ください"] and "通常の郵便番号を入力してください" in rows["ご確認ください"]
    )


@pytest.mark.requirement("DQ-25")
def test_an_unknown_member_number_is_said() -> None:
    assert (
        shown("membership", {"member": "yes", "number": "", "number_unknown": True})["会員番号"]
        == "分からない"
    )
