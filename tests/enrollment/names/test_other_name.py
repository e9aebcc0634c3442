"""⑥ 併記: a former name or an alias, from the card or typed, and how it stands on the card."""

from typing import Any

import pytest

from tests.enrollment.names.test_forms import FULL, NAMES, OTHER, SHOWN
from tests.enrollment.test_steps_forms import ask, codes


@pytest.mark.requirement("NM-16")
def test_the_three_way_choice_has_no_default() -> None:
    fresh = ask("other-name", {})
    assert codes(fresh) == {"kind:required"}
    assert [str(label) for _value, label in fresh.fields["kind"].choices] == [  # type: ignore[attr-defined]
        "併記しない",
        "通称名を併記する",
        "旧姓・旧名を併記する",
    ]
    assert fresh["kind"].value() is None
    assert ask("other-name", {"kind": "none"}).values() == {"kind": "none", "from_card": False}
    assert ask("other-name", {"kind": "none", "family_kana": "田", "family_kanji": "\u202e"}).is_valid()


@pytest.mark.requirement("NM-17", "NM-18", "NM-19")
def test_a_former_surname_comes_from_the_card_only_where_the_card_has_one() -> None:
    card = {"former_family": "佐藤"}
    ticked = OTHER | {"former_from_card": "on"}
    form = ask("other-name", ticked, card=card)
    assert form.is_valid() and form.values()["from_card"] is True
    assert (form.values()["family"], form.values()["given"]) == ("佐藤", "")  # a former given name is typed
    assert str(form.fields["former_from_card"].label) == "マイナンバーカードに記載のある旧姓を使用する"
    without = ask("other-name", ticked)
    assert "disabled" in str(without["former_from_card"])
    assert {"family_kanji:name_empty", "given_kanji:name_empty"} <= codes(without)  # a forged tick is none


@pytest.mark.requirement("NM-17", "NM-18", "NM-20")
def test_a_typed_former_name_needs_kanji_kana_and_romaji_of_both_parts() -> None:
    card = {"former_family": "大西"}  # on the card, but not the one to be shown
    assert {"family_kanji:name_empty", "given_kanji:name_empty", "given_kana:"} <= {
        code if not code.startswith("given_kana") else "given_kana:"
        for code in codes(ask("other-name", OTHER, card=card))
    }
    form = ask("other-name", FULL, card=card)
    assert form.is_valid() and form.values()["from_card"] is False
    assert (form.values()["family"], form.values()["given"]) == ("佐藤", "花")


@pytest.mark.requirement("NM-26")
def test_an_alias_comes_from_the_card_or_is_typed() -> None:
    card = {"name": "ＧＡＲＣＩＡ　ＭＡＲＩＡ", "alias": "加藤　マリア"}
    given = FULL | NAMES | SHOWN | {"kind": "alias", "family_kanji": "", "given_kanji": ""}
    ticked = ask("other-name", given | {"alias_from_card": "on"}, card=card)
    assert ticked.is_valid() and ticked.values()["from_card"] is True
    assert (ticked.values()["family"], ticked.values()["given"]) == ("加藤", "マリア")
    assert str(ticked.fields["alias_from_card"].label) == "マイナンバーカードに記載のある通称名を使用する"
    assert "family_kanji:name_empty" in codes(ask("other-name", given, card=card))
    without = ask("other-name", given | {"alias_from_card": "on"})
    assert "disabled" in str(without["alias_from_card"])
    assert "family_kanji:name_empty" in codes(without)
    typed = ask("other-name", given | {"family_kanji": "加藤", "given_kanji": "マリア"})
    assert typed.is_valid() and typed.values()["from_card"] is False


def test_an_alias_may_be_one_word() -> None:
    one = {"kind": "alias", "family_kanji": "マリア", "family_kana": "マリア", "family_romaji": "MARIA"}
    assert ask("other-name", one | {"shown_for": "マリア/"}).values()["given"] == ""
    card = {"alias": "マリア"}
    ticked = {
        "kind": "alias",
        "alias_from_card": "on",
        "family_kana": "マリア",
        "family_romaji": "MARIA",
        "shown_for": "マリア/",
    }
    assert ask("other-name", ticked, card=card).values()["family"] == "マリア"


@pytest.mark.requirement("NM-21")
def test_one_former_surname_of_a_japanese_national_and_an_alias_like_the_card_s() -> None:
    for several in ("佐藤、鈴木", "佐藤・鈴木", "佐藤/鈴木"):
        assert codes(ask("other-name", FULL | {"family_kanji": several})) == {"family_kanji:former_one"}
    foreign = {"name": "ＧＡＲＣＩＡ　ＭＡＲＩＡ", "alias": "加藤　マリア"}
    assert codes(ask("other-name", FULL, card=foreign)) == {"kind:former_foreign"}
    alias = FULL | {"kind": "alias"}
    assert codes(ask("other-name", alias, card={"former_family": "佐藤"})) == {"kind:alias_japanese"}
    assert ask("other-name", alias, card=foreign).values()["flags"] == ["alias_differs"]
    same = alias | {"family_kanji": "加藤", "given_kanji": "マリア"}
    assert ask("other-name", same, card=foreign).values()["flags"] == []
    latin = ask("other-name", FULL, card={"name": "SMITH JOHN"})
    assert latin.is_valid() and latin.values()["flags"] == ["not_japanese"]


@pytest.mark.requirement("NM-25")
@pytest.mark.parametrize("field", ["family_kanji", "given_kanji"])
@pytest.mark.parametrize("hidden", ["\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\x07", "ア\U000e0100"])
def test_a_name_with_an_invisible_character_is_refused(field: str, hidden: str) -> None:
    form = ask("other-name", FULL | {field: f"佐{hidden}藤"})
    assert codes(form) == {f"{field}:name_invisible"} and "見えない" in str(form.errors)
    assert ask("other-name", FULL | {field: "\u845b\U000e0100"}).is_valid()
    printed = ask("names", NAMES | SHOWN | {"printed_name": f"山{hidden}田"})
    assert "printed_name" in printed.errors


@pytest.mark.requirement("NM-23", "RJ-37")
def test_the_card_s_face_shows_both_names_in_their_order() -> None:
    answers: dict[str, Any] = {
        "names": {
            "family_romaji": "YAMADA",
            "given_romaji": "Hanako",
            "printed_name": "山田　花子",
        }
    }
    face = ask("other-name", FULL, answers=answers).context()["face"]
    assert face == {
        "name": "山田　花子",
        "romaji": "YAMADA Hanako",
        "other": "佐藤　花",
        "other_romaji": "SATO Hana",
    }
    names = ask("names", NAMES | SHOWN, answers={"other-name": ask("other-name", FULL).values()})
    assert names.context()["face"] == face
    manual = {"manual": "on", "family_typed": "YAMADDA", "given_typed": "Hanako"}
    assert ask("names", NAMES | manual).context()["face"]["romaji"] == "YAMADDA Hanako"
