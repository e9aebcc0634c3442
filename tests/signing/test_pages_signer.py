"""The signer's pages: one sign-in page for both ways, and the page where one sees and stops everything."""

import base64
import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from ledger import clock
from signing.models import (
    Activation,
    ActivationItem,
    CardBinding,
    Credential,
    OAuthClient,
    SignatureRecord,
    Signer,
    SigningSession,
)
from tests.support.cards import Card
from tests.support.credentials import active_credential
from tests.support.days import ehr
from tests.support.phone import Twist
from tests.support.signed_in import Ehr, SignerBrowser

pytestmark = pytest.mark.django_db


def record_signatures(session: SigningSession, count: int, label: str = "処方箋") -> None:
    """Rows as `signatures.sign` leaves them; the keys are not the matter here."""
    client = OAuthClient.objects.first() or ehr()
    at = clock.now()
    activation = Activation.objects.create(
        sad_digest=SignatureRecord.objects.count().to_bytes(32, "big"), credential=session.credential,
        session=session, client=client, hash_algorithm="sha256", description=label.encode(), created_at=at,
        expires_at=at + timedelta(minutes=5),
    )  # fmt: skip
    for ordinal in range(count):
        digest = ordinal.to_bytes(32, "big")
        item = ActivationItem.objects.create(
            activation=activation, ordinal=ordinal, digest=digest, state="signed"
        )
        SignatureRecord.objects.create(
            item=item, credential=session.credential, session=session, client=client, digest=digest,
            sign_algorithm="rsa-sha256", log_shard="web", log_number=7, place=ordinal, made_at=at,
        )  # fmt: skip


class TestSignIn:
    def test_the_phone_opens_the_day_and_leads_to_the_signers_page(self) -> None:
        browser = SignerBrowser()
        answer = browser.sign_in()
        assert (answer.status_code, answer["Location"]) == (303, "/me/")
        cookie = browser.client.cookies[settings.SIGNER_COOKIE_NAME]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
        assert "あなたの電子署名" in browser.client.get("/me/").content.decode()

    @pytest.mark.requirement("BD-14")
    def test_a_renewed_card_is_registered_from_here_too(self) -> None:
        browser = SignerBrowser()
        browser.sign_in()
        assert f'href="{reverse("new_card")}"' in browser.client.get("/me/").content.decode()

    @pytest.mark.parametrize("given", ["", "T20024-jpa"], ids=["ours", "a card holder's"])
    def test_a_typed_person_id_makes_options_for_that_person_and_no_error(self, given: str) -> None:
        browser = SignerBrowser()
        if given:  # BD-17: the id of the card is kept (BD-12)
            Signer.objects.filter(pk=browser.credential.signer.pk).update(person_id=given)
            browser.credential.signer.refresh_from_db()
        fields = browser.fields(browser.client.get("/me/sign-in/"))
        fields.pop("options")
        person_id = browser.credential.signer.person_id
        for typed in (person_id.upper(), f" {person_id.lower()} "):
            page = browser.client.post("/me/sign-in/phone/", {**fields, "person_id": typed})
            assert page.status_code == 200
            again = browser.fields(page)
            offered = json.loads(again["options"])["allowCredentials"]
            held = browser.credential.authenticators.get()
            assert base64.urlsafe_b64decode(offered[0]["id"] + "==") == bytes(held.webauthn_id)
        answer = browser.phone.sign_in(again.pop("options"))
        done = browser.client.post(
            "/me/sign-in/phone/", {**again, "credential": answer, "person_id": person_id}
        )
        assert done["Location"] == "/me/"

    @pytest.mark.parametrize(
        ("reported", "sentence"),
        [
            ("NotAllowedError", "本人確認は中断されました"),
            ("Unsupported", "このブラウザでは"),
            ("???", "正しい返事がありません"),
        ],
    )
    def test_what_the_browser_reports_becomes_a_sentence(self, reported: str, sentence: str) -> None:
        page = SignerBrowser().sign_in(error=reported)
        assert page.status_code == 422
        assert sentence in page.content.decode()

    def test_a_wrong_answer_opens_nothing_and_the_page_stays(self) -> None:
        browser = SignerBrowser()
        page = browser.sign_in(twist=Twist(is_verified=False))
        assert page.status_code == 422
        assert settings.SIGNER_COOKIE_NAME not in browser.client.cookies
        assert browser.sign_in().status_code == 303

    def test_the_form_needs_its_csrf_token(self) -> None:
        browser = SignerBrowser()
        fields = browser.fields(browser.client.get("/me/sign-in/"))
        del fields["csrfmiddlewaretoken"]
        assert browser.client.post("/me/sign-in/phone/", fields).status_code == 403

    def test_the_card_opens_the_day_without_a_phone_or_a_csrf_token(self, card: Card, at_noon: None) -> None:
        credential = active_credential(at=clock.now())
        CardBinding.objects.create(credential=credential, fingerprint=card.fingerprint, bound_at=clock.now())
        client = Client(enforce_csrf_checks=True)
        page = client.get("/me/sign-in/").content.decode()
        request = re.search(r'name="request" value="([^"]*)"', page)
        assert request is not None
        answer = client.post("/me/sign-in/card/", {"response": card.answer(unescape(request[1]))})
        assert (answer.status_code, answer["Location"]) == (303, "/me/")
        assert "マイナンバーカード" in client.get("/me/").content.decode()

    def test_a_wrong_pin_says_how_many_tries_are_left_and_keeps_the_way(
        self, card: Card, at_noon: None
    ) -> None:
        client, ehr_path = Client(), Ehr().authorize_path()
        page = client.get(ehr_path).content.decode()
        request = re.search(r'name="request" value="([^"]*)"', page)
        assert request is not None
        nothing = {"signature": b"", "authentication_certificate": b"", "medium": ""}
        wrong = card.answer(unescape(request[1]), outcome="wrong_pin", tries_left=2, **nothing)
        answer = client.post("/me/sign-in/card/", {"response": wrong})
        assert "あと <strong>2</strong> 回" in answer.content.decode()
        assert "電子カルテ" in answer.content.decode()

    def test_a_card_answer_that_is_nonsense_is_told_on_the_page(self) -> None:
        page = Client().post("/me/sign-in/card/", {"response": "{"})
        assert page.status_code == 422
        assert "確認できませんでした" in page.content.decode()

    @pytest.mark.parametrize(
        "path",
        [
            "https://evil.example/",
            "//evil.example/",
            "/admin/",
            "javascript:alert(1)",
            "/oauth2/authorize",
            "\n",
        ],
    )
    def test_nobody_is_led_away(self, path: str) -> None:
        browser = SignerBrowser()
        fields = browser.fields(browser.client.get("/me/sign-in/", {"next": path}))
        assert fields["next"] == "/me/"
        browser.sign_in()
        assert browser.client.get("/me/sign-in/done/", {"next": path})["Location"] == "/me/"

    def test_the_page_is_not_kept(self) -> None:
        assert Client().get("/me/sign-in/")["Cache-Control"] == "no-store"


class TestMe:
    @pytest.mark.parametrize("path", ["/me/", "/me/sign-in/done/", "/me/signatures/export.csv"])
    def test_a_stranger_is_asked_to_sign_in(self, path: str) -> None:
        response = Client().get(path)
        assert response["Location"] == "/me/sign-in/"

    @pytest.mark.parametrize("path", ["/me/suspend/", "/me/signatures/"])
    def test_whoever_comes_by_a_notice_is_led_on_to_where_it_points(self, path: str) -> None:
        browser = SignerBrowser()
        asked = browser.client.get(path)
        assert asked["Location"] == f"/me/sign-in/?next={path}"
        assert browser.sign_in(asked["Location"])["Location"] == path

    @pytest.mark.requirement("BD-17")
    def test_it_shows_person_id_time_left_phone_and_certificate(self) -> None:
        browser = SignerBrowser()
        browser.sign_in()
        page = browser.client.get("/me/").content.decode()
        for words in (browser.credential.signer.person_id, "17 時間 59 分", "iPhone 2026-11-20", "使用中"):
            assert words in page

    def test_it_shows_the_latest_signatures_and_leads_to_all(self) -> None:
        browser = SignerBrowser()
        browser.sign_in()
        record_signatures(SigningSession.objects.get(), 7)
        page = browser.client.get("/me/").content.decode()
        assert page.count('class="record"') == 5
        assert "処方箋" in page
        assert 'href="/me/signatures/"' in page

    def test_nobody_sees_another_signers_signatures(self) -> None:
        browser, other = SignerBrowser(), SignerBrowser()
        browser.sign_in()
        record_signatures(SigningSession.objects.get(), 1, label="秘密の文書")
        other.sign_in()
        assert "秘密の文書" not in other.client.get("/me/").content.decode()

    @pytest.mark.requirement("BD-10")
    def test_the_day_is_ended_by_a_button(self) -> None:
        browser = SignerBrowser()
        browser.sign_in()
        token = browser.fields(browser.client.get("/me/sign-in/"))["csrfmiddlewaretoken"]
        page = browser.client.post("/me/end/", {"csrfmiddlewaretoken": token})
        assert "今日の本人確認を終えました" in page.content.decode()
        assert SigningSession.objects.get().ended_at is not None
        assert browser.client.get("/me/").status_code == 303

    def test_a_suspension_is_asked_once_more_and_then_stops_everything(self) -> None:
        browser = SignerBrowser()
        browser.sign_in()
        page = browser.client.get("/me/suspend/").content.decode()
        assert "一時停止しますか" in page
        assert Credential.objects.get().state == "active"
        token = browser.fields(browser.client.get("/me/sign-in/"))["csrfmiddlewaretoken"]
        browser.client.post("/me/suspend/", {"csrfmiddlewaretoken": token})
        assert Credential.objects.get().state == "suspended"
        assert browser.sign_in().status_code == 422
