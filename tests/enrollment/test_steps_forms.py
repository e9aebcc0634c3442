"""The questions of ③ to ⑧, each form with a draft of its own and no browser."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.utils.datastructures import MultiValueDict

from enrollment import authorities
from enrollment.flow import Draft
from enrollment.models import CardHolder
from enrollment.steps import QUESTIONS, Question

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
CARD = {
    "name": "山田　花子",
    "address": "東京都千代田区霞が関１－２－２",
    "birth_date": "1985-04-01",
    "sex": "2",
    "former_family": "",
    "alias": "",
    "kana": "",
}


def ask(
    slug: str,
    given: dict[str, Any],
    *,
    authority: str = "jma",
    card: dict[str, Any] | None = None,
    **draft: Any,
) -> Question:
    answers = {"card": CARD | (card or {})} | draft.pop("answers", {})
    fields = authorities.fields(authority, date(2026, 11, 20))
    known = Draft(qualification="doctor", authority=authority, fields=fields, answers=answers, **draft)
    data = MultiValueDict({name: [value] for name, value in given.items()})
    form = QUESTIONS[slug](data, draft=known, at=AT)
    form.is_valid()
    return form


def codes(form: Question) -> set[str]:
    return {f"{name}:{error.code}" for name, errors in form.errors.as_data().items() for error in errors}


# --- ③ -------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("CA-02")
def test_nothing_is_chosen_beforehand_and_all_three_are_required() -> None:
    form = ask("qualification", {})
    assert codes(form) == {"hpki_card:required", "qualification:required", "authority:required"}


@pytest.mark.requirement("CA-03")
@pytest.mark.parametrize(
    ("qualification", "authority", "is_right"),
    [
        ("doctor", "jma", True),
        ("doctor", "medis", True),
        ("dentist", "medis", True),
        ("pharmacist", "jpa", True),
        ("dentist", "jma", False),
        ("doctor", "jpa", False),
        ("pharmacist", "jma", False),
    ],
)
def test_a_forged_pair_is_refused(qualification: str, authority: str, is_right: bool) -> None:
    form = ask("qualification", {"hpki_card": "none", "qualification": qualification, "authority": authority})
    assert form.is_valid() is is_right
    assert is_right or codes(form) == {"authority:pair_closed"}


@pytest.mark.requirement("CA-03")
def test_jpa_is_not_offered_before_its_day() -> None:
    data = MultiValueDict({"hpki_card": ["none"], "qualification": ["pharmacist"], "authority": ["jpa"]})
    form = QUESTIONS["qualification"](data, draft=Draft(), at=datetime(2026, 3, 31, 14, 59, tzinfo=UTC))
    assert codes(form) == {"authority:invalid_choice"}
    form = QUESTIONS["qualification"](data, draft=Draft(), at=datetime(2026, 3, 31, 15, 0, tzinfo=UTC))
    assert form.is_valid()


@pytest.mark.requirement("CA-11", "CA-19")
@pytest.mark.parametrize(("held", "code"), [("have", "has_card"), ("waiting", "waits_for_card")])
def test_holders_and_those_who_wait_are_sent_to_the_card_site(held: str, code: str) -> None:
    form = ask("qualification", {"hpki_card": held, "qualification": "doctor", "authority": "jma"})
    assert codes(form) == {f"hpki_card:{code}"}
    assert "HPKIカードをお持ちの方" in str(form.errors)


# --- ⑥ -------------------------------------------------------------------------------------------------------


NAMES = {"family_kana": "やまだ", "given_kana": "ハナコ", "printed_name": "山田　花子"}
SHOWN = {"shown_for": "ヤマダ/ハナコ", "family_romaji": "YAMADA", "given_romaji": "Hanako"}


@pytest.mark.requirement("RJ-30", "RJ-39", "NM-12")
def test_the_list_appears_after_a_round_trip_with_its_first_entry_selected() -> None:
    form = ask("names", NAMES)
    assert not form.errors and form.needs_another_look()
    assert form["family_romaji"].value() == "YAMADA" and form["family_kana"].value() == "ヤマダ"
    done = ask("names", NAMES | SHOWN)
    assert done.is_valid() and not done.needs_another_look()
    assert done.values()["family_romaji"] == "YAMADA" and done.values()["given_style"] == "default"
    assert (done.values()["family"], done.values()["given"]) == ("山田", "花子")


@pytest.mark.requirement("RJ-30")
def test_changed_kana_rebuild_the_list() -> None:
    form = ask("names", NAMES | SHOWN | {"family_kana": "オオノ"})
    assert form.needs_another_look() and form["family_romaji"].value() == "ONO"


@pytest.mark.requirement("RJ-33")
def test_a_candidate_that_was_not_offered_is_refused() -> None:
    form = ask("names", NAMES | SHOWN | {"family_romaji": "SMITH"})
    assert codes(form) == {"family_romaji:romaji_not_candidate"}


@pytest.mark.requirement("RJ-34", "RJ-35")
def test_typed_romaji_must_have_its_form() -> None:
    typed = NAMES | {"manual": "on", "family_typed": "yamada", "given_typed": "Hanako"}
    assert codes(ask("names", typed)) == {"family_typed:romaji_capitals"}
    done = ask("names", typed | {"family_typed": "ＹＡＭＡＤＡ"})
    assert done.values()["family_romaji"] == "YAMADA"
    other = ask("names", typed | {"family_typed": "YAMADDA"})
    assert other.values()["family_style"] == "manual"


@pytest.mark.requirement("RJ-21")
def test_kana_that_cannot_be_spelled_say_so_beside_their_field() -> None:
    assert codes(ask("names", NAMES | {"family_kana": "ッタ"})) == {"family_kana:romaji_sokuon"}


@pytest.mark.requirement("NM-08")
def test_what_the_card_cannot_print_is_named_with_its_place() -> None:
    form = ask("names", NAMES | SHOWN | {"printed_name": "髙山　花子"})
    assert codes(form) == {"printed_name:unprintable"} and "1文字目「髙」" in str(form.errors)
    assert "printed_name" not in ask("names", NAMES, authority="medis").fields


@pytest.mark.requirement("NM-10")
def test_a_name_of_one_word_asks_where_it_is_parted() -> None:
    card = {"name": "SUKARNO"}
    given = {
        "family_kana": "スカルノ",
        "printed_name": "SUKARNO",
        "shown_for": "スカルノ/",
        "family_romaji": "SUKARUNO",
    }
    assert "parts:required" in codes(ask("names", given, card=card))
    whole = str(len(ask("names", {}, card=card).fields["parts"].choices) - 1)  # type: ignore[attr-defined]
    form = ask("names", given | {"parts": whole}, card=card)
    assert form.is_valid() and form.values()["given_romaji"] == "" and form.values()["family"] == "SUKARNO"


@pytest.mark.requirement("NM-16")
def test_the_three_way_choice_has_no_default() -> None:
    assert codes(ask("other-name", {})) == {"kind:required"}
    assert ask("other-name", {"kind": "none"}).values() == {"kind": "none", "from_card": False}


OTHER = {"kind": "former", "family_kana": "サトウ", "shown_for": "サトウ/", "family_romaji": "SATO"}


@pytest.mark.requirement("NM-17", "NM-19")
def test_a_former_surname_comes_from_the_card_only_where_the_card_has_one() -> None:
    form = ask("other-name", OTHER | {"from_card": "on"}, card={"former_family": "佐藤"})
    assert form.is_valid() and form.values()["family"] == "佐藤" and form.values()["given"] == ""
    assert "from_card" not in ask("other-name", OTHER).fields
    wrong = ask("other-name", OTHER | {"kind": "alias", "from_card": "on"}, card={"former_family": "佐藤"})
    assert "from_card" in wrong.errors


@pytest.mark.requirement("NM-17", "NM-18", "NM-20")
def test_a_typed_former_name_needs_kanji_kana_and_romaji_and_then_a_paper() -> None:
    assert {"family_kanji:name_empty", "given_kanji:name_empty"} <= codes(ask("other-name", OTHER))
    full = OTHER | {
        "family_kanji": "佐藤",
        "given_kanji": "花",
        "given_kana": "ハナ",
        "given_romaji": "Hana",
        "shown_for": "サトウ/ハナ",
    }
    form = ask("other-name", full)
    assert form.is_valid() and form.values()["from_card"] is False


@pytest.mark.requirement("NM-25")
def test_a_name_with_an_invisible_character_is_refused() -> None:
    form = ask(
        "other-name", OTHER | {"family_kanji": "佐\u202e藤", "given_kanji": "花", "given_kana": "ハナ"}
    )
    assert "family_kanji:name_invisible" in codes(form)


LICENCE = {"registration_number": "第０12345号", "registered_on": "平成20年4月1日"}


@pytest.mark.django_db
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
    assert form.fields["registration_number"].label == "医籍登録番号"


@pytest.mark.django_db
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


@pytest.mark.django_db
@pytest.mark.requirement("DQ-07")
def test_a_reissue_before_the_registration_is_refused() -> None:
    assert codes(ask("licence", LICENCE | {"reissued_on": "2008-03-31"})) == {"reissued_on:reissued_range"}


@pytest.mark.django_db
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
    assert ask("membership", {"member": "yes", "number_unknown": "on"}).is_valid()
    assert ask("membership", {"member": "no", "number": "12"}).values()["number"] == ""


@pytest.mark.requirement("DQ-22", "DQ-23")
@pytest.mark.parametrize("pin", ["0000", "1111", "1234", "0401", "123", "12345", "abcd"])
def test_an_easy_or_misshapen_pin_is_refused_and_never_drawn_again(pin: str) -> None:
    form = ask("card-pin", {"pin": pin, "again": pin})
    assert "pin" in form.errors
    assert f'value="{pin}"' not in str(form)


@pytest.mark.requirement("DQ-22")
def test_the_pin_is_typed_twice() -> None:
    assert "again" in ask("card-pin", {"pin": "8305", "again": "8306"}).errors
    assert ask("card-pin", {"pin": "８３０５", "again": "8305"}).values() == {"is_set": True}


# --- ⑦ and ⑧ --------------------------------------------------------------------------------------------------


WORK = {"has_workplace": "yes", "name": "診療所", "postal_code": "〒100-0014", "address": "東京都"}


@pytest.mark.requirement("DQ-09")
def test_no_workplace_needs_nothing_else() -> None:
    assert ask("workplace", {"has_workplace": "none"}).values() == {"has_workplace": "none"}
    assert codes(ask("workplace", {"has_workplace": "yes"})) == {
        "name:required",
        "postal_code:required",
        "address:required",
    }


@pytest.mark.requirement("DQ-13")
def test_a_wrong_check_digit_warns_and_never_refuses() -> None:
    form = ask("workplace", WORK | {"institution_code": "1310110048"})
    assert form.is_valid() and form.values()["warnings"] == ["institution_check_digit"]
    assert ask("workplace", WORK | {"institution_code": "1310110049"}).values()["warnings"] == []


@pytest.mark.requirement("DQ-26", "DQ-27")
def test_delivery_and_pickup_are_asked_only_where_a_card_is_made() -> None:
    assert {"send_to", "pickup"} <= set(ask("delivery", {}).fields)
    assert set(ask("delivery", {}, authority="jpa").fields) == {"phone"}
    assert ask("delivery", {"phone": "03-1234-5678"}, authority="jpa").values() == {"phone": "0312345678"}


def test_letters_cannot_go_to_a_workplace_that_is_not_there() -> None:
    given = {"phone": "0312345678", "send_to": "work", "pickup": "13"}
    assert "send_to" in ask("delivery", given, answers={"workplace": {"has_workplace": "none"}}).errors


@pytest.mark.requirement("PH-07", "PH-52")
@pytest.mark.parametrize(
    ("day", "is_right"),
    [("2026-05-20", True), ("2026-05-19", False), ("2026-11-21", False), ("R8.11.1", True)],
)
def test_the_photo_was_taken_within_six_months(day: str, is_right: bool) -> None:
    assert ask("photo", {"taken_on": day, "is_recent": "on"}).is_valid() is is_right


@pytest.mark.requirement("PH-11", "PH-12")
@pytest.mark.parametrize(
    ("kind", "day", "is_right"),
    [
        ("my_number_card", "2026-11-20", True),
        ("passport", "2026-11-19", False),
        ("driving_history", "2012-01-01", True),
        ("driving_history", "2011-12-31", False),
        ("student_card", "2030-01-01", False),
    ],
)
def test_the_identity_document_is_one_of_four_and_valid(kind: str, day: str, is_right: bool) -> None:
    assert ask("identity", {"kind": kind, "day_on_paper": day}).is_valid() is is_right


@pytest.mark.requirement("CA-16")
def test_consent_keeps_the_versions_that_were_shown() -> None:
    assert "agree" in ask("consent", {}).errors
    items = ask("consent", {"agree": "on"}).values()["items"]
    assert items == [[item.id, item.version] for item in authorities.consents("jma", date(2026, 11, 20))]


@pytest.mark.parametrize("slug", sorted(QUESTIONS))
@pytest.mark.django_db
def test_every_form_bears_any_text(slug: str) -> None:
    names = QUESTIONS[slug](
        draft=Draft(authority="jma", fields=authorities.fields("jma", AT.date())), at=AT
    ).fields
    for text in ("", "\x00", "\u202e", "９" * 500, "<script>", "\ufffd", "年" * 50, "-1", "0"):
        form = ask(slug, dict.fromkeys(names, text))
        assert isinstance(form.errors, dict)
