"""A second certificate for the holder of a valid HPKI card: the page's side of it (BD-12)."""

from pathlib import Path

import pytest
from django.test import Client

from ledger import clock
from outbox.models import Job
from signing import card_orders
from signing.flow import Visit
from signing.models import CardVisit, SecondCertificateRequest
from tests.support.card_site import hpki
from tests.support.credentials import active_credential, signer

pytestmark = pytest.mark.django_db
PAGE = "/card/certificate/"


def inside(card: hpki.HpkiCard) -> Client:
    browser = Client()
    assert hpki.shown(browser, "certificate", card)["Location"] == PAGE
    return browser


@pytest.mark.requirement("BD-12", "RV-9")
def test_the_card_alone_is_enough_to_ask_and_its_words_go_up(card_site: Path) -> None:
    card = hpki.card("MED0000007", code="medis", qualification="pharmacist")
    browser = inside(card)
    page = browser.get(PAGE).content.decode()
    assert "MED0000007" in page and "薬剤師" in page and "この内容で申し込む" in page
    assert browser.post(PAGE)["Location"] == "/card/certificate/done/"
    row = SecondCertificateRequest.objects.get()
    assert (row.authority, row.person_id, row.qualification) == ("medis", "MED0000007", "pharmacist")
    assert row.card_certificate_not_after == card.certificate.not_valid_after_utc
    job = Job.objects.get(kind="signing.second_certificate_wanted")
    assert job.subject == str(row.public_id)
    assert "申し込みを受け付けました" in browser.get("/card/certificate/done/").content.decode()
    assert CardVisit.objects.get().state == Visit.ENDED
    assert browser.post(PAGE)["Location"] == "/card/"


@pytest.mark.requirement("BD-12")
@pytest.mark.parametrize(
    ("move", "sentence", "may_ask"),
    [
        ("", "認証局が確認しています", False),
        ("accept", "認証局が確認しています", False),
        ("refuse", "前回の申し込みでは発行されませんでした", True),
    ],
)
def test_the_answer_is_read_when_the_card_comes_again(
    move: str, sentence: str, may_ask: bool, card_site: Path
) -> None:
    card = hpki.card()
    inside(card).post(PAGE)
    row = SecondCertificateRequest.objects.get()
    if move:
        card_orders.answer(row.public_id, move, clock.now())
    again = inside(card)
    page = again.get(PAGE).content.decode()
    assert sentence in page and ("この内容で申し込む" in page) == may_ask
    again.post(PAGE)
    assert SecondCertificateRequest.objects.count() == (2 if may_ask else 1)


def test_who_has_one_is_led_on_and_asks_for_nothing(card_site: Path) -> None:
    credential = active_credential(signer("JMA0000077"), at=clock.now())
    browser = inside(hpki.card_of(credential))
    page = browser.get(PAGE).content.decode()
    assert "すでに発行されています" in page and 'href="/card/my-number-card/"' in page
    assert browser.post(PAGE)["Location"] == PAGE
    assert not SecondCertificateRequest.objects.exists()
    assert CardVisit.objects.get().state == Visit.OPEN
