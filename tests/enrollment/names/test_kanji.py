"""Kanji names: kept code point by code point, compared with mercy."""

import json

import pytest

from enrollment import names
from enrollment.problems import Problem

TAKAHASHI = "\u9ad9\u6a4b"
YOSHIDA = "\U00020bb7\u7530"
KAMI = "\ufa19\u8c37"
KATSU = "\u845b\U000e0100"


@pytest.mark.requirement("NM-02", "NM-03", "NM-04", "NM-05")
@pytest.mark.parametrize(
    "name", [TAKAHASHI, YOSHIDA, KAMI, KATSU, "\ufa11", "\u3013", "\ue000", "SMITH JOHN"]
)
def test_a_name_keeps_its_code_points(name: str) -> None:
    kept = names.checked(f"\u3000{name} ")
    assert [ord(letter) for letter in kept] == [ord(letter) for letter in name]
    assert json.loads(json.dumps(kept)) == name


@pytest.mark.requirement("NM-25")
@pytest.mark.parametrize(
    "hidden",
    [
        "\u202e",
        "\u202a",
        "\u2066",
        "\u2069",
        "\u200b",
        "\u200d",
        "\ufeff",
        "\x00",
        "\n",
        "\u2028",
        "\ud800",
        "\ufffe",
    ],
)
def test_invisible_characters_are_refused_with_their_place(hidden: str) -> None:
    with pytest.raises(Problem) as refused:
        names.checked(f"山{hidden}田")
    assert refused.value.code == "name_invisible"
    assert refused.value.values["position"] == 2
    assert f"U+{ord(hidden):04X}" in str(refused.value)


@pytest.mark.requirement("NM-25")
def test_a_selector_needs_a_kanji_before_it() -> None:
    assert names.checked("\u795e\ufe00") == "\u795e\ufe00"
    for text in ("\U000e0100山", "ア\U000e0100", "\u845b\U000e0100\U000e0101"):
        with pytest.raises(Problem):
            names.checked(text)


@pytest.mark.requirement("NM-15")
def test_lengths_count_code_points() -> None:
    assert len(names.checked("\U00020bb7" * 100)) == 100
    with pytest.raises(Problem) as refused:
        names.checked("\U00020bb7" * 101)
    assert refused.value.code == "name_too_long"
    with pytest.raises(Problem, match="氏名を入力"):
        names.checked("\u3000 ")


@pytest.mark.requirement("NM-07")
@pytest.mark.parametrize(
    ("card", "certificate", "verdict"),
    [
        ("山田　花子", "山田　花子", "equal"),
        ("山田　花子", "山田 花子", "equal"),
        (TAKAHASHI, "\u9ad8\u6a4b", "variant"),
        ("\u5c71\ufa11", "\u5c71\u5d0e", "variant"),
        (YOSHIDA, "\u5409\u7530", "variant"),
        ("\u6ff5\u7530", "\u6d5c\u7530", "variant"),
        (KAMI, "\u795e\u8c37", "variant"),
        (KATSU, "\u845b", "variant"),
        ("SMITH JOHN", "ＳＭＩＴＨ　ＪＯＨＮ", "variant"),
        ("山田　花子", "山本　花子", "mismatch"),
        ("山〓　花子", "山田　花子", "mismatch"),
    ],
)
def test_comparison_forgives_variants_only(card: str, certificate: str, verdict: str) -> None:
    assert names.compare(card, certificate) == verdict
    assert names.compare(certificate, card) == verdict


@pytest.mark.requirement("NM-02")
def test_the_search_key_ignores_space_form_and_case() -> None:
    assert names.search_key(f"{TAKAHASHI}　花子") == names.search_key("\u9ad8\u6a4b花子")
    assert names.search_key("Smith john") == "SMITHJOHN"


@pytest.mark.requirement("NM-08")
def test_what_the_jma_card_cannot_print_is_listed_with_its_place() -> None:
    assert names.unprintable("山田花子", "jma") == ()
    assert names.unprintable("SMITH・JOHN", "jma") == ()
    found = names.unprintable(f"山{YOSHIDA}{TAKAHASHI}", "jma")
    assert [(item.position, item.character) for item in found] == [(2, "\U00020bb7"), (4, "\u9ad9")]


@pytest.mark.requirement("NM-09")
def test_substitutes_are_flagged_not_refused() -> None:
    assert [item.position for item in names.substitutes("山\u3013\ue000田")] == [2, 3]
    assert names.substitutes(TAKAHASHI) == ()
    assert [item.position for item in names.unprintable("山\u3013", "jma")] == [2]


@pytest.mark.requirement("NM-10")
def test_a_name_splits_at_its_only_space() -> None:
    assert names.split("山田　花子") == ("山田", "花子")
    assert names.split("山田 花子") == ("山田", "花子")
    assert names.split("SMITH JOHN PAUL") is None
    assert names.split("SUKARNO") is None
    assert names.split("") is None


@pytest.mark.requirement("NM-10")
def test_other_names_are_split_by_choice() -> None:
    assert names.splits("SMITH JOHN PAUL") == (
        ("SMITH", "JOHN PAUL"),
        ("SMITH JOHN", "PAUL"),
        ("SMITH JOHN PAUL", ""),
    )
    assert names.splits("山田花") == (("山", "田花"), ("山田", "花"), ("山田花", ""))
    assert (KATSU, "") in names.splits(KATSU) and len(names.splits(KATSU)) == 1
    assert names.is_split("SUKARNO", "SUKARNO", "")
    assert not names.is_split("山田花子", "山本", "花子")
