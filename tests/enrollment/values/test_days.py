"""Days in Japanese eras and Western years."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrollment import days
from enrollment.problems import Problem


@pytest.mark.requirement("DQ-04", "DQ-05", "DQ-06")
@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("昭和64年1月7日", date(1989, 1, 7)),
        ("平成元年1月8日", date(1989, 1, 8)),
        ("平成1年1月8日", date(1989, 1, 8)),
        ("平成31年4月30日", date(2019, 4, 30)),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("令和1年5月1日", date(2019, 5, 1)),
        ("昭和元年12月25日", date(1926, 12, 25)),
        ("大正15年12月24日", date(1926, 12, 24)),
        ("令和6年2月29日", date(2024, 2, 29)),
        ("R6.5.1", date(2024, 5, 1)),
        ("Ｒ６年５月１日", date(2024, 5, 1)),
        ("r6/5/1", date(2024, 5, 1)),
        ("S53.4.1", date(1978, 4, 1)),
        ("昭５３．４．１", date(1978, 4, 1)),
        ("昭和五十三年四月一日", date(1978, 4, 1)),
        ("昭和五十三年十二月二十日", date(1978, 12, 20)),
        ("二〇二四年二月二十九日", date(2024, 2, 29)),
        ("㋿6年5月1日", date(2024, 5, 1)),
        ("2024-02-29", date(2024, 2, 29)),
        ("２０２４／２／２９", date(2024, 2, 29)),
        ("2024.2.29", date(2024, 2, 29)),
        ("西暦2024年2月29日", date(2024, 2, 29)),
        ("2024 年 2 月 29 日", date(2024, 2, 29)),
        ("20240229", date(2024, 2, 29)),
        ("S530401", date(1978, 4, 1)),
        ("Ｓ５３０４０１", date(1978, 4, 1)),
        ("昭和53年 4月 1日生", date(1978, 4, 1)),
        ("昭和５３年四月１日", date(1978, 4, 1)),
        ("昭53/4-1", date(1978, 4, 1)),
        ("2030年（令和12年）03月01日まで有効", date(2030, 3, 1)),
        ("平成20(2008)年4月1日交付", date(2008, 4, 1)),
        ("1978／04／01", date(1978, 4, 1)),
        ("大正15年1月2日", date(1926, 1, 2)),
    ],
)
def test_dates_are_read(typed: str, day: date) -> None:
    assert days.parse(typed) == day


@pytest.mark.requirement("DQ-06")
@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("昭和64年1月8日", "date_era"),
        ("平成31年5月1日", "date_era"),
        ("昭和65年1月1日", "date_era"),
        ("平成32年1月1日", "date_era"),
        ("平成35年1月1日", "date_era"),
        ("大正15年12月25日", "date_era"),
        ("大正元年7月29日", "date_era"),
        ("令和5年2月29日", "date_impossible"),
        ("2023-02-29", "date_impossible"),
        ("令和0年1月1日", "date_format"),
        ("明治45年7月1日", "date_format"),
        ("R6", "date_incomplete"),
        ("令和6年5月", "date_incomplete"),
        ("1978", "date_incomplete"),
        ("53.4.1", "date_no_era"),
        ("2023-13-01", "date_impossible"),
        ("2023-04-00", "date_impossible"),
        ("2030年（令和11年）3月1日", "date_conflict"),
        ("昭和五十十年一月一日", "date_format"),
        ("5/1/2024", "date_format"),
        ("", "date_format"),
        ("9" * 5000, "date_format"),
        ("0000-01-01", "date_format"),
    ],
)
def test_other_dates_are_refused(typed: str, code: str) -> None:
    with pytest.raises(Problem) as refused:
        days.parse(typed)
    assert refused.value.code == code


@pytest.mark.requirement("DQ-06")
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("令和5年2月29日", "2023年2月は28日まで"),
        ("2023-13-01", "13月はありません"),
        ("53.4.1", "元号を付けるか"),
        ("2030年（令和11年）3月1日", "2029年3月1日（令和11年3月1日）のどちらか"),
    ],
)
def test_what_is_wrong_with_a_date_is_said_with_its_figures(typed: str, words: str) -> None:
    with pytest.raises(Problem) as refused:
        days.parse(typed)
    assert words in str(refused.value)


@pytest.mark.requirement("DQ-06")
def test_the_right_era_is_offered() -> None:
    with pytest.raises(Problem, match="平成元年1月8日ですか") as refused:
        days.parse("昭和64年1月8日")
    assert refused.value.values["cured"] == "平成元年1月8日"


@pytest.mark.requirement("DQ-04")
def test_a_day_is_shown_back_in_both_calendars() -> None:
    assert days.in_both(date(2019, 5, 1)) == "2019年5月1日（令和元年5月1日）"
    assert days.in_both(date(1900, 5, 1)) == "1900年5月1日"


@pytest.mark.requirement("DQ-05")
@pytest.mark.parametrize(
    ("day", "shown"),
    [
        (date(1912, 7, 29), ""),
        (date(1912, 7, 30), "大正元年7月30日"),
        (date(1926, 12, 24), "大正15年12月24日"),
        (date(1926, 12, 25), "昭和元年12月25日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1989, 1, 8), "平成元年1月8日"),
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(2019, 5, 1), "令和元年5月1日"),
    ],
)
def test_each_era_has_its_first_and_its_last_day(day: date, shown: str) -> None:
    assert days.in_era(day) == shown


@settings(max_examples=200, deadline=None)
@given(st.dates(date(1912, 7, 30), date(2100, 12, 31)))
@pytest.mark.requirement("DQ-04", "DQ-05")
def test_every_day_survives_both_calendars(day: date) -> None:
    assert days.parse(days.in_era(day)) == days.parse(day.isoformat()) == day


@settings(max_examples=300, deadline=None)
@given(
    st.text(max_size=30)
    | st.from_regex("[RSHT昭和平成令大正]{0,2}[0-9元十]{0,4}[年./-][0-9]{0,3}[月./-][0-9]{0,3}日?")
)
def test_any_text_is_a_day_or_a_problem(text: str) -> None:
    try:
        assert isinstance(days.parse(text), date)
    except Problem as problem:
        assert problem.code.startswith("date_")


BORN, TODAY = date(1978, 4, 12), date(2026, 11, 20)


@pytest.mark.requirement("DQ-07")
def test_registration_lies_between_the_18th_birthday_and_today() -> None:
    def registered(text: str) -> date:
        return days.registered_on(text, birth_date=BORN, today=TODAY)

    assert registered("1996-04-12") == date(1996, 4, 12)
    assert registered("2026-11-20") == TODAY
    for text, code in (("1996-04-11", "registered_too_young"), ("2026-11-21", "registered_future")):
        with pytest.raises(Problem) as refused:
            registered(text)
        assert refused.value.code == code
    assert days.is_early_registration(date(2000, 4, 11), BORN)
    assert not days.is_early_registration(date(2000, 4, 12), BORN)


@pytest.mark.requirement("DQ-07")
def test_a_reissue_is_not_before_the_registration() -> None:
    registered = date(2003, 5, 1)
    assert days.reissued_on("2003-05-01", registered=registered, today=TODAY) == registered
    for text in ("2003-04-30", "2026-11-21"):
        with pytest.raises(Problem) as refused:
            days.reissued_on(text, registered=registered, today=TODAY)
        assert refused.value.code == "reissued_range"


@pytest.mark.requirement("PH-07", "PH-52")
@pytest.mark.parametrize(
    ("submitted", "taken", "code"),
    [
        (date(2026, 11, 20), date(2026, 5, 20), ""),
        (date(2026, 11, 20), date(2026, 5, 19), "photo_old"),
        (date(2026, 8, 31), date(2026, 2, 28), ""),
        (date(2026, 8, 31), date(2026, 2, 27), "photo_old"),
        (date(2028, 8, 31), date(2028, 2, 29), ""),
        (date(2026, 1, 15), date(2025, 7, 15), ""),
        (date(2026, 11, 20), date(2026, 11, 20), ""),
        (date(2026, 11, 20), date(2026, 11, 21), "photo_future"),
    ],
)
def test_a_photo_is_at_most_six_civil_months_old(submitted: date, taken: date, code: str) -> None:
    try:
        days.check_photo_taken(taken, submitted)
        assert code == ""
    except Problem as problem:
        assert problem.code == code


@pytest.mark.requirement("PH-11", "PH-12")
@pytest.mark.parametrize(
    ("kind", "day", "code"),
    [
        ("my_number_card", TODAY, ""),
        ("driving_licence", date(2026, 11, 19), "identity_expired"),
        ("passport", date(2030, 1, 1), ""),
        ("driving_history", date(2012, 1, 1), ""),
        ("driving_history", date(2011, 12, 31), "identity_issued_early"),
        ("driving_history", date(2026, 11, 21), "identity_future"),
    ],
)
def test_identity_documents_are_in_force(kind: str, day: date, code: str) -> None:
    try:
        days.check_identity_day(kind, day, TODAY)
        assert code == ""
    except Problem as problem:
        assert problem.code == code
