"""/me/renew/, /me/revoke/ and /me/stopped/: what a signer may do to the certificate, and what it takes to prove it."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from ledger import clock
from outbox.models import Job
from signing.models import CardBinding, Ceremony, Credential, SigningSession
from tests.support.cards import Card
from tests.support.credentials import active_credential
from vault import tokens

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


def signed_in(credential: Credential, minutes_ago: int = 0) -> Client:
    at, token = clock.now(), tokens.new_token()
    SigningSession.objects.create(
        token_digest=tokens.digest(token),
        credential=credential,
        means="my_number_card",
        started_at=at - timedelta(minutes=minutes_ago),
        expires_at=at + timedelta(hours=18),
    )
    client = Client()
    client.cookies[settings.SIGNER_COOKIE_NAME] = token
    return client


def ending(days: int) -> Credential:
    credential = active_credential(at=clock.now())
    Credential.objects.filter(pk=credential.pk).update(not_after=clock.now() + timedelta(days=days))
    credential.refresh_from_db()
    return credential


@pytest.mark.requirement("RV-7")
class TestRenewing:
    def test_the_page_says_when_and_me_leads_there(self) -> None:
        client = signed_in(ending(400))
        assert "から申し込めます" in client.get("/me/").content.decode()
        text = client.get("/me/renew/").content.decode()
        assert "有効期限の90日前" in text
        assert "<form" not in text.split("<main")[1].split("</main")[0]
        assert client.post("/me/renew/").status_code == 422
        assert not Job.objects.filter(kind="signing.renewal_wanted").exists()

    def test_within_ninety_days_it_is_asked_for_once(self) -> None:
        credential = ending(60)
        client = signed_in(credential)
        assert "更新を申し込む" in client.get("/me/renew/").content.decode()
        for _ in range(2):
            answer = client.post("/me/renew/")
            assert (answer.status_code, answer.headers["Location"]) == (303, "/me/renew/")
        assert "更新を受け付けました" in client.get("/me/renew/").content.decode()
        assert "更新を受け付けています" in client.get("/me/").content.decode()
        assert Job.objects.filter(kind="signing.renewal_wanted").count() == 1

    def test_an_old_proof_is_asked_for_again_and_leads_back(self) -> None:
        client = signed_in(ending(60), minutes_ago=10)
        text = client.get("/me/renew/").content.decode()
        assert "/me/sign-in/?next=/me/renew/" in text
        assert client.post("/me/renew/").status_code == 422
        assert not Job.objects.filter(kind="signing.renewal_wanted").exists()
        assert 'value="/me/renew/"' in Client().get("/me/sign-in/?next=/me/renew/").content.decode()


@pytest.mark.requirement("RV-7")
class TestRevoking:
    def test_it_says_what_ends_and_ends_it_with_a_reason(self) -> None:
        credential = active_credential(at=clock.now())
        client = signed_in(credential)
        assert "二度と署名できません" in client.get("/me/revoke/").content.decode()
        wrong = client.post(
            "/me/revoke/", {"reason": "superseded"}
        )  # the authority's own reason, not a signer's
        assert (wrong.status_code, "理由を選んでください" in wrong.content.decode()) == (422, True)
        done = client.post("/me/revoke/", {"reason": "cessation_of_operation"})
        assert "電子証明書を失効しました" in done.content.decode()
        credential.refresh_from_db()
        assert (credential.state, credential.revocation_reason) == ("revoked", "cessation_of_operation")
        assert client.get("/me/").headers["Location"] == "/me/sign-in/"

    def test_an_old_proof_revokes_nothing(self) -> None:
        credential = active_credential(at=clock.now())
        client = signed_in(credential, minutes_ago=11)
        assert "もう一度本人確認" in client.get("/me/revoke/").content.decode()
        client.post("/me/revoke/", {"reason": "unspecified"})
        credential.refresh_from_db()
        assert credential.state == "active"


@pytest.mark.requirement("RV-7")
class TestAfterASuspension:
    @pytest.fixture
    def suspended(self, card: Card) -> Credential:
        credential = active_credential(state="suspended", at=clock.now())
        CardBinding.objects.create(credential=credential, fingerprint=card.fingerprint, bound_at=clock.now())
        return credential

    def proven(self, client: Client, card: Card) -> Any:
        page = client.get("/me/stopped/").content.decode()
        found = re.search(r'name="request" value="([^"]*)"', page)
        assert found is not None
        answer = {"response": card.answer(unescape(found[1]))}
        return client.post("/me/stopped/card/", answer, follow=True)

    def proof(self, answer: Any) -> str:
        found = re.search(r'name="proof" value="([^"]*)"', answer.content.decode())
        assert found is not None
        return found[1]

    def test_the_bound_card_resumes_and_opens_no_session(self, card: Card, suspended: Credential) -> None:
        client = Client()
        answer = self.proven(client, card)
        assert suspended.signer.person_id in answer.content.decode()
        assert not SigningSession.objects.exists()
        assert client.get("/me/").status_code == 303
        done = client.post("/me/stopped/act/", {"proof": self.proof(answer), "act": "resume"})
        assert "電子証明書を再開しました" in done.content.decode()
        suspended.refresh_from_db()
        assert suspended.state == "active"
        assert not SigningSession.objects.exists()

    def test_the_proof_is_this_browsers_and_spent_once(self, card: Card, suspended: Credential) -> None:
        client = Client()
        proof = self.proof(self.proven(client, card))
        assert Client().post("/me/stopped/act/", {"proof": proof, "act": "resume"}).status_code == 422
        suspended.refresh_from_db()
        assert suspended.state == "suspended"
        client.post("/me/stopped/act/", {"proof": proof, "act": "resume"})
        Credential.objects.update(state="suspended")
        again = client.post("/me/stopped/act/", {"proof": proof, "act": "resume"})
        assert again.status_code == 422
        suspended.refresh_from_db()
        assert suspended.state == "suspended"

    def test_it_revokes_with_a_reason(self, card: Card, suspended: Credential) -> None:
        client = Client()
        proof = self.proof(self.proven(client, card))
        missing = client.post("/me/stopped/act/", {"proof": proof, "act": "revoke"})
        assert (missing.status_code, self.proof(missing)) == (422, proof)  # not spent by a slip
        done = client.post("/me/stopped/act/", {"proof": proof, "act": "revoke", "reason": "unspecified"})
        assert "電子証明書を失効しました" in done.content.decode()
        suspended.refresh_from_db()
        assert (suspended.state, suspended.revocation_reason) == ("revoked", "unspecified")

    def test_a_card_of_a_certificate_in_use_is_told_so(self, card: Card, suspended: Credential) -> None:
        Credential.objects.update(state="active")
        answer = self.proven(Client(), card)
        assert (answer.status_code, "一時停止されていません" in answer.content.decode()) == (422, True)
        assert not Ceremony.objects.filter(purpose="stopped_act").exists()

    @pytest.mark.parametrize("text", ["", "{}", "x" * 100_000, '{"state":"\\u0000"}'])
    def test_a_strangers_answer_is_a_refusal(self, text: str) -> None:
        client = Client()
        client.get("/me/stopped/")
        assert client.post("/me/stopped/card/", {"response": text}).status_code == 422

    @pytest.mark.parametrize("proof", ["", "x", "\x00", "00000000-0000-4000-8000-000000000000"])
    def test_a_strangers_proof_is_a_refusal(self, proof: str) -> None:
        client = Client()
        client.get("/me/stopped/")
        fields = {"proof": proof, "act": "revoke", "reason": "unspecified"}
        assert client.post("/me/stopped/act/", fields).status_code == 422
