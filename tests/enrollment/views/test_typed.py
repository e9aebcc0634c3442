"""Whatever is typed into a field for dates, numbers, phones or codes: an answer, quickly, and nothing is lost."""

import html
import re
import time
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from enrollment.steps.echoes import ECHOES
from tests.support.people import Applying

pytestmark = pytest.mark.django_db
FIELDS = [
    ("home", "postal_code", {}),
    ("licence", "registration_number", {"registered_on": "2004-05-10"}),
    ("licence", "registered_on", {"registration_number": "312345"}),
    ("licence", "reissued_on", {"registration_number": "312345", "registered_on": "2004-05-10"}),
    ("membership", "number", {"member": "yes"}),
    ("workplace", "institution_code", {"has_workplace": "yes", "prefecture": "13", "table": "1"}),
    ("workplace", "postal_code", {"has_workplace": "yes", "fill": "ask"}),
    ("workplace", "postal_code", {"has_workplace": "yes", "name": "診療所", "address": "東京都１"}),
    ("delivery", "phone", {"send_to": "home", "pickup": "13"}),
    ("delivery", "postal_code", {"phone": "0312345678", "send_to": "elsewhere", "pickup": "13"}),
    ("photo", "taken_on", {"is_recent": "on"}),
    ("identity", "day_on_paper", {"kind": "driving_licence"}),
]
SLOWEST = (
    5.0  # seconds for one request on a machine that has other things to do; an unbounded int() takes longer
)
LETTERS = st.characters(exclude_categories=["Cs"])
PIECES = st.sampled_from(
    ["昭和", "S", "㍼", "元", "年", "月", "日", "五十三", "十", "〇", "９", "9", "0", "１", "-", "ー", "．", "/", "(",
     "（", "+81", "〒", "第", "号", " ", "\u3000", "٣", "²", "①", "Ⅷ", "億", "\u202e", "\ufeff", "<", "&amp;", "'", '"']
)  # fmt: skip
TYPED = (
    st.text(LETTERS, max_size=60)
    | st.lists(PIECES, max_size=14).map("".join)
    | st.builds(lambda piece, times: piece * times, PIECES, st.integers(1, 2500))
)


def shown(page: str, name: str) -> str:
    """What stands in a field of the page."""
    control = re.search(f'<input[^>]*name="{name}"[^>]*>', page)
    assert control
    value = re.search(r'\svalue="([^"]*)"', control[0])
    return html.unescape(value[1]) if value else ""


@pytest.fixture
def person() -> Applying:
    person = Applying()
    person.until("names")
    return person


def quickly(ask: Any) -> Any:
    begun = time.monotonic()
    answer = ask()
    assert time.monotonic() - begun < SLOWEST
    return answer


@pytest.mark.requirement("DQ-02", "DQ-06", "DQ-16", "DQ-18")
def test_any_text_is_answered_and_kept_as_it_was_typed(person: Applying) -> None:
    @settings(max_examples=120, deadline=None)
    @given(st.sampled_from(FIELDS), TYPED)
    def try_it(where: tuple[str, str, dict[str, str]], text: str) -> None:
        slug, name, others = where
        page = quickly(lambda: person.post(slug, others | {name: text}))
        assert page.status_code in (200, 302)
        if page.status_code == 200:
            assert shown(page.content.decode(), name) == text
        again = quickly(lambda: person.get(slug))
        assert again.status_code == 200 and shown(again.content.decode(), name) == text

    try_it()


def test_any_text_is_echoed_or_not_but_answered(person: Applying) -> None:
    @settings(max_examples=120, deadline=None)
    @given(st.sampled_from(sorted(ECHOES)), TYPED)
    def try_it(kind: str, text: str) -> None:
        given = {"text": text, "prefecture": text, "table": text, "address": text, "ours": text}
        told = quickly(lambda: person.browser.post(reverse("echo", args=[kind]), given)).json()
        assert set(told) == {"shown", "problem"}
        found = quickly(lambda: person.browser.post(reverse("postal"), given)).json()
        assert set(found) == {"put", "html"}
        beside = person.browser.post(reverse("postal"), given | {"beside": "card"}).json()
        assert beside["put"] == ""

    try_it()


@pytest.mark.requirement("DQ-04")
def test_the_page_s_module_hears_how_a_date_is_understood(person: Applying) -> None:
    def told(kind: str, text: str, **more: str) -> Any:
        return person.browser.post(reverse("echo", args=[kind]), {"text": text} | more).json()

    assert told("date", "S53.4.1") == {"shown": "1978年4月1日（昭和53年4月1日）", "problem": ""}
    assert told("date", "昭和64年1月8日")["problem"].endswith("平成元年1月8日ですか。")
    assert told("phone", "０４２２１２３４５６")["shown"] == "0422-12-3456"
    assert told("institution", "0110112489", prefecture="47")["shown"] == "0110112489（北海道・医科）"
    short = told("institution", "0110049", prefecture="13", table="1")
    assert short == {"shown": "1310110049（東京都・医科）", "problem": ""}
    assert "検査数字" in told("institution", "1310110048")["problem"]
    assert person.browser.post(reverse("echo", args=["nothing"]), {"text": "x"}).status_code == 404
    assert person.browser.get(reverse("echo", args=["date"])).status_code == 405


@pytest.mark.requirement("DQ-16", "DQ-17")
def test_the_page_s_module_hears_what_a_postal_code_stands_for(person: Applying) -> None:
    def told(text: str, **more: str) -> Any:
        return person.browser.post(reverse("postal"), {"text": text} | more).json()

    assert told("100-0014")["put"] == "東京都千代田区永田町"
    assert (
        told("1000013", address="東京都千代田区永田町", ours="東京都千代田区永田町")["put"]
        == "東京都千代田区霞が関"
    )
    typed = told("1000013", address="大阪府大阪市１")
    assert typed["put"] == "" and 'data-address="東京都千代田区霞が関"' in typed["html"]
    several = told("4980000")
    assert several["put"] == "" and several["html"].count("data-address") == 2
    assert "日本経済新聞社" in told("1008066")["html"]
    assert "通常の郵便番号を入力してください" in told("9999999")["html"]
    assert told("100")["html"].strip() == ""
    assert "東京都文京区本駒込" in told("1130021", beside="card")["html"]
    assert "大阪府大阪市北区梅田" in told("5300001", beside="card")["html"]
