"""The pages of names through the real views: what is typed, offered, drawn and never lost."""

import html
import re
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enrollment import drafts, names, statement
from enrollment.models import Application
from enrollment.problems import Problem
from enrollment.steps import QUESTIONS
from ledger import clock
from tests.support.people import Applying

pytestmark = pytest.mark.django_db


def body(page: Any) -> str:
    """The page's text with its entities resolved."""
    return html.unescape(page.content.decode())


def on(slug: str, person: str = "doctor", **card: str) -> Applying:
    """Somebody who stands before this page; `card` replaces what the card says."""
    one = Applying(person)
    one.until("names")
    if card:
        row = one.application.answers.get(step="card")
        row.data["values"] |= card
        row.save()
    return one


def values(one: Applying, slug: str) -> Any:
    return drafts.answers(one.application, slug)


# --- with and without JavaScript ----------


@pytest.mark.requirement("RJ-30", "RJ-31")
def test_the_candidates_and_hints_come_as_json_while_one_types() -> None:
    one = on("names")
    found = one.browser.post(
        reverse("romaji"),
        {
            "family_kana": "いのうえ",
            "given_kana": "ッ",
            "given_typed": "HANAKO",
            "printed_name": "\u9ad9田",
        },
    ).json()
    assert found["family"] == {"kana": "イノウエ", "candidates": ["INOUE", "INOE"], "problem": ""}
    assert found["given"]["candidates"] == [] and found["given"]["problem"]
    assert found["hints"]["family_kana"] == {"text": "", "offers": []}
    assert found["hints"]["given_typed"]["offers"][0]["take"] == "given_typed:Hanako"
    assert "1文字目「\u9ad9」" in found["hints"]["printed_name"]["text"]
    assert found["hints"]["printed_name"]["offers"][0]["take"] == "printed_name:高田"
    assert (
        one.browser.get(reverse("romaji"), {"family_kana": "ア"}).status_code == 405
    )  # no name in an address


@pytest.mark.requirement("RJ-30", "RJ-34", "RJ-37", "NM-13")
def test_without_javascript_the_list_the_preview_and_the_question_come_after_a_round_trip() -> None:
    one = on("names")
    page = body(
        one.post("names", {"family_kana": "さとう", "given_kana": "キヨウコ", "printed_name": "佐藤　清子"})
    )
    for option in ("SATO", "SATOH", "SATOU", "Kiyoko", "Kiyohko", "Kiyouko"):
        assert f'<option value="{option}"' in page, option
    assert "ローマ字の候補を表示しました" in page and "小さい文字ではありませんか" in page
    assert 'value="given_kana:キョウコ"' in page
    assert "<dd data-face-name>佐藤　清子</dd>" in page
    assert '<dd lang="en" data-face-romaji>SATO Kiyoko</dd>' in page
    assert "HPKIカードに印字されるので" in page and "姓、名の順に印字" in page
    shown = {"family_kana": "サトウ", "given_kana": "キヨウコ", "shown_for": "サトウ/キヨウコ"}
    done = one.post(
        "names", shown | {"family_romaji": "SATOH", "given_romaji": "Kiyoko", "printed_name": "佐藤　清子"}
    )
    assert done.status_code == 302  # as typed: one tap
    assert values(one, "names")["family_style"] == "alternate 1"


@pytest.mark.requirement("RJ-34", "RJ-35")
def test_a_tap_on_an_offer_comes_back_with_the_cured_form_and_then_goes_on() -> None:
    one = on("names")
    given = one.answers("names") | {"manual": "on", "family_typed": "aoki", "given_typed": "Ichiro"}
    wrong = body(one.post("names", given))
    assert 'name="take" value="family_typed:AOKI"' in wrong and "<title>エラー" in wrong
    page = body(one.post("names", given | {"take": "family_typed:AOKI"}))
    assert re.search(r'name="family_typed" value="AOKI"', page) and "<title>エラー" not in page
    assert "「AOKI」に書き換えました" in page and not values(one, "names")
    again = body(one.get("names"))  # the tap survives a reload
    assert re.search(r'name="family_typed" value="AOKI"', again)
    assert one.post("names", given | {"family_typed": "AOKI"}).status_code == 302


@pytest.mark.requirement("NM-08", "NM-09")
def test_what_the_card_cannot_print_is_told_when_the_page_opens() -> None:
    page = body(on("names", name="\u9ad9橋　\U00020bb7乃").get("names"))
    assert "1文字目「\u9ad9」、4文字目「\U00020bb7」" in page
    assert 'name="take" value="printed_name:高橋　吉乃"' in page
    hole = body(on("names", name="山\u3013　花子").get("names"))
    assert "表示できない文字（外字）があります" in hole and "2文字目「\u3013」" in hole


@pytest.mark.requirement("NM-23", "RJ-37")
def test_the_preview_stands_only_where_a_card_is_made() -> None:
    """DQ-26: not at JPA, which makes no card."""
    for person, makes_card in (("doctor", True), ("dentist", True), ("variant-kanji", False)):
        one = on("names", person)
        assert ("HPKIカードへの印字の見本" in body(one.get("names"))) is makes_card, person
        assert one.do("names").status_code == 302
        page = body(one.get("other-name"))
        assert ("HPKIカードへの印字の見本" in page) is makes_card, person
    one = on("names", "maiden-name")
    one.do("names")
    given = {"kind": "former", "former_from_card": "on", "family_kana": "オオニシ", "given_kana": ""}
    page = body(one.post("other-name", given))
    assert '<span data-face-other>大西</span> <span lang="en" data-face-other-romaji>ONISHI</span>' in page
    assert '<dd lang="en" data-face-romaji>ETO Mayumi</dd>' in page
    shown = given | {"family_romaji": "ONISHI", "shown_for": "オオニシ/"}
    assert one.post("other-name", shown).status_code == 302
    assert "data-face-other>大西<" in body(one.get("names"))


# --- what the card says ----------


@pytest.mark.requirement("NM-01", "NM-24")
def test_what_the_card_says_is_shown_and_cannot_be_typed_over() -> None:
    one = Applying("doctor")
    one.until("card-check")
    page = body(one.get("card-check"))
    for said in ("青木　一郎", "男", "1978年4月1日", "東京都文京区本駒込９丁目９番９号"):
        assert said in page, said
    assert "市区町村の窓口でカードの内容を更新" in page
    forged = {"name": "別人", "sex": "2", "birth_date": "2000-01-01", "address": "北海道"}
    before = values(one, "card")
    one.post("card-check", forged | {"is_right": "on"})
    assert values(one, "card") == before and before["name"] == "青木　一郎"
    one.post("home", forged | {"postal_code": "113-0021"})
    assert values(one, "home")["postal_code"] == "1130021" and values(one, "card") == before
    fields = QUESTIONS["delivery"](draft=drafts.load(one.application, clock.now()), at=clock.now()).fields
    assert {"send_to", "postal_code", "address"} <= set(fields)  # a place to send to, apart from the card's
    assert "address" not in QUESTIONS["home"].base_fields


@pytest.mark.requirement("NM-20", "NM-26")
def test_a_typed_other_name_asks_for_its_paper_and_one_from_the_card_does_not() -> None:
    one = on("names", "former-name")
    one.do("names")
    page = body(one.get("other-name"))
    assert "公的書類の画像が必要です" in page and "旧姓を記載した住民票" in page
    assert one.do("other-name").url == reverse("step", args=["name-proof"])
    assert one.post("name-proof", {}).status_code == 200  # no paper, no further
    jma = on("names", "maiden-name")
    jma.do("names")
    assert "戸籍" in body(jma.get("other-name"))
    ticked = {
        "kind": "former",
        "former_from_card": "on",
        "family_kana": "オオニシ",
        "family_romaji": "ONISHI",
        "shown_for": "オオニシ/",
    }
    assert jma.post("other-name", ticked).url == reverse("step", args=["home"])
    alias = on("names", "alias")
    alias.do("names")
    named = {
        "kind": "alias",
        "family_kana": "カトウ",
        "given_kana": "マリア",
        "family_romaji": "KATO",
        "given_romaji": "Maria",
        "shown_for": "カトウ/マリア",
    }
    typed = named | {"family_kanji": "加藤", "given_kanji": "マリア"}
    assert alias.post("other-name", typed).url == reverse("step", args=["name-proof"])
    assert alias.post("other-name", named | {"alias_from_card": "on"}).url == reverse("step", args=["home"])


@pytest.mark.requirement("NM-22")
def test_a_licence_that_is_changing_its_surname_asks_for_a_paper_with_the_old_one() -> None:
    one = Applying("doctor")
    one.until("licence")
    licence = one.answers("licence")
    one.post("licence", licence | {"is_changing_surname": "on"})
    draft = drafts.load(one.application, clock.now())
    assert "licence-name-proof" in {row.slug for row in drafts.flow.steps_for(draft)}
    one.do("licence-front")
    assert one.get("licence-name-proof").status_code == 200
    assert one.post("licence-name-proof", {}).status_code == 200  # no paper, no further
    one.post("licence", licence)
    draft = drafts.load(one.application, clock.now())
    assert "licence-name-proof" not in {row.slug for row in drafts.flow.steps_for(draft)}


# --- code point by code point ----------

TOUGH = {
    "ladder": "\u9ad9\u6a4b　花子",
    "saki": "山\ufa11　花子",
    "kami": "\ufa19\u8c37　花子",
    "yoshi": "\U00020bb7\u7530　花子",
    "katsu": "\u845b\U000e0100城　花子",
    "hole": "山\u3013　花子",
    "private": "山\ue000　花子",
    "hama": "\u6ff5\u7530　花子",
    "fuku": "\ufa1b\uf9dc　花子",
}


@pytest.mark.requirement("NM-02", "NM-03", "NM-04", "NM-05", "NM-06")
@pytest.mark.parametrize("name", TOUGH.values(), ids=TOUGH.keys())
def test_a_name_keeps_its_code_points_from_the_card_to_the_statement(name: str) -> None:
    one = on("names", name=name)
    assert name in body(one.get("names")) and name in body(one.get("card-check"))
    printed = {"printed_name": "山田　花子"}
    kana = {"family_kana": "ヤマダ", "given_kana": "ハナコ", "shown_for": "ヤマダ/ハナコ"}
    done = one.post("names", kana | printed | {"family_romaji": "YAMADA", "given_romaji": "Hanako"})
    assert done.status_code == 302, body(done)
    stored = Application.objects.get(pk=one.application.pk).answers.get(step="names").data["values"]
    assert (stored["family"], stored["given"]) == tuple(name.split("　"))
    kanji = name.split("　")[0]
    given = {"kind": "former", "family_kanji": kanji, "given_kanji": "花子"} | kana
    assert (
        one.post("other-name", given | {"family_romaji": "YAMADA", "given_romaji": "Hanako"}).status_code
        == 302
    )
    assert values(one, "other-name")["family"] == kanji
    assert f'name="family_kanji" value="{kanji}"' in body(one.get("other-name"))
    answers = drafts.load(one.application, clock.now()).answers
    sent = statement.canonical({"answers": dict(answers)})  # as it is signed, shown to officers and exported
    assert name in sent.decode("utf-8")
    read = statement.read(sent)["answers"]
    assert [ord(letter) for letter in read["card"]["name"]] == [ord(letter) for letter in name]
    assert read["other-name"]["family"] == kanji and read["names"]["family"] == kanji


# --- nothing typed is lost, whatever it is ----------

ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=40)
TYPED = {
    "names": ("family_kana", "given_kana", "printed_name"),
    "other-name": ("family_kana", "given_kana", "family_kanji", "given_kanji"),
}


def shown(page: str, field: str) -> str:
    found = re.search(rf'<input [^>]*name="{field}"(?: value="([^"]*)")?', page)
    assert found, field
    return html.unescape(found[1] or "")


@pytest.mark.requirement("RJ-42", "NM-25")
@pytest.mark.parametrize("slug", list(TYPED))
def test_no_text_gives_a_500_and_none_is_lost(slug: str) -> None:
    one = on("names")
    one.do("names")

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.dictionaries(st.sampled_from([*TYPED[slug], "shown_for", "take", "family_romaji"]), ANY),
        st.sampled_from(["", "former", "alias", "none", "x"]),
        st.booleans(),
    )
    def tried(typed: dict[str, str], kind: str, manual: bool) -> None:
        more = {"kind": kind} | ({"manual": "on", "family_typed": "ab\u0301"} if manual else {})
        answer = one.post(slug, typed | more)
        assert answer.status_code in (200, 302)
        if answer.status_code == 302 or typed.get("take"):
            return
        kept = one.application.answers.get(step=slug).data["raw"]
        for field in set(typed) & set(TYPED[slug]):
            text = typed[field]
            assert kept[field] == [text.replace("\x00", "\ufffd")] or kept[field] == [text]
            drawn = shown(answer.content.decode(), field)
            assert drawn in (text, kept[field][0], _read(field, text)), (field, text, drawn)

    tried()


def _read(field: str, text: str) -> str:
    """Kana that are right come back as they were read."""
    if not field.endswith("_kana"):
        return text
    try:
        return names.kana(text)
    except Problem:
        return text
