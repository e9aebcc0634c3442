"""The start page: who goes where, what to have at hand, the authorities side by side."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from enrollment import authorities
from enrollment.models import AuthorityNotice
from ledger import clock
from tests.support.people import Applying

pytestmark = pytest.mark.django_db
PAIR = ("jpa", "pharmacist")
DESK = {"user-agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0 Safari/537.36"}


def start(**given: str) -> str:
    return str(Client(headers=DESK).get(reverse("start"), given).content.decode())


def asked(page: str) -> str:
    """What the three answers led to."""
    found = re.search(r'<section class="route.*?</section>', page, re.DOTALL)
    return found[0] if found else ""


@pytest.fixture
def jpa_closed() -> Iterator[None]:
    authorities.set_openings({PAIR: None})
    yield
    authorities.set_openings({PAIR: settings.JPA_OPENS})


@pytest.mark.requirement("CA-15")
def test_what_to_have_at_hand_stands_there_with_pictures() -> None:
    page = start()
    listed = page[page.index('<ul class="checklist">') :].partition("</ul>\n\n<h2")[0]
    for words in (
        "マイナンバーカード", "券面事項入力補助用（数字4桁）", "署名用（英数字6〜16文字）", "利用者証明用（数字4桁）",
        "顔写真", "縦531×横413ピクセル以上", "身分証の画像", "資格免許証の画像", "メールアドレス",
    ):  # fmt: skip
        assert words in listed, words
    assert listed.count("<img") == 6


@pytest.mark.requirement("CA-21", "CA-18", "CA-09", "CA-06")
def test_authorities_are_compared_and_the_ways_of_signing_explained() -> None:
    page = start()
    offices = page[page.index('<div class="offices">') :]
    cards = offices.split('<section class="card">')[1:4]
    expected = {
        "日本医師会": (
            "無償",
            "5,500円 → 0円（費用減免中）",
            "後に交付",
            "1か月半",
            "https://www.jmaca.med.or.jp/",
        ),
        "MEDIS": ("26,950円（税込み）", "HPKIカードは発行されます", "PDF", "https://www.medis.or.jp/8_hpki/"),
        "日本薬剤師会": ("19,800円", "26,400円", "発行されません", "https://www.nichiyaku.or.jp/hpki/"),
    }
    for card, (name, facts) in zip(cards, expected.items(), strict=True):
        assert f"<h3>{name}</h3>" in card
        for words in (*facts, "2024年6月時点", "審査が終わる見込み", "JPEG"):
            assert words in card, (name, words)
    for words in (
        "費用やサービスの内容は認証局によって異なります", "登録用のURLを作り直すときは、費用がかかることがあります",
        "ローカル署名", "リモート署名", "原則として1日1回", "リモート署名の本人認証は3つあります",
    ):  # fmt: skip
        assert words in page, words
    means = page[page.index("本人認証は3つあります") :]
    for one in ("マイナンバーカード", "スマートフォン", "HPKIカード"):
        assert f"<strong>{one}</strong>" in means


@pytest.mark.requirement("ST-22", "CA-14")
def test_it_is_an_entry_of_its_own_that_asks_for_no_municipality() -> None:
    """Seed 001 step 1 finds the service in the portal's search, where a person without a municipality is asked for it.
    Here the address of the start page is the entry, and the municipality comes with the card."""
    page = start()
    assert "医師・歯科医師・薬剤師の方が、電子処方箋などに署名するための電子証明書" in page
    assert f'href="{reverse("tasks")}"' in page and f'href="{reverse("status")}"' in page
    assert "市区町村を選ぶ必要はありません" in page and "<select" not in page
    assert "ご本人だけが申請できます" in page and "代理の方は申請できません" in page


@pytest.mark.requirement("CA-19", "CA-11")
@pytest.mark.parametrize(
    ("held", "words"), [("have", "申請ではなく登録"), ("waiting", "HPKIカードが届いてから")]
)
def test_holders_and_those_who_wait_are_led_to_the_card_site(held: str, words: str) -> None:
    told = asked(start(qualification="doctor", hpki_card=held, reading="reader"))
    assert words in told and f'href="{reverse("card_holders")}"' in told
    assert reverse("sign_in") not in told and "日本医師会" in told


@pytest.mark.requirement("CA-19")
@pytest.mark.parametrize(("reading", "way"), [("reader", "reader"), ("qr", "qr"), ("phone", "qr")])
def test_whoever_holds_none_and_can_read_the_card_begins_by_the_right_way(reading: str, way: str) -> None:
    told = asked(start(qualification="dentist", hpki_card="none", reading=reading))
    assert f'{reverse("sign_in")}?next=apply&amp;way={way}"' in told
    page = Client(headers={"user-agent": "iPhone"}).get(
        reverse("start"), {"qualification": "dentist", "hpki_card": "none", "reading": "phone"}
    )
    assert "way=iphone" in asked(page.content.decode())


def test_whoever_cannot_read_the_card_learns_what_is_missing() -> None:
    told = asked(start(qualification="doctor", hpki_card="none", reading="none"))
    assert "スマホ用電子証明書では申請できません" in told and "市区町村の窓口" in told
    assert reverse("sign_in") not in told


def test_an_unanswered_or_made_up_answer_is_said_beside_its_question() -> None:
    page = start(qualification="nurse", hpki_card="none")
    assert "<title>エラー：" in page and not asked(page)
    assert "選べない項目です" in page and "どれか1つを選んでください" in page
    assert 'href="#id_reading_0"' in page


@pytest.mark.requirement("CA-02")
def test_a_chosen_qualification_compares_only_its_authorities() -> None:
    page = start(qualification="dentist", hpki_card="none", reading="reader")
    offices = page[page.index('<div class="offices">') :]
    assert "<h3>MEDIS</h3>" in offices
    assert "<h3>日本医師会</h3>" not in offices and "<h3>日本薬剤師会</h3>" not in offices


@pytest.mark.requirement("CA-03", "K-03")
def test_while_jpa_is_closed_pharmacists_are_told_where_to_apply(jpa_closed: None) -> None:
    page = start(qualification="pharmacist", hpki_card="none", reading="reader")
    offices = page[page.index("<h3>日本薬剤師会</h3>") :]
    assert "いまはここから申請できません" in offices
    assert "日本薬剤師会のホームページから申請してください" in offices
    assert 'href="https://www.nichiyaku.or.jp/hpki/"' in offices
    day = clock.today(clock.now()) + timedelta(days=40)
    authorities.set_openings({PAIR: day})
    assert f"{day.year}年{day.month}月{day.day}日から申請できます" in start()


@pytest.mark.requirement("CA-22")
def test_an_operator_s_notice_stands_there_from_its_day_to_the_eve_of_its_end() -> None:
    today = clock.today(clock.now())

    def notice(text: str, since: date, until: date | None, qualification: str = "") -> None:
        AuthorityNotice.objects.create(
            authority="medis", text=text, text_en=f"EN {text}", since=since, until=until,
            qualification=qualification, made_by="x", made_at=clock.now(),
        )  # fmt: skip

    day = timedelta(days=1)
    notice("いま出ている", today, today + day)
    notice("きょうで終わり", today - day, today)
    notice("あしたから", today + day, None)
    notice("歯科医師だけ", today - day, None, "dentist")
    page = start()
    assert "いま出ている" in page and "歯科医師だけ" in page
    assert "きょうで終わり" not in page and "あしたから" not in page
    doctors = start(qualification="doctor", hpki_card="none", reading="reader")
    assert "いま出ている" in doctors and "歯科医師だけ" not in doctors
    english = Client()
    english.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert "EN いま出ている" in english.get(reverse("start")).content.decode()
    person = Applying("dentist")
    person.until("qualification")
    shown = person.get("qualification").content.decode()
    assert "いま出ている" in shown and "歯科医師だけ" in shown and "きょうで終わり" not in shown


def test_a_signed_in_person_is_led_on() -> None:
    person = Applying()
    person.sign_in()
    page = person.browser.get(
        reverse("start"), {"qualification": "doctor", "hpki_card": "none", "reading": "reader"}
    ).content.decode()
    assert f'href="{reverse("tasks")}"' in asked(page) and "申請の続き" in page
