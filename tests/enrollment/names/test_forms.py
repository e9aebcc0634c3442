"""⑥ kana, romaji and the printed name: each form with a draft of its own and no browser."""

import pytest

from enrollment.steps import Question, hints
from tests.enrollment.test_steps_forms import ask, codes

NAMES = {"family_kana": "やまだ", "given_kana": "ハナコ", "printed_name": "山田　花子"}
SHOWN = {"shown_for": "ヤマダ/ハナコ", "family_romaji": "YAMADA", "given_romaji": "Hanako"}
OTHER = {"kind": "former", "family_kana": "サトウ", "shown_for": "サトウ/", "family_romaji": "SATO"}
FULL = OTHER | {
    "family_kanji": "佐藤",
    "given_kanji": "花",
    "given_kana": "ハナ",
    "given_romaji": "Hana",
    "shown_for": "サトウ/ハナ",
}
# The same questions about the card's name and about the other one (RJ-38).
BOTH = [("names", NAMES | SHOWN), ("other-name", FULL | NAMES | SHOWN)]
both = pytest.mark.parametrize(("slug", "given"), BOTH, ids=["names", "other-name"])


def looked(form: Question) -> str:
    """What the page says because it should be looked at once more."""
    return form.needs_another_look()


# --- kana to romaji ----------------------------------------------------------------------------------------------


@both
@pytest.mark.requirement("RJ-30", "RJ-38", "RJ-39", "NM-12")
def test_the_list_appears_after_a_round_trip_with_its_first_entry_selected(
    slug: str, given: dict[str, str]
) -> None:
    form = ask(slug, given | {"shown_for": "", "family_romaji": "", "given_romaji": ""})
    assert not form.errors and "候補" in looked(form)
    assert form["family_romaji"].value() == "YAMADA" and form["family_kana"].value() == "ヤマダ"
    done = ask(slug, given)
    assert done.is_valid() and not looked(done)
    assert done.values()["family_romaji"] == "YAMADA" and done.values()["given_style"] == "default"
    assert done.values()["family_kana"] == "ヤマダ"


def test_a_split_at_the_only_space_is_kept_with_the_answers() -> None:
    found = ask("names", NAMES | SHOWN).values()
    assert (found["family"], found["given"]) == ("山田", "花子")


@both
@pytest.mark.requirement("RJ-30", "RJ-38")
def test_changed_kana_rebuild_the_list(slug: str, given: dict[str, str]) -> None:
    form = ask(slug, given | {"family_kana": "オオノ"})
    assert looked(form) and form["family_romaji"].value() == "ONO"
    options = [value for value, _label in form.fields["family_romaji"].widget.choices]  # type: ignore[attr-defined]
    assert options == ["ONO", "OHNO", "OONO"]


@both
@pytest.mark.requirement("RJ-33", "RJ-38")
@pytest.mark.parametrize("value", ["SMITH", "yamada", "YAMADA ", ""])
def test_a_candidate_that_was_not_offered_is_refused(slug: str, given: dict[str, str], value: str) -> None:
    form = ask(slug, given | {"family_romaji": value, "family_kana": "ヤマタ", "shown_for": "ヤマタ/ハナコ"})
    assert codes(form) == {"family_romaji:romaji_not_candidate"}


@both
@pytest.mark.requirement("RJ-38", "RJ-39")
@pytest.mark.parametrize(
    ("value", "style", "flags"),
    [("SATO", "default", []), ("SATOH", "alternate 1", []), ("SATOO", "manual", ["family_manual"])],
)
def test_the_style_is_stored_for_the_officer(
    slug: str, given: dict[str, str], value: str, style: str, flags: list[str]
) -> None:
    sato = given | {"family_kana": "サトウ", "shown_for": "サトウ/ハナコ", "family_romaji": value}
    if style == "manual":
        sato |= {"manual": "on", "family_typed": value, "given_typed": "Hanako"}
    found = ask(slug, sato).values()
    assert found["family_style"] == style
    assert [flag for flag in found["flags"] if flag.endswith("manual")] == flags


# --- romaji typed by hand ----------------------------------------------------------------------------------------


@both
@pytest.mark.requirement("RJ-34", "RJ-35", "RJ-38")
def test_typed_romaji_must_have_their_form(slug: str, given: dict[str, str]) -> None:
    typed = given | {"manual": "on", "family_typed": "yamada", "given_typed": "Hanako"}
    assert codes(ask(slug, typed)) == {"family_typed:romaji_capitals"}
    done = ask(slug, typed | {"family_typed": "ＹＡＭＡＤＡ"})
    assert done.values()["family_romaji"] == "YAMADA"
    assert codes(ask(slug, typed | {"family_typed": "", "given_typed": ""})) == {
        "family_typed:romaji_empty",
        "given_typed:romaji_empty",
    }


@both
@pytest.mark.requirement("RJ-34", "RJ-38")
def test_unticking_clears_what_was_typed_and_returns_to_the_list(slug: str, given: dict[str, str]) -> None:
    form = ask(slug, given | {"family_typed": "YAMADDA", "given_typed": "X"})
    assert form["family_typed"].value() == form["given_typed"].value() == ""
    assert form.values()["family_romaji"] == "YAMADA"


@both
@pytest.mark.requirement("RJ-35", "RJ-38")
@pytest.mark.parametrize(
    ("field", "typed", "cured"),
    [
        ("family_typed", "yamada", "YAMADA"),
        ("family_typed", "ｙａｍａｄａ", "YAMADA"),
        ("given_typed", "HANAKO", "Hanako"),
        ("given_typed", "hANAKO", "Hanako"),
    ],
)
def test_a_cure_is_offered_and_taken_with_one_tap(
    slug: str, given: dict[str, str], field: str, typed: str, cured: str
) -> None:
    wrong = given | {"manual": "on", "family_typed": "YAMADA", "given_typed": "Hanako", field: typed}
    form = ask(slug, wrong)
    assert f"{field}:romaji_capitals" in codes(form)
    (offer,) = form.hints()[field].offers  # type: ignore[attr-defined]
    assert offer == (f"{field}:{cured}", f"「{cured}」にする")
    taken = ask(slug, wrong | {"take": offer.take})
    assert not taken.errors and taken[field].value() == cured
    assert cured in looked(taken)  # the page says what it did, and waits
    assert ask(slug, wrong | {field: cured}).is_valid()


@pytest.mark.requirement("RJ-35")
@pytest.mark.parametrize(
    ("typed", "code", "offered"),
    [
        ("O'Brien", "romaji_apostrophe", "OBRIEN"),
        ("Mary Ann", "romaji_space", "MARYANN"),
        ("ŌNO", "romaji_marks", "ONO"),
        ("山田", "romaji_letters", None),
        ("YAMADA2", "romaji_letters", None),
    ],
)
def test_each_refusal_has_its_own_words_and_letters_alone_are_offered(
    typed: str, code: str, offered: str | None
) -> None:
    form = ask("names", NAMES | {"manual": "on", "family_typed": typed, "given_typed": "Hanako"})
    assert codes(form) == {f"family_typed:{code}"}
    offers = [offer.take for offer in hints.beside("family_typed", typed, "jma").offers]
    assert offers == ([f"family_typed:{offered}"] if offered else [])


def test_a_tap_reaches_fields_of_text_only_and_nothing_that_is_locked() -> None:
    for take in ("kind:none", "manual:on", "shown_for:x", "nothing:x", "family_kana", ""):
        form = ask("other-name", FULL | {"take": take})
        assert form.is_valid() and not looked(form), take
    locked = ask("names", NAMES | SHOWN | {"take": "family_kana:オオノ"})
    locked.lock(frozenset({"family_kana"}))
    assert locked["family_kana"].value() == "やまだ" and not looked(locked)


@both
@pytest.mark.requirement("RJ-36", "RJ-38")
def test_both_names_fit_a_common_name(slug: str, given: dict[str, str]) -> None:
    typed = given | {"manual": "on", "family_typed": "A" * 40, "given_typed": "B" + "b" * 22}
    assert ask(slug, typed).is_valid()
    assert codes(ask(slug, typed | {"given_typed": "B" + "b" * 23})) == {"family_typed:romaji_name_too_long"}
    assert codes(ask(slug, typed | {"family_typed": "A" * 41})) == {"family_typed:romaji_too_long"}
    longest = given | {
        "family_kana": "キャ" * 11,
        "given_kana": "シャ" * 11,
        "shown_for": f"{'キャ' * 11}/{'シャ' * 11}",
        "family_romaji": "KYA" * 11,
        "given_romaji": ("SHA" * 11).capitalize(),
    }
    assert codes(ask(slug, longest)) == {"family_romaji:romaji_name_too_long"}


@both
@pytest.mark.requirement("RJ-21", "RJ-38")
@pytest.mark.parametrize(
    ("kana", "code"), [("ッタ", "romaji_sokuon"), ("アッ", "romaji_sokuon"), ("ータ", "romaji_long_mark")]
)
def test_kana_without_a_candidate_open_the_fields_to_type_into(
    slug: str, given: dict[str, str], kana: str, code: str
) -> None:
    form = ask(slug, given | {"family_kana": kana})
    assert codes(form) == {f"family_typed:{code}"}
    assert form["manual"].value() is True
    assert form["given_typed"].value() == "Hanako"  # what can be spelled stands there already
    typed = {"manual": "on", "family_typed": "ATTA", "given_typed": "Hanako"}
    assert ask(slug, given | {"family_kana": kana} | typed).is_valid()


@pytest.mark.requirement("RJ-21")
def test_what_is_no_kana_is_wrong_in_its_own_field() -> None:
    form = ask("names", NAMES | {"family_kana": "ヤマ田"})
    assert codes(form) == {"family_kana:kana_characters"} and "「田」" in str(form.errors)


@both
@pytest.mark.requirement("NM-13", "RJ-38")
def test_large_letters_are_asked_about_and_pass(slug: str, given: dict[str, str]) -> None:
    large = given | {"given_kana": "キヨウコ", "shown_for": "ヤマダ/キヨウコ", "given_romaji": "Kiyoko"}
    form = ask(slug, large)
    assert form.is_valid() and form.values()["given_romaji"] == "Kiyoko"
    hint = form.hints()["given_kana"]  # type: ignore[attr-defined]
    assert "小さい文字ではありませんか" in hint.text and "キヨウコ" in hint.text
    (offer,) = hint.offers
    assert offer.take == "given_kana:キョウコ"
    taken = ask(slug, large | {"take": offer.take})
    assert taken["given_kana"].value() == "キョウコ" and taken["given_romaji"].value() == "Kyoko"
    assert "キョウコ" in looked(taken)


def test_a_reading_with_a_space_is_offered_in_two_ways() -> None:
    form = ask("names", NAMES | {"given_kana": "アン マリー"})
    assert codes(form) == {"given_kana:kana_space"}
    offers = form.hints()["given_kana"].offers  # type: ignore[attr-defined]
    assert [offer.take for offer in offers] == ["given_kana:アン・マリー", "given_kana:アンマリー"]


# --- the card's name ----------------------------------------------------------------------------------------------


@pytest.mark.requirement("NM-08")
@pytest.mark.parametrize(
    ("printed", "listed", "instead"),
    [
        ("\u9ad9山　花子", "1文字目「\u9ad9」", "高山　花子"),
        ("山\ufa11　\U00020bb7乃", "2文字目「\ufa11」、4文字目「\U00020bb7」", "山崎　吉乃"),
        ("\u845b\U000e0100城　花子", "1文字目「\u845b\U000e0100」", "葛城　花子"),
        ("\ufa19谷　花子", "1文字目「\ufa19」", "神谷　花子"),
        ("山\u3013　花子", "2文字目「\u3013」", None),
        ("山\ue000　花子", "2文字目「\ue000」", None),
    ],
)
def test_what_the_card_cannot_print_is_named_with_its_place_and_a_variant_is_offered(
    printed: str, listed: str, instead: str | None
) -> None:
    at_entry = ask("names", {}, card={"name": printed})
    fresh = type(at_entry)(draft=at_entry.draft, at=at_entry.at)  # the page before anything is typed
    for form in (fresh, ask("names", NAMES | SHOWN | {"printed_name": printed})):
        hint = form.hints()["printed_name"]  # type: ignore[attr-defined]
        assert listed in hint.text
        assert [offer.take for offer in hint.offers] == ([f"printed_name:{instead}"] if instead else [])
    assert codes(form) == {"printed_name:unprintable"} and listed in str(form.errors)
    if instead:
        taken = ask("names", NAMES | SHOWN | {"printed_name": printed, "take": hint.offers[0].take})
        assert not taken.errors and taken["printed_name"].value() == instead
        done = ask("names", NAMES | SHOWN | {"printed_name": instead}, card={"name": printed})
        assert done.values()["printed_name"] == instead and done.values()["flags"] == []


@pytest.mark.requirement("NM-08", "NM-15")
def test_the_printed_name_is_the_authority_s_question_and_counts_code_points() -> None:
    assert "printed_name" not in ask("names", NAMES, authority="medis").fields
    assert ask("names", NAMES | SHOWN | {"printed_name": "山" * 30}).is_valid()
    assert "printed_name" in ask("names", NAMES | SHOWN | {"printed_name": "山" * 31}).errors
    other = ask("names", NAMES | SHOWN | {"printed_name": "鈴木　花子"}).values()
    assert other["flags"] == ["printed_differs"]


@pytest.mark.requirement("NM-09")
@pytest.mark.parametrize("authority", ["jma", "medis", "jpa"])
@pytest.mark.parametrize("hole", ["\u3013", "\ue000", "\uf8ff"])
def test_a_name_without_a_glyph_is_accepted_flagged_and_needs_the_printed_form(
    authority: str, hole: str
) -> None:
    card = {"name": f"山{hole}　花子"}
    given = NAMES | SHOWN
    assert "printed_name:required" in codes(
        ask("names", given | {"printed_name": ""}, card=card, authority=authority)
    )
    form = ask("names", given | {"printed_name": "山田　花子"}, card=card, authority=authority)
    assert form.is_valid()
    assert "gaiji" in form.values()["flags"] and form.values()["family"] == f"山{hole}"
    assert f"2文字目「{hole}」" in form.context()["gaiji"]


@pytest.mark.requirement("NM-10")
@pytest.mark.parametrize(
    ("name", "way", "family", "given"),
    [
        ("SMITH JOHN PAUL", 0, "SMITH", "JOHN PAUL"),
        ("SMITH JOHN PAUL", 1, "SMITH JOHN", "PAUL"),
        ("山田花子", 1, "山田", "花子"),
        ("ABCDEFGHIJKLMNOPQR", 16, "ABCDEFGHIJKLMNOPQ", "R"),
        ("ABCDEFGHIJKLMNOPQR", 0, "A", "BCDEFGHIJKLMNOPQR"),
    ],
)
def test_a_name_without_one_clear_space_is_parted_by_choice(
    name: str, way: int, family: str, given: str
) -> None:
    card, printed = {"name": name}, {"printed_name": name}
    assert "parts:required" in codes(ask("names", NAMES | SHOWN | printed, card=card))
    form = ask("names", NAMES | SHOWN | printed | {"parts": str(way)}, card=card)
    assert form.is_valid() and (form.values()["family"], form.values()["given"]) == (family, given)
    assert "parts:invalid_choice" in codes(ask("names", NAMES | SHOWN | {"parts": "99"}, card=card))


@pytest.mark.requirement("NM-10")
@pytest.mark.parametrize("name", ["SUKARNO", "山", "SUKARNO PUTRA WIJAYA"])
def test_a_name_of_one_word_has_no_given_name_and_needs_no_romaji_for_it(name: str) -> None:
    given = {"family_kana": "スカルノ", "shown_for": "スカルノ/", "family_romaji": "SUKARUNO"}
    given["printed_name"] = name
    form = ask("names", given | {"no_given": "on"}, card={"name": name})
    assert form.is_valid() and not looked(form), form.errors
    found = form.values()
    assert (found["family"], found["given"], found["given_romaji"]) == (name, "", "")
    assert ask("names", given, card={"name": name}).errors
    assert "no_given" not in ask("names", given).fields  # one clear space: nothing is asked


@pytest.mark.requirement("NM-14", "RJ-22")
def test_furigana_of_the_card_are_filled_in_with_their_romaji_and_a_difference_is_a_flag() -> None:
    card = {"kana": "ヤマダ　ハナコ"}
    asked = ask("names", {}, card=card)
    fresh = type(asked)(draft=asked.draft, at=asked.at)
    assert (fresh["family_kana"].value(), fresh["given_kana"].value()) == ("ヤマダ", "ハナコ")
    assert fresh["shown_for"].value() == "ヤマダ/ハナコ" and "YAMADA" in str(fresh["family_romaji"])
    assert ask("names", NAMES | SHOWN, card=card).values()["flags"] == []
    other = ask("names", NAMES | SHOWN, card={"kana": "ヤマタ　ハナコ"})
    assert other.is_valid() and other.values()["flags"] == ["kana_differs"]
    assert ask("names", NAMES | SHOWN).values()["flags"] == []  # the card may have none
