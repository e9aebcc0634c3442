"""A PC without a reader, and a phone that reads the card for it (ST-26)."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from cards import reader
from cards.client import MyNumberCard
from cards.exchange import CardResponse, request_from_json, to_json
from deploy.demo import people
from enrollment.flow import SIGN
from enrollment.models import Applicant, CardReading, PhoneReading
from ledger import clock
from ledger.models import Entry
from tests.support.people import PINS, REQUEST, Applying

pytestmark = pytest.mark.django_db
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1"


class Phone:
    """A phone's browser with the person's card beside it."""

    def __init__(self, address: str, *, card: str = "doctor") -> None:
        self.browser, self.address, self.card = Client(headers={"user-agent": IPHONE}), address, card

    def opens(self) -> str:
        return str(self.browser.get(self.address).content.decode())

    def says(self, **given: str) -> Any:
        return self.browser.post(self.address, given)

    def reads(self, **changed: str) -> Any:
        """From the page behind the numbers to what the portal answers the phone."""
        found = REQUEST.search(self.opens())
        assert found, self.opens()
        asked = request_from_json(html.unescape(found[1]))
        owner = people.person(self.card)
        client = MyNumberCard(people.open_card(self.card).transmit)
        pin = changed.get("pin", getattr(owner, PINS[asked.operation]))
        response = reader.perform(asked, client, pin, settings.ORIGIN)
        return self.answers(response)

    def answers(self, response: CardResponse) -> Any:
        return self.browser.post(reverse("qr_answer"), {"response": to_json(response)})


def qr_page(person: Applying, page: Any) -> Any:
    """The button on a page that asks for the card; returns the page with the QR code."""
    text = page.content.decode().partition(f'action="{reverse("qr_begin")}"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'<input type="hidden" name="(reading|next)" value="([^"]*)"', text))
    answer = person.browser.post(reverse("qr_begin"), fields)
    assert answer.status_code == 302, answer.content.decode()
    return answer.url


def begun(person: Applying, wanted: str = "apply") -> tuple[str, PhoneReading, Phone]:
    """The PC's address, its row, and a phone that has read the QR code."""
    page = person.browser.get(reverse("sign_in"), {"next": wanted, "way": "qr"}, headers={"user-agent": EDGE})
    address = qr_page(person, page)
    row = PhoneReading.objects.latest("pk")
    return address, row, Phone(reverse("qr_read", args=[row.token]), card=person.card)


@pytest.fixture
def person() -> Applying:
    made = Applying()
    made.browser = Client(headers={"user-agent": EDGE})
    return made


@pytest.mark.requirement("ST-26")
def test_each_way_is_offered_and_the_device_s_own_is_chosen_first(person: Applying) -> None:
    for agent, chosen in ((EDGE, "reader"), (IPHONE, "iphone"), ("Android 15; Chrome/130", "android")):
        page = Client().get(reverse("sign_in"), headers={"user-agent": agent}).content.decode()
        assert all(f"way={way}" in page for way in ("iphone", "android", "reader", "qr"))
        assert re.search(rf'href="[^"]*way={chosen}" aria-current', page)
        assert f"way={chosen}" in html.unescape(html.unescape(page)).split("return_to")[1]


@pytest.mark.requirement("ST-26")
@pytest.mark.parametrize("way", ["iphone", "android", "reader"])
def test_reading_and_signing_use_the_way_of_the_sign_in_and_another_may_be_chosen(
    person: Applying, way: str
) -> None:
    page = person.browser.get(reverse("sign_in"), {"way": way})
    person.answer(person.read_card(page), f"?way={way}")
    assert person.session.way == way
    signed_in = Entry.objects.get(kind="applicant.signed_in")
    assert signed_in.data == {"way": way}
    person.until("card")
    titles = {
        "iphone": "iPhoneで読み取る",
        "android": "Androidで読み取る",
        "reader": "パソコンとカードリーダーで",
    }
    assert f"<h2>{titles[way]}" in person.get("card").content.decode()
    other = person.browser.get(reverse("step", args=["card"]), {"way": "qr"}).content.decode()
    assert "QRコードを表示する" in other and "way=reader" in other
    person.until(SIGN)
    assert f"<h2>{titles[way]}" in person.get(SIGN).content.decode()


@pytest.mark.requirement("ST-26")
def test_a_phone_reads_the_card_and_the_pc_that_asked_is_signed_in(person: Applying) -> None:
    address, row, phone = begun(person, "status")
    shown = person.browser.get(address).content.decode()
    assert "<svg" in shown and f">{row.number}</strong>" in shown
    until = (row.asked_at + timedelta(minutes=10)).astimezone(clock.JST)
    assert f"{until:%H:%M}まで" in shown
    page = phone.opens()
    assert "WindowsのEdge" in page and all(f'value="{number}"' in page for number in row.numbers)
    assert not REQUEST.search(page)
    phone.says(number=str(row.number))
    assert person.browser.get(f"{address}state/").json() == {"state": "picked"}
    assert "パソコンの画面に戻ってください" in phone.browser.get(phone.reads().url).content.decode()
    assert person.browser.get(f"{address}state/").json() == {"state": "answered"}
    assert person.browser.post(address).url == reverse("status")
    assert person.session.way == "qr"
    assert settings.APPLICANT_COOKIE_NAME not in phone.browser.cookies
    assert Applicant.objects.count() == 1
    assert phone.browser.get(reverse("tasks")).url.startswith(reverse("sign_in"))
    row.refresh_from_db()
    assert row.answer is None and row.reading.spent_at is not None


@pytest.mark.requirement("ST-26")
def test_reading_the_attributes_and_signing_go_by_phone_too(person: Applying) -> None:
    address, row, phone = begun(person)
    phone.says(number=str(row.number))
    phone.reads()
    person.browser.post(address)
    person.until("card")
    for slug, target in (("card", "card-check"), (SIGN, "done")):
        person.until(slug)
        page = person.get(slug)
        assert "QRコードを表示する" in page.content.decode()  # the way of the sign-in
        address = qr_page(person, page)
        row = PhoneReading.objects.latest("pk")
        phone = Phone(reverse("qr_read", args=[row.token]))
        phone.says(number=str(row.number))
        assert phone.reads().status_code == 302
        assert "青木".encode() not in bytes(_stored(row))
        assert person.browser.post(address).url == reverse("step", args=[target])
    assert person.application.receipt_number


def _stored(row: PhoneReading) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("select answer from enrollment_phonereading where id = %s", [row.pk])
        return bytes(cursor.fetchone()[0])


def test_one_wrong_number_ends_it_on_both_sides(person: Applying) -> None:
    address, row, phone = begun(person)
    wrong = next(number for number in row.numbers if number != row.number)
    answer = phone.says(number=str(wrong))
    assert answer.status_code == 409 and "メールやメッセージで届いた" in answer.content.decode()
    assert phone.says(number=str(row.number)).status_code == 409
    assert "request" not in phone.opens()
    assert "違う数字が選ばれました" in person.browser.get(address).content.decode()
    assert person.browser.post(address).status_code == 200
    assert not Applicant.objects.exists()
    assert not Entry.objects.exists()  # nobody is known yet: a line of the log tells of it
    assert CardReading.objects.filter(spent_at=None).count() == 0


def test_whoever_did_not_ask_stops_it_and_the_asker_is_told(person: Applying) -> None:
    address, row, phone = begun(person)
    assert "止めました" in phone.says(not_mine="1").content.decode()
    assert "覚えがない" in person.browser.get(address).content.decode()
    assert person.browser.get(f"{address}state/").json() == {"state": "refused"}
    assert not Entry.objects.exists()
    assert phone.says(number=str(row.number)).status_code == 409


def test_the_ledger_tells_of_a_refused_qr_code_of_somebody_who_is_known(person: Applying) -> None:
    person.until("card")
    page = person.browser.get(reverse("step", args=["card"]), {"way": "qr"})
    qr_page(person, page)
    row = PhoneReading.objects.latest("pk")
    Phone(reverse("qr_read", args=[row.token])).says(not_mine="1")
    assert Entry.objects.get(kind="applicant.qr_refused").data == {"reason": "not_mine"}


def test_a_qr_code_dies_after_ten_minutes_and_says_so(person: Applying) -> None:
    address, row, phone = begun(person)
    phone.says(number=str(row.number))
    CardReading.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    page = person.browser.get(address).content.decode()
    assert "有効時間が過ぎました" in page and "way=qr" in page
    assert "このQRコードは使えません" in phone.opens()
    assert person.browser.get(f"{address}state/").json() == {"state": "expired"}
    assert not PhoneReading.objects.filter(answer__isnull=False).exists()


def test_only_the_browser_that_asked_gets_the_answer(person: Applying) -> None:
    address, row, phone = begun(person)
    phone.says(number=str(row.number))
    phone.reads()
    thief = Client()
    thief.get(reverse("sign_in"))
    assert thief.get(address).status_code == thief.post(address).status_code == 404
    assert thief.get(f"{address}state/").status_code == 404
    assert phone.browser.post(address).status_code == 404
    assert person.browser.post(address).status_code == 302
    assert person.browser.post(address).url == reverse("tasks")  # Back, or a double click: signed in already
    assert Entry.objects.filter(kind="applicant.signed_in").count() == 1


def test_a_second_phone_gets_nothing_after_the_first_picked(person: Applying) -> None:
    _address, row, phone = begun(person)
    phone.says(number=str(row.number))
    second = Phone(phone.address)
    assert not REQUEST.search(second.opens())
    assert second.says(number=str(row.number)).status_code == 409
    asked = REQUEST.search(phone.opens())
    assert asked
    request = request_from_json(html.unescape(asked[1]))
    client = MyNumberCard(people.open_card("doctor").transmit)
    response = reader.perform(request, client, "1234", settings.ORIGIN)
    assert second.answers(response).status_code == 409
    assert phone.answers(response).status_code == 302
    assert phone.answers(response).status_code == 409


def test_what_goes_wrong_at_the_phone_is_told_there_and_can_be_tried_again(person: Applying) -> None:
    address, row, phone = begun(person)
    phone.says(number=str(row.number))
    asked = REQUEST.search(phone.opens())
    assert asked
    request = request_from_json(html.unescape(asked[1]))
    for outcome, words in (("removed", "残り回数は減っていません"), ("cancelled", "中止しました")):
        page = phone.answers(reader.failed(request, outcome)).content.decode()  # type: ignore[arg-type]
        assert words in page and phone.address in page
    held = Phone(phone.address, card="phone")
    held.browser = phone.browser
    assert "スマホ用電子証明書に対応していない" in held.reads().content.decode()
    assert person.browser.get(f"{address}state/").json() == {"state": "picked"}
    assert "まだ読み取りが終わっていません" in person.browser.post(address).content.decode()
    phone.reads()
    assert person.browser.post(address).status_code == 302


@pytest.mark.requirement("ST-23")
def test_another_card_at_the_phone_is_told_at_the_phone(person: Applying) -> None:
    address, row, phone = begun(person)
    phone.says(number=str(row.number))
    phone.reads()
    person.browser.post(address)
    person.until("card")
    address = qr_page(person, person.get("card"))
    row = PhoneReading.objects.latest("pk")
    phone = Phone(reverse("qr_read", args=[row.token]), card="dentist")
    phone.says(number=str(row.number))
    page = phone.reads().content.decode()
    assert "ログインに使用したマイナンバーカードをセットしてください" in page and phone.address in page
    phone.card = "doctor"
    phone.reads()
    assert person.browser.post(address).url == reverse("step", args=["card-check"])


def test_asked_twice_it_is_the_same_code_and_a_stranger_s_reading_gets_none(person: Applying) -> None:
    page = person.browser.get(reverse("sign_in"), {"way": "qr"})
    assert qr_page(person, page) == qr_page(person, page)
    reading = CardReading.objects.get()
    thief = Client()
    thief.get(reverse("sign_in"))
    assert thief.post(reverse("qr_begin"), {"reading": str(reading.public_id)}).status_code == 409
    assert PhoneReading.objects.count() == 1
    shown = person.browser.get(reverse("qr", args=[PhoneReading.objects.get().public_id]))
    assert "no-store" in shown["Cache-Control"]


@pytest.mark.parametrize("token", ["x", "é" * 43, "a" * 500])
def test_a_made_up_address_is_not_there(token: str) -> None:
    assert Client().get(reverse("qr_read", args=[token])).status_code == 404
