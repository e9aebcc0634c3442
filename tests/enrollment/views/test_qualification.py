"""③ as its page shows it: only what may be chosen, what it costs, and the way for those who hold a card."""

import re
from collections.abc import Iterator
from datetime import date

import pytest
from django.conf import settings
from django.urls import reverse

from enrollment import authorities, drafts, submission
from enrollment.authority_data import rows
from enrollment.authority_data.kinds import CardRow, PriceRow
from enrollment.models import CardHolder
from ledger import clock
from tests.support.people import Applying

pytestmark = pytest.mark.django_db
PAIR = ("jpa", "pharmacist")
BEGIN = date(2024, 6, 1)


@pytest.fixture
def person() -> Applying:
    made = Applying("pharmacist")
    made.until("qualification")
    return made


@pytest.fixture
def jpa_closed() -> Iterator[None]:
    authorities.set_openings({PAIR: None})
    yield
    authorities.set_openings({PAIR: settings.JPA_OPENS})


def offered(page: str) -> dict[str, str]:
    """The radio buttons of the authorities, each with the qualifications for which it is shown."""
    found = re.findall(r'<input type="radio" name="authority" value="([a-z]+)"[^>]*data-for="([^"]*)"', page)
    return dict(found)


@pytest.mark.requirement("CA-01", "CA-02", "CA-21")
def test_each_authority_says_for_whom_it_is_and_nothing_is_chosen_beforehand(person: Applying) -> None:
    page = person.get("qualification").content.decode()
    assert offered(page) == {"jma": "doctor", "medis": "doctor dentist pharmacist", "jpa": "pharmacist"}
    assert list(offered(page)) == ["jma", "medis", "jpa"] and " checked" not in page
    for words in (
        "26,950円（税込み）（2024年6月時点）",
        "HPKIカードは発行されます。",
        "発行されません",
        "審査の期間",
    ):
        assert words in page
    for row in authorities.all_authorities():
        assert f'href="{row.site}"' in page
    errors = person.post("qualification", {}).content.decode()
    assert errors.count("どれか1つを選んでください。") == 6  # each in the summary and beside its question


@pytest.mark.requirement("CA-01", "CA-03", "K-03")
def test_while_jpa_is_closed_it_is_not_offered_and_its_own_site_is_named(
    person: Applying, jpa_closed: None
) -> None:
    page = person.get("qualification").content.decode()
    assert offered(page) == {"jma": "doctor", "medis": "doctor dentist pharmacist"}
    assert "日本薬剤師会のホームページから申請してください" in page
    assert 'data-for="pharmacist" open' in page and 'href="https://www.nichiyaku.or.jp/hpki/"' in page
    forged = {"hpki_card": "none", "qualification": "pharmacist", "authority": "jpa"}
    assert "エラー：" in person.post("qualification", forged).content.decode()
    assert person.application.authority == ""


@pytest.mark.requirement("CA-03")
def test_a_forged_pair_is_refused_by_the_server(person: Applying) -> None:
    forged = {"hpki_card": "none", "qualification": "dentist", "authority": "jma"}
    page = person.post("qualification", forged).content.decode()
    assert "日本医師会には、歯科医師の資格では申請できません" in page
    assert (person.application.authority, person.application.qualification) == ("", "")


@pytest.mark.requirement("CA-08")
def test_pharmacists_read_what_jpa_asks_of_them(person: Applying) -> None:
    page = person.get("qualification").content.decode()
    for words in ("薬局システムが", "MEDISとの契約", "当面、1回に限られます", "同じ額の費用がもう一度"):
        assert words in page, words


@pytest.mark.requirement("CA-11", "CA-19")
@pytest.mark.parametrize(("held", "words"), [("have", "期限切れ・失効を含む"), ("waiting", "届いてから")])
def test_holders_and_those_who_wait_are_led_to_the_card_site(person: Applying, held: str, words: str) -> None:
    given = {"hpki_card": held, "qualification": "pharmacist", "authority": "medis"}
    page = person.post("qualification", given).content.decode()
    assert words in page and f'<p><a href="{reverse("card_holders")}">' in page
    assert person.get("card").url == reverse("tasks")


@pytest.mark.requirement("CA-11", "CA-19")
@pytest.mark.parametrize(
    ("status", "words"),
    [("valid", "をお持ちです"), ("revoked", "期限切れ・失効を含む"), ("ordered", "発行待ちです")],
)
def test_the_register_finds_holders_and_open_orders_and_leads_to_the_card_site(
    person: Applying, status: str, words: str
) -> None:
    person.until("licence")
    one = person.person
    CardHolder.objects.create(
        authority="jpa", qualification="pharmacist", status=status,
        registration_number=one.registration_number, birth_date=one.birth_date,
    )  # fmt: skip
    page = person.post("licence").content.decode()
    assert words in page and f'<p><a href="{reverse("card_holders")}">' in page
    assert "licence" not in drafts.load(person.application, clock.now()).answers


@pytest.mark.requirement("CA-07", "CA-20", "K-02", "CA-06")
def test_the_wish_for_a_card_is_asked_only_where_the_day_s_row_allows_no_at_its_own_price(
    person: Applying, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "カードの発行を希望する" not in person.get("qualification").content.decode()  # today: always yes
    without = (PriceRow(BEGIN, True, 20_000, 20_000), PriceRow(BEGIN, False, 20_000, 20_000))
    row = CardRow(BEGIN, True, True, "HPKIカードを希望できます。", without)
    monkeypatch.setitem(rows.CARDS, "medis", (row,))
    page = person.get("qualification").content.decode()
    assert "カードの発行を希望する" in page
    assert re.search(r'name="wants_card" value="yes"[^>]* checked', page)
    assert re.search(r'value="medis"[^>]* data-card-choice', page)
    given = {"hpki_card": "none", "qualification": "pharmacist", "authority": "medis"}
    person.post("qualification", given)
    assert drafts.answers(person.application, "qualification")["wants_card"] == "yes"
    person.post("qualification", given | {"wants_card": "no"})
    draft = drafts.load(person.application, clock.now())
    assert draft.fields is not None and draft.fields.card_pin_digits == 0
    assert submission.price_of(draft, clock.today(clock.now())).amount == 20_000
    person.post("qualification", given | {"authority": "jpa", "wants_card": "no"})
    assert "wants_card" not in drafts.answers(person.application, "qualification")


def test_a_row_without_a_price_for_no_card_lets_nobody_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rows.CARDS, "medis", (CardRow(BEGIN, True, True, "x"),))
    assert not authorities.card_choice("medis", date(2026, 11, 20))
