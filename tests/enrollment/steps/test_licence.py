"""⑥ Registration number and date, and membership."""

from datetime import date

import pytest

from enrollment import authorities
from enrollment.models import CardHolder
from tests.enrollment.test_steps_forms import ask, codes

pytestmark = pytest.mark.django_db
LICENCE = {"registration_number": "第０12345号", "registered_on": "平成20年4月1日"}


@pytest.mark.requirement("DQ-02", "DQ-03", "DQ-04")
def test_number_and_date_are_read_as_people_write_them() -> None:
    form = ask("licence", LICENCE)
    assert form.values() == {
        "registration_number": "12345",
        "registered_on": "2008-04-01",
        "reissued_on": "",
        "has_notes_on_back": False,
        "is_changing_surname": False,
    }
    assert not form.needs_another_look()


@pytest.mark.requirement("DQ-03")
@pytest.mark.parametrize(
    ("qualification", "label"),
    [("doctor", "医籍登録番号"), ("dentist", "歯科医籍登録番号"), ("pharmacist", "薬剤師名簿登録番号")],
)
def test_the_register_is_named_by_the_qualification(qualification: str, label: str) -> None:
    assert ask("licence", {}, qualification=qualification).fields["registration_number"].label == label


@pytest.mark.requirement("DQ-02")
def test_the_longest_number_is_the_authority_s_setting() -> None:
    long = LICENCE | {"registration_number": "12345678"}
    assert codes(ask("licence", long)) == {"registration_number:registration_number_length"}
    fields = authorities.fields("jma", date(2026, 11, 20))._replace(registration_digits=8)
    assert ask("licence", long, fields=fields).is_valid()


@pytest.mark.requirement("DQ-07")
@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("2026-11-21", "registered_future"),
        ("2003-03-31", "registered_too_young"),
        ("令和元年4月30日", "date_era"),
    ],
)
def test_an_impossible_registration_date_is_refused(day: str, code: str) -> None:
    assert codes(ask("licence", LICENCE | {"registered_on": day})) == {f"registered_on:{code}"}


@pytest.mark.requirement("DQ-07")
def test_a_registration_before_twenty_two_is_asked_once_more_and_then_goes_on() -> None:
    """Born 1985-04-01: the 18th birthday is 2003-04-01, the 22nd 2007-04-01."""
    early = LICENCE | {"registered_on": "平成19年3月31日"}
    form = ask("licence", early)
    assert form.is_valid() and "登録年月日" in form.needs_another_look()
    assert form.found_doubts[0].sentence.startswith("2007年3月31日（平成19年3月31日）の時点で21歳です")  # type: ignore[attr-defined]
    accepted = ask("licence", early | {"accepted": form.marks})  # type: ignore[attr-defined]
    assert not accepted.needs_another_look() and accepted.values()["warnings"] == ["registered_early"]
    changed = ask("licence", early | {"registered_on": "H19.3.30", "accepted": form.marks})  # type: ignore[attr-defined]
    assert changed.needs_another_look()
    for day in ("2007-04-01", "2003-04-01"):
        assert bool(ask("licence", LICENCE | {"registered_on": day}).needs_another_look()) is (day < "2007")


@pytest.mark.requirement("DQ-07")
def test_a_reissue_before_the_registration_is_refused() -> None:
    assert codes(ask("licence", LICENCE | {"reissued_on": "2008-03-31"})) == {"reissued_on:reissued_range"}
    assert codes(ask("licence", LICENCE | {"reissued_on": "2026-11-21"})) == {"reissued_on:reissued_range"}
    assert ask("licence", LICENCE | {"reissued_on": "平成20年4月1日"}).values()["reissued_on"] == "2008-04-01"


def test_both_dates_are_judged_even_where_one_is_wrong() -> None:
    form = ask("licence", LICENCE | {"registered_on": "いつか", "reissued_on": "2020-02-30"})
    assert codes(form) == {"registered_on:date_format", "reissued_on:date_impossible"}


@pytest.mark.requirement("DQ-04")
@pytest.mark.parametrize(
    ("typed", "born", "day"),
    [
        ("昭和53年4月1日", "1950-01-01", "1978-04-01"),
        ("平成元年1月8日", "1950-01-01", "1989-01-08"),
        ("令和2年5月1日", "1985-04-01", "2020-05-01"),
        ("大正15年12月24日", "1900-01-01", "1926-12-24"),
        ("1978/04/01", "1950-01-01", "1978-04-01"),
    ],
)
def test_every_living_person_s_era_is_accepted_and_three_are_offered(typed: str, born: str, day: str) -> None:
    form = ask("licence", LICENCE | {"registered_on": typed}, card={"birth_date": born})
    assert form.values()["registered_on"] == day
    assert "昭和・平成・令和" in str(form.fields["registered_on"].help_text)


@pytest.mark.requirement("DQ-04")
def test_every_date_is_shown_back_in_both_calendars() -> None:
    page = str(ask("licence", LICENCE | {"reissued_on": "R2.1.15"}))
    assert "2008年4月1日（平成20年4月1日）" in page and "2020年1月15日（令和2年1月15日）" in page


@pytest.mark.requirement("CA-11")
@pytest.mark.parametrize("status", ["valid", "expired", "revoked", "ordered"])
def test_the_authorities_register_of_card_holders_is_asked(status: str) -> None:
    CardHolder.objects.create(
        authority="jma",
        qualification="doctor",
        registration_number="12345",
        birth_date=date(1985, 4, 1),
        status=status,
    )
    assert codes(ask("licence", LICENCE)) == {"registration_number:has_card_by_register"}
    assert ask("licence", LICENCE, card={"birth_date": "1985-04-02"}).is_valid()


@pytest.mark.requirement("DQ-25")
def test_a_member_gives_a_number_or_says_that_it_is_unknown() -> None:
    assert codes(ask("membership", {"member": "yes"})) == {"number:member_number_missing"}
    assert codes(ask("membership", {"member": "yes", "number": "12"})) == {"number:member_number_format"}
    unknown = ask("membership", {"member": "yes", "number_unknown": "on"})
    assert unknown.values() == {"member": "yes", "number": "", "number_unknown": True}
    both = ask("membership", {"member": "yes", "number_unknown": "on", "number": "１２３４５６７８９０"})
    assert both.values() == {"member": "yes", "number": "1234567890", "number_unknown": False}
    other = ask("membership", {"member": "no", "number": "12"})
    assert other.is_valid() and other.values()["number"] == ""


@pytest.mark.requirement("DQ-25", "DQ-27")
def test_jpa_asks_only_whether_somebody_is_a_member_and_medis_asks_nothing() -> None:
    form = ask("membership", {"member": "yes"}, authority="jpa")
    assert set(form.fields) == {"member"} and form.values() == {"member": "yes"}
    assert form.fields["member"].label == "都道府県薬剤師会に所属していますか"
    assert authorities.fields("medis", date(2026, 11, 20)).membership == ""
