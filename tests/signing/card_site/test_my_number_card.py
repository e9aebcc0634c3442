"""A My Number Card bound after the HPKI card was shown (BD-01, BD-02, BD-03, BD-09, BD-16)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client

from cards.pki import Hierarchy, new_key
from cards.profile import CertificateKind
from ledger import clock
from signing.card_site import visits
from signing.flow import Visit
from signing.models import CardBinding, CardVisit, Credential
from tests.support.card_site import hpki
from tests.support.cards import Card
from tests.support.credentials import active_credential, signer
from tests.support.signed_in import hidden

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]
PAGE, ANSWER = "/card/my-number-card/", "/card/my-number-card/answer/"


def inside(credential: Credential) -> Client:
    browser = Client(enforce_csrf_checks=True)
    assert hpki.shown(browser, "my_number_card", hpki.card_of(credential))["Location"] == PAGE
    return browser


def another_card(hierarchy: Hierarchy) -> Card:
    at, key = clock.now(), new_key()
    authority = hierarchy.current(CertificateKind.AUTHENTICATION)
    return Card(key, authority.authentication_certificate(key, at, at + timedelta(days=900)))


def asked(page: Any) -> str:
    return hidden(page, "request")


def living(credential: Credential) -> list[bytes]:
    rows = CardBinding.objects.filter(credential=credential, is_living=True)
    return [bytes(row.fingerprint) for row in rows]


@pytest.mark.requirement("BD-01", "BD-09", "BD-17", "RV-9")
def test_the_whole_way_as_the_manual_tells_it(card_site: Path, card: Card) -> None:
    credential = active_credential(signer("JMA0265432"), at=clock.now())
    browser = inside(credential)
    page = browser.get(PAGE)
    text = page.content.decode()
    for shown in ("JMA0265432", "医師", "日本医師会", "個人番号カード", "数字 4 桁", "署名用の暗証番号"):
        assert shown in text
    answer = browser.post(ANSWER, {"response": card.answer(asked(page))})
    assert (answer.status_code, answer["Location"]) == (303, "/card/done/")
    assert living(credential) == [card.fingerprint]
    assert CardVisit.objects.get().state == Visit.ENDED
    done = browser.get("/card/done/")
    assert "マイナンバーカードの登録が完了しました。ブラウザを終了してください。" in done.content.decode()
    assert done.cookies[configured.CARD_COOKIE_NAME]["max-age"] == 0
    for path in ("/card/done/", PAGE):
        assert browser.get(path)["Location"].endswith("/card/")


def test_a_button_pressed_twice_leads_to_the_same_page(
    card_site: Path, card: Card, hierarchy: Hierarchy
) -> None:
    """The second answer of the same card binds nothing anew; another card's, or another browser's, leads nowhere."""
    credential = active_credential(at=clock.now())
    browser = inside(credential)
    other = another_card(hierarchy).answer(asked(browser.get(PAGE)))
    text = card.answer(asked(browser.get(PAGE)))
    for _press in range(2):
        answer = browser.post(ANSWER, {"response": text})
        assert (answer.status_code, answer["Location"]) == (303, "/card/done/")
    assert living(credential) == [card.fingerprint] and CardBinding.objects.count() == 1
    for wrong in (other, "{", ""):
        assert "visit_over" in browser.post(ANSWER, {"response": wrong})["Location"]
    assert Client().post(ANSWER, {"response": text})["Location"] == "/card/"
    assert "登録が完了しました" in browser.get("/card/done/").content.decode()
    assert browser.post(ANSWER, {"response": text})["Location"] == "/card/"


@pytest.mark.requirement("BD-02", "RV-9")
@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        ("other_card", "個人番号カードをカードリーダーにセットし、OKボタンをクリックしてください。"),
        ("removed", "個人番号カードをカードリーダーにセットし、OKボタンをクリックしてください。"),
        ("cancelled", "カードの読み取りは中断されました"),
        ("wrong_pin", "暗証番号が違います"),
        ("locked", "ロックされています"),
        ("error", "確認できませんでした"),
    ],
)
def test_a_card_that_was_not_swapped_is_waited_for_and_nothing_is_lost(
    outcome: str, sentence: str, card_site: Path, card: Card
) -> None:
    credential = active_credential(at=clock.now())
    browser = inside(credential)
    refused = browser.post(ANSWER, {"response": failed(card, asked(browser.get(PAGE)), outcome)})
    assert refused.status_code == 422 and sentence in refused.content.decode()
    assert living(credential) == [] and CardVisit.objects.get().state == Visit.OPEN
    answer = browser.post(ANSWER, {"response": card.answer(asked(refused))})
    assert answer["Location"] == "/card/done/" and living(credential) == [card.fingerprint]


def failed(card: Card, request: str, outcome: str) -> str:
    left = {"wrong_pin": 2, "locked": 0}.get(outcome)
    changes = {"outcome": outcome, "tries_left": left, "medium": "", "signature": b""}
    return card.answer(request, **changes, authentication_certificate=b"")


@pytest.mark.requirement("BD-03", "RV-9")
def test_a_renewed_certificate_is_bound_in_the_same_way_and_the_old_one_stops(
    card_site: Path, card: Card, hierarchy: Hierarchy
) -> None:
    credential = active_credential(at=clock.now())
    renewed = another_card(hierarchy)
    for one in (card, renewed):
        browser = inside(credential)
        page = browser.get(PAGE)
        assert ("いまのマイナンバーカード" in page.content.decode()) == (one is renewed)
        browser.post(ANSWER, {"response": one.answer(asked(page))})
    assert living(credential) == [renewed.fingerprint]
    for one, opens in ((card, False), (renewed, True)):
        browser = Client()
        page = browser.get("/me/sign-in/")
        answer = browser.post("/me/sign-in/card/", {"response": one.answer(asked(page))})
        assert (answer.status_code == 303) == opens


@pytest.mark.requirement("BD-16")
def test_a_card_of_another_certificate_is_refused_in_words(card_site: Path, card: Card) -> None:
    theirs = active_credential(at=clock.now())
    CardBinding.objects.create(credential=theirs, fingerprint=card.fingerprint, bound_at=clock.now())
    browser = inside(active_credential(at=clock.now()))
    refused = browser.post(ANSWER, {"response": card.answer(asked(browser.get(PAGE)))})
    assert refused.status_code == 422 and "すでに別の電子証明書に登録されています" in refused.content.decode()
    assert living(theirs) == [card.fingerprint]
    assert CardVisit.objects.get().state == Visit.OPEN  # bind and end fell together


def test_an_answer_is_good_once_and_for_its_own_browser(card_site: Path, card: Card) -> None:
    mine, theirs = active_credential(at=clock.now()), active_credential(at=clock.now())
    one, other = inside(mine), inside(theirs)
    answer = card.answer(asked(one.get(PAGE)))
    assert other.post(ANSWER, {"response": answer}).status_code == 422
    assert one.post(ANSWER, {"response": answer})["Location"] == "/card/done/"
    again = inside(mine)
    assert again.post(ANSWER, {"response": answer}).status_code == 422
    assert living(theirs) == []


@pytest.mark.parametrize("junk", ["", "{}", "null", "[" * 5000, '{"version": 1}'])
def test_what_is_no_answer_is_a_sentence(junk: str, card_site: Path, card: Card) -> None:
    browser = inside(active_credential(at=clock.now()))
    assert browser.post(ANSWER, {"response": junk}).status_code == 422


def test_a_visit_that_is_over_says_so(card_site: Path, card: Card, settings: Any) -> None:
    browser = inside(active_credential(at=clock.now()))
    settings.CLOCK_OFFSET += timedelta(minutes=10, seconds=1)
    assert hpki.reason(browser.get(PAGE)) == ("visit_over", "")
    assert hpki.reason(browser.post(ANSWER, {"response": "x"})) == ("visit_over", "")


def test_a_suspension_meanwhile_stops_it(card_site: Path, card: Card) -> None:
    credential = active_credential(at=clock.now())
    browser = inside(credential)
    request = asked(browser.get(PAGE))
    Credential.objects.filter(pk=credential.pk).update(state="suspended")
    answer = browser.post(ANSWER, {"response": card.answer(request)})
    assert answer["Location"] == "/card/certificate/"
    assert "いま使えません" in browser.get("/card/certificate/").content.decode()
    assert living(credential) == []


def test_the_phone_page_ends_the_visit_and_shows_a_code_to_this_browser(card_site: Path) -> None:
    credential = active_credential(signer("JMA0265433"), at=clock.now())
    browser = Client()
    assert hpki.shown(browser, "phone", hpki.card_of(credential))["Location"] == "/card/phone/"
    page = browser.get("/card/phone/").content.decode()
    assert all(word in page for word in ("JMA0265433", "医師", "日本医師会", "Safari", "タブレット"))
    answer = browser.post("/card/phone/")
    assert answer["Location"] == "/card/phone/qr/"
    assert "JMA0265433" in browser.get("/card/phone/qr/").content.decode()
    assert CardVisit.objects.get().state == Visit.ENDED
    assert browser.post("/card/phone/").status_code == 303 and credential.links.count() == 1
    with pytest.raises(Exception, match="no_visit"):
        visits.find("x", clock.now())
