"""Romaji: the table of cases, the rules behind it, and any kana at all."""

import csv
import re
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrollment import names
from enrollment.problems import Problem
from enrollment.romaji import kana as kana_rules

CASES = list(csv.DictReader((Path(__file__).parent / "romaji-cases.csv").read_text("utf-8").splitlines()))
PATTERN = {"family": re.compile("[A-Z]+"), "given": re.compile("[A-Z][a-z]*")}
KATAKANA = [chr(code) for code in range(0x30A1, 0x30F5)] + ["ー"]
CODES = {"E1": "romaji_sokuon", "E2": "romaji_long_mark", "E3": "kana_characters"}
Field = Literal["family", "given"]


@pytest.mark.requirement("RJ-02", "RJ-03", "RJ-04", "RJ-05", "RJ-06", "RJ-07", "RJ-08", "RJ-09", "RJ-10")
@pytest.mark.requirement("RJ-11", "RJ-12", "RJ-13", "RJ-14", "RJ-15", "RJ-16", "RJ-17", "RJ-18", "RJ-19")
@pytest.mark.requirement("RJ-20", "RJ-22", "RJ-23", "RJ-30", "RJ-31", "RJ-32", "RJ-40")
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_the_table_of_cases(case: dict[str, str]) -> None:
    field: Field = "family" if case["field"] == "family" else "given"
    if case["basis"] == "reject":
        assert names.candidates(case["kana"], field) == ()
        with pytest.raises(Problem) as refused:
            names.spellings(case["kana"], field)
        assert refused.value.code == CODES[case["rules"]]
        return
    found = names.candidates(case["kana"], field)
    assert found == tuple(case["candidates"].split("|"))
    assert found[0] == case["default"]


@pytest.mark.requirement("K-08")
def test_the_two_names_of_the_manuals_screen() -> None:
    assert {"MITSUURA", "MITSURA"} == set(names.candidates("ミツウラ", "family"))
    assert names.candidates("トウジュウロウ", "given")[0] == "Tojuro"


def test_the_table_is_whole() -> None:
    assert len(CASES) == 156


@pytest.mark.parametrize(
    ("kana", "expected"),
    [
        ("ミツウチ", "MITSUCHI|MITSUUCHI"),  # only a final ノウチ or ツウラ is in the lexicon
        ("シロウズ", "SHIROZU|SHIROHZU|SHIROUZU"),
        ("トヨオカ", "TOYOOKA|TOYOKA"),
        ("フルウチ", "FURUUCHI|FURUCHI"),
        ("コウノウエ", "KONOUE|KONOE|KOHNOUE|KOUNOUE"),
        ("リョウオウ", "RYOO|RYOHOH|RYOUOU"),
        ("エッチュウ", "ETCHU|ETCHUU"),
        ("アンヴィル", "AMBUIRU|AMBIRU|ANVIRU"),
        ("ジェッシー", "JIESSHI|JIESSHII|JESSHI"),
        ("グァン", "GUAN|GWAN"),
        ("フュー", "FUYU|FUYUU|FYU"),
        ("スィ", "SUI|SI"),
        ("オオ", "OO|OH"),
        ("ヨコオオ", "YOKOO|YOKOHO|YOKOOO"),
        # RJ-02, RJ-03: every kana that the usual tables leave out, and small ones in unusual places
        ("ヂャノメ", "JANOME"),
        ("ヅカ", "ZUKA"),
        ("ヱナ", "ENA"),
        ("ヲバタ", "OBATA"),
        ("ァン", "AN"),
        ("ンャ", "NYA"),
        ("クヮタ", "KUWATA|KWATA"),
        ("キュゥ", "KYUU"),
        # RJ-05, RJ-06: across the boundary of a pair
        ("エッチャン", "ETCHAN"),
        ("テンヴァ", "TEMBUA|TEMBA|TENVA"),
        ("サンミャク", "SAMMYAKU"),
        ("サンピョウ", "SAMPYO|SAMPYOH|SAMPYOU"),
        # RJ-08 to RJ-12: long vowels behind a contraction, behind a long one, at the end of a part
        ("ショオ", "SHOO|SHOH"),
        ("キョオカ", "KYOOKA|KYOKA"),
        ("ジョウオカ", "JOOKA|JOHOKA|JOUOKA"),
        ("トオオカ", "TOOKA|TOHOKA|TOOOKA"),
        ("コオウ", "KOU|KOHU|KOOU"),
        ("ソオ・アン", "SOOAN|SOHAN"),
        ("オーウチ", "OUCHI|OHUCHI|OOUCHI"),
        ("チュウオウ", "CHUO|CHUOH|CHUUOU"),
        # RJ-13: the lexicon's endings at both ends of their reach
        ("ノウチ", "NOUCHI|NOCHI"),
        ("ツウラ", "TSUURA|TSURA"),
        ("コノウエダ", "KONOUEDA|KONOEDA"),
        ("オオノウチ", "ONOUCHI|ONOCHI|OHNOUCHI|OONOUCHI"),
        ("マツウラノ", "MATSURANO|MATSUURANO"),
        ("オオツボウチ", "OTSUBOCHI|OHTSUBOHCHI|OOTSUBOUCHI"),
        # RJ-17 to RJ-20
        ("ムーア", "MUA|MUUA"),
        ("ドゥー", "DOU|DOUU|DU"),
        ("ヴュイ", "BUYUI|VYUI"),
        ("フォウ", "FUO|FUOH|FUOU|FO"),
        ("ヂェ", "JIE|JE"),
    ],
)
@pytest.mark.requirement("RJ-02", "RJ-03", "RJ-05", "RJ-06", "RJ-10", "RJ-12", "RJ-13", "RJ-14", "RJ-17")
@pytest.mark.requirement("RJ-18", "RJ-19", "RJ-20", "RJ-31", "RJ-40")
def test_names_outside_the_table_follow_the_rules(kana: str, expected: str) -> None:
    assert names.candidates(kana, "family") == tuple(expected.split("|"))


@pytest.mark.requirement("RJ-01")
def test_family_is_upper_and_given_is_capitalised() -> None:
    assert names.candidates("ヤマダ", "family") == ("YAMADA",)
    assert names.candidates("ハナコ", "given") == ("Hanako",)


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.sampled_from([*KATAKANA, "・"]), min_size=0, max_size=20), st.sampled_from(["family", "given"])
)
@pytest.mark.requirement("RJ-32", "RJ-42")
def test_every_candidate_of_any_kana_has_the_card_s_pattern(text: str, field: Field) -> None:
    found = names.candidates(text, field)
    assert len(found) == len(set(found)) <= 6
    assert all(PATTERN[field].fullmatch(spelling) for spelling in found)
    try:
        assert names.spellings(text, field)
    except Problem:
        assert found == ()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30), st.sampled_from(["family", "given"]))
@pytest.mark.requirement("RJ-21", "RJ-42")
def test_any_text_at_all_gives_a_list_and_no_exception(text: str, field: Field) -> None:
    assert all(PATTERN[field].fullmatch(spelling) for spelling in names.candidates(text, field))


HALF = {full: half for half, full in zip(kana_rules.HALF, kana_rules.FULL, strict=True)}


def halved(text: str) -> str:
    out = ""
    for letter in text:
        for table, mark in ((kana_rules.VOICED, "ﾞ"), (kana_rules.HALF_VOICED, "ﾟ")):
            plain = next((key for key, value in table.items() if value == letter), "")
            if plain:
                out += HALF[plain] + mark
                break
        else:
            out += HALF.get(letter, letter)
    return out


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from(KATAKANA), min_size=1, max_size=12))
@pytest.mark.requirement("NM-12", "RJ-23", "RJ-42")
def test_half_width_and_hiragana_give_the_same_list(text: str) -> None:
    hiragana = "".join(chr(ord(letter) - 0x60) if letter != "ー" else letter for letter in text)
    expected = names.candidates(text, "family")
    assert names.candidates(halved(text), "family") == expected
    assert names.candidates(hiragana, "family") == expected


@pytest.mark.requirement("NM-12")
@pytest.mark.parametrize(
    ("typed", "kana"),
    [
        ("ｶﾞｯｺｳ", "ガッコウ"),
        ("カ\u3099ク", "ガク"),
        ("カ\u309bク", "ガク"),
        ("ハ\u309cハ\u309a", "パパ"),
        ("か\u3099く", "ガク"),
        ("う\u3099ぃ", "ヴィ"),
        ("ジョ-ジ", "ジョージ"),
        ("ジョ--ジ", "ジョーージ"),
        ("ジョ\uff0dジ", "ジョージ"),
        ("ジョ\u2212ジ", "ジョージ"),
        ("ジョ\u2010ジ", "ジョージ"),
        ("ジョ\u2015ジ", "ジョージ"),
        ("ｼﾞｮ\uff70ｼﾞ", "ジョージ"),
        ("\u3000はなこ ", "ハナコ"),
        ("ｱﾝ･ﾏﾘｰ", "アン・マリー"),
        ("ゐゑを", "ヰヱヲ"),
    ],
)
def test_kana_is_normalised(typed: str, kana: str) -> None:
    assert names.kana(typed) == kana


@pytest.mark.requirement("NM-11", "NM-15", "RJ-21")
@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "kana_empty"),
        ("ヵ", "kana_characters"),
        ("ヶ", "kana_characters"),
        ("ヷ", "kana_characters"),
        ("ヸ", "kana_characters"),
        ("ヹ", "kana_characters"),
        ("ヺ", "kana_characters"),
        ("アヾ", "kana_characters"),
        ("ヶ崎", "kana_characters"),
        ("ワ\u309b", "kana_characters"),
        ("アヽ", "kana_characters"),
        ("いすゞ", "kana_characters"),
        ("・ア", "kana_characters"),
        ("ア・", "kana_characters"),
        ("ア・・イ", "kana_characters"),
        ("-ア", "kana_characters"),
        ("ヤマ ダ", "kana_space"),
        ("ア" * 61, "kana_too_long"),
        ("Yamada", "kana_characters"),
    ],
)
def test_what_is_no_kana_field_is_refused(typed: str, code: str) -> None:
    with pytest.raises(Problem) as refused:
        names.kana(typed)
    assert refused.value.code == code
    assert names.candidates(typed, "family") == ()


@pytest.mark.requirement("NM-15")
def test_a_kana_field_holds_one_to_sixty_letters() -> None:
    assert names.kana("ア") == "ア" and len(names.kana("ｶﾞ" * 60)) == 60
    with pytest.raises(Problem, match="60文字以内"):
        names.kana("ア" * 61)


@pytest.mark.requirement("NM-13")
@pytest.mark.parametrize(
    ("typed", "small"),
    [
        ("キヨウコ", "キョウコ"),
        ("ジユンイチ", "ジュンイチ"),
        ("ヒヤクタケ", "ヒャクタケ"),
        ("ハツトリ", "ハットリ"),
        ("ベツプ", "ベップ"),
        ("ﾘﾖｳ", "リョウ"),
        ("ミヤコ", "ミヤコ"),
        ("キヨミ", "キヨミ"),
        ("ヒロユキ", "ヒロユキ"),
        ("マツトモ", "マツトモ"),
        ("ミヤクボ", "ミヤクボ"),
    ],
)
def test_the_small_letters_are_proposed_where_they_are_usual(typed: str, small: str) -> None:
    assert names.with_small_letters(typed) == small


@pytest.mark.requirement("NM-13")
def test_large_kana_ask_whether_small_ones_were_meant() -> None:
    assert names.large_letters("キヨウコ") == (1,)
    assert names.large_letters("シヨウ") == (1,)
    assert names.large_letters("ベツプ") == (1,)
    assert names.large_letters("キヨコ") == names.large_letters("キョウコ") == ()


@pytest.mark.requirement("NM-14")
def test_readings_are_compared_without_their_form() -> None:
    assert names.same_kana("やまだ　はなこ", "ﾔﾏﾀﾞ ﾊﾅｺ")
    assert not names.same_kana("ヤマダ", "ヤマタ")


@pytest.mark.requirement("RJ-33", "RJ-39")
def test_only_an_offered_candidate_can_be_chosen() -> None:
    assert names.chosen("サトウ", "family", "SATOH") == "SATOH"
    with pytest.raises(Problem) as refused:
        names.chosen("サトウ", "family", "SATOO")
    assert refused.value.code == "romaji_not_candidate"
    assert [names.style("サトウ", "family", value) for value in ("SATO", "SATOU", "SATOO")] == [
        "default",
        "alternate 2",
        "manual",
    ]


@pytest.mark.requirement("RJ-35")
@pytest.mark.parametrize(
    ("field", "text", "kept"),
    [
        ("family", "YAMADA", "YAMADA"),
        ("family", "ＹＡＭＡＤＡ", "YAMADA"),
        ("given", "Hanako", "Hanako"),
        ("given", " Ｈａｎａｋｏ ", "Hanako"),
        ("given", "O", "O"),
    ],
)
def test_typed_romaji_is_folded(field: Field, text: str, kept: str) -> None:
    assert names.typed(text, field) == kept


@pytest.mark.requirement("RJ-35", "RJ-36")
@pytest.mark.parametrize(
    ("field", "text", "code", "cured"),
    [
        ("family", "yamada", "romaji_capitals", "YAMADA"),
        ("given", "HANAKO", "romaji_capitals", "Hanako"),
        ("given", "ｈａｎａｋｏ", "romaji_capitals", "Hanako"),
        ("family", "O'Brien", "romaji_apostrophe", None),
        ("given", "Mary Ann", "romaji_space", None),
        ("family", "ŌNO", "romaji_marks", None),
        ("family", "山田", "romaji_letters", None),
        ("family", "YAMADA1", "romaji_letters", None),
        ("family", "", "romaji_empty", None),
        ("family", "A" * 41, "romaji_too_long", None),
    ],
)
def test_typed_romaji_is_refused_with_its_cure(field: Field, text: str, code: str, cured: str | None) -> None:
    with pytest.raises(Problem) as refused:
        names.typed(text, field)
    assert (refused.value.code, refused.value.values.get("cured")) == (code, cured)


@pytest.mark.requirement("RJ-36")
def test_both_fields_fit_a_common_name() -> None:
    names.fits_certificate("A" * 40, "B" * 23)
    with pytest.raises(Problem) as refused:
        names.fits_certificate("A" * 40, "B" * 24)
    assert refused.value.code == "romaji_name_too_long"
