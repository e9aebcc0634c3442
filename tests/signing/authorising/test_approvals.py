"""Step-up: what the policy picks out waits for the signer's own act, whose challenge covers exactly these hashes."""

import base64
import json
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from ledger import clock
from ledger.models import Entry
from signing.authorising import approvals, covering
from signing.flow import Approval as State
from signing.models import Activation, ActivationItem, Approval, CardBinding, SignatureRecord
from tests.signing.authorising.asking import NARCOTICS, Signer, ask, check
from tests.support import days
from tests.support.cards import Card
from tests.support.csc import INVALID_SAD, NOT_AUTHORISED, Api, b64, digest, refused
from tests.support.phone import b64url
from tests.support.signed_in import hidden

pytestmark = pytest.mark.requirement("SG-3")


def test_the_caller_waits_until_the_signer_has_approved_on_the_phone(v2: Api, signer: Signer) -> None:
    handle, approval = ask(v2, digest(2), digest(1))
    assert (check(v2, handle).status_code, check(v2, handle).json()) == (202, {"handle": handle})
    text = signer.client.get("/me/").content.decode()
    assert "承認を待っている依頼があります" in text
    assert "電子カルテ" in signer.client.get("/me/approvals/").content.decode()
    text = signer.page(approval).content.decode()
    for word in ("電子カルテ", NARCOTICS, "2 件", digest(2).hex()[:16], "申告している"):
        assert word in text, word
    assert digest(2).hex() not in text
    assert "承認しました" in signer.approve(approval).content.decode()
    answer = check(v2, handle)
    assert answer.status_code == 200
    made = v2.sign(answer.json()["SAD"], digest(1), digest(2)).json()["signatures"]
    v2.day.verify(base64.b64decode(made[0]), digest(1))
    assert refused(check(v2, handle)) == (400, "Invalid parameter handle")
    kinds = ["signing.approval_asked", "signing.approved", "signing.authorised", "signing.approval_taken"]
    entries = Entry.objects.exclude(kind="signing.refused").filter(subject=v2.id).order_by("number")
    assert [each.kind for each in entries][:4] == kinds
    assert entries[1].data["challenge"] == approvals.challenge(approval).hex()


def test_the_phones_answer_is_kept_and_covers_the_very_hashes(v2: Api, signer: Signer) -> None:
    """An auditor computes the challenge from the row alone and finds it in what the phone signed."""
    _handle, approval = ask(v2, digest(1), digest(2), digest(1))
    signer.approve(approval)
    approval.refresh_from_db()
    covered = covering.Covered(
        nonce=bytes(approval.nonce),
        signer=v2.day.credential.signer.public_id,
        credential=v2.day.credential.public_id,
        client=v2.day.client.public_id,
        certificate=covering.NO_CERTIFICATE,
        description=NARCOTICS.encode(),
        labels=[],
        hash_name="sha256",
        digests=[digest(1), digest(2), digest(1)],
    )
    response = json.loads(approval.proof or "")["response"]
    client_data = json.loads(base64.urlsafe_b64decode(response["clientDataJSON"] + "=="))
    assert client_data["challenge"] == b64url(covering.challenge(covered))
    assert (approval.state, approval.means) == (State.APPROVED, "authenticator")
    others = [
        covered._replace(digests=[digest(2), digest(1), digest(1)]),
        covered._replace(digests=[digest(1), digest(2)]),
        covered._replace(client=uuid4()),
        covered._replace(credential=uuid4()),
        covered._replace(signer=uuid4()),
        covered._replace(hash_name="sha384"),
        covered._replace(nonce=bytes(32)),
        covered._replace(certificate=b"c" * 32),
        covered._replace(description=b"lunch"),
        covered._replace(description=b"", labels=[NARCOTICS]),
        covered._replace(labels=["a", "b"]),
        covered._replace(labels=["ab"]),
    ]
    assert len({covering.challenge(each) for each in [covered, *others]}) == len(others) + 1


def test_the_pages_speak_english_too(v2: Api, signer: Signer) -> None:
    _handle, approval = ask(v2, digest(1))
    signer.client.cookies[django_settings.LANGUAGE_COOKIE_NAME] = "en"
    assert "1 request is waiting for your approval" in signer.client.get("/me/").content.decode()
    text = signer.page(approval).content.decode()
    assert "narcotics are included" in text and "Approve with this device" in text


class TestAnswers:
    @pytest.mark.parametrize(
        "twist",
        [
            {"challenge": b"x" * 32},
            {"is_verified": False},
            {"breaks_signature": True},
            {"origin": "https://evil.example"},
            {"user_handle": b"somebody else"},
            {"client_data": {"crossOrigin": True}},
        ],
        ids=str,
    )
    def test_a_phone_that_does_not_answer_rightly_approves_nothing(
        self, v2: Api, signer: Signer, twist: dict[str, Any]
    ) -> None:
        handle, approval = ask(v2, digest(1))
        assert signer.approve(approval, **twist).status_code == 422
        assert check(v2, handle).status_code == 202

    def test_the_answer_to_one_approval_is_worth_nothing_for_another(self, v2: Api, signer: Signer) -> None:
        _first, one = ask(v2, digest(1))
        second, other = ask(v2, digest(1))
        page = signer.page(one)
        signed = signer.phone.sign_in(signer.options(page))
        assert signer.answer(other, signed, hidden(page, "ceremony")).status_code == 422
        assert check(v2, second).status_code == 202
        assert set(Approval.objects.values_list("state", flat=True)) == {State.WAITING}

    def test_a_sign_in_is_no_approval(self, v2: Api, signer: Signer) -> None:
        handle, approval = ask(v2, digest(1))
        page = signer.client.get("/me/sign-in/")
        signed = signer.phone.sign_in(str(page.context["phone"].options))
        assert signer.answer(approval, signed, hidden(page, "ceremony")).status_code == 422
        assert check(v2, handle).status_code == 202

    def test_the_signer_may_refuse_and_the_caller_is_told(self, v2: Api, signer: Signer) -> None:
        handle, approval = ask(v2, digest(1))
        assert "断りました" in signer.refuse(approval).content.decode()
        assert check(v2, handle).json()["error"] == "access_denied"

    def test_nobody_else_sees_or_answers_it(self, v2: Api, signer: Signer) -> None:
        _handle, approval = ask(v2, digest(1))
        other = Signer(Api(days.day(clock.now())))
        assert "依頼はありません" in other.client.get("/me/approvals/").content.decode()
        assert other.page(approval).status_code == 404
        page = signer.page(approval)
        signed = signer.phone.sign_in(signer.options(page))
        assert other.answer(approval, signed, hidden(page, "ceremony")).status_code == 404
        assert Client().get(f"/me/approvals/{approval.public_id}/").status_code == 303

    def test_what_the_browser_says_instead_is_told(self, v2: Api, signer: Signer) -> None:
        _handle, approval = ask(v2, digest(1))
        path = f"/me/approvals/{approval.public_id}/phone/"
        assert "中断されました" in signer.client.post(path, {"error": "NotAllowedError"}).content.decode()
        assert signer.client.post(path, {}).status_code == 422

    def test_many_hashes_are_counted_and_the_first_hundred_shown(self, v2: Api, signer: Signer) -> None:
        _handle, approval = ask(v2, *[digest(number) for number in range(120)])
        assert "ほか 20 件" in signer.page(approval).content.decode()


class TestCard:
    @pytest.fixture
    def bound(self, at_noon: None, card: Card, api: Api) -> Card:
        CardBinding.objects.create(
            credential=api.day.credential, fingerprint=card.fingerprint, bound_at=clock.now()
        )
        return card

    def answer(self, signer: Signer, approval: Approval, card: Card, **changes: Any) -> Any:
        request = str(signer.page(approval).context["card_request"])
        path = f"/me/approvals/{approval.public_id}/card/"
        return signer.client.post(path, {"response": card.answer(request, **changes)}, follow=True)

    def test_the_bound_card_approves_too(self, bound: Card, v2: Api, signer: Signer) -> None:
        handle, approval = ask(v2, digest(1))
        assert "承認しました" in self.answer(signer, approval, bound).content.decode()
        approval.refresh_from_db()
        assert approval.means == "my_number_card"
        assert check(v2, handle).status_code == 200

    def test_another_persons_card_does_not(self, bound: Card, v2: Api, signer: Signer) -> None:
        CardBinding.objects.update(credential=days.day(clock.now()).credential)
        handle, approval = ask(v2, digest(1))
        assert self.answer(signer, approval, bound).status_code == 422
        assert check(v2, handle).status_code == 202

    def test_what_the_reader_says_instead_is_told(self, bound: Card, v2: Api, signer: Signer) -> None:
        _handle, approval = ask(v2, digest(1))
        path = f"/me/approvals/{approval.public_id}/card/"
        for text in ("", "{", "null"):
            assert signer.client.post(path, {"response": text}).status_code == 422


def test_a_caller_lays_no_more_before_the_signer_than_anybody_reads(v2: Api) -> None:
    for number in range(approvals.MOST_WAITING):
        ask(v2, digest(number))
    answer = v2.authorize(digest(1), description=NARCOTICS)
    assert (answer.status_code, answer["Retry-After"]) == (429, "30")
    assert v2.authorize(digest(1)).status_code == 200


class TestPolicy:
    def test_a_plain_batch_asks_nobody(self, v2: Api) -> None:
        assert v2.authorize(*[digest(number) for number in range(300)]).status_code == 200

    def test_more_than_so_many_hashes(self, v2: Api, settings: Settings) -> None:
        settings.STEP_UP_ABOVE = 2
        assert v2.authorize(digest(1), digest(2)).status_code == 200
        assert v2.authorize(digest(1), numSignatures=3).status_code == 400  # nobody approves unknown hashes
        assert v2.authorize(digest(1), digest(2), digest(3)).status_code == 202
        assert Approval.objects.get().reasons == ["many"]

    def test_a_system_with_which_this_signer_has_never_signed(
        self, v2: Api, signer: Signer, settings: Settings
    ) -> None:
        settings.STEP_UP_FOR_NEW_CALLERS = True
        handle, approval = ask(v2, digest(1), description="処方箋")
        assert approval.reasons == ["new_caller"]
        signer.approve(approval)
        assert v2.sign(check(v2, handle).json()["SAD"], digest(1)).status_code == 200
        assert v2.authorize(digest(2)).status_code == 200

    @pytest.mark.parametrize("word", ["#narcotics", "#麻薬"])
    def test_what_the_caller_declares_as_narcotics(self, v2: Api, word: str) -> None:
        _handle, approval = ask(v2, digest(1), description=f"処方箋 {word}")
        assert approval.reasons == ["narcotics"]

    def test_version_1_is_told_to_use_another_door(self, api: Api) -> None:
        answer = api.authorize(digest(1), description=NARCOTICS)
        assert (answer.status_code, answer.json()["error"]) == (400, "step_up_required")
        assert "CSC v2" in answer.json()["error_description"]
        assert (Approval.objects.count(), Activation.objects.count()) == (0, 0)

    def test_an_installation_may_have_no_policy(self, api: Api, settings: Settings) -> None:
        settings.SIGNING_STEP_UP = ""
        assert api.authorize(digest(1), description=NARCOTICS).status_code == 200

    def test_extending_never_exchanges_what_was_approved(self, v2: Api, signer: Signer) -> None:
        handle, approval = ask(v2, digest(1), digest(2))
        signer.approve(approval)
        sad = check(v2, handle).json()["SAD"]
        body = {"credentialID": v2.id, "SAD": sad, "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1"}
        for foreign in ([digest(3)], [digest(1), digest(1)]):
            answer = v2.call("credentials/extendTransaction", {**body, "hashes": b64(*foreign)})
            assert refused(answer) == NOT_AUTHORISED
        renewed = v2.call("credentials/extendTransaction", {**body, "hashes": b64(digest(2))}).json()["SAD"]
        again = {**body, "SAD": renewed, "hashes": b64(digest(3))}
        assert refused(v2.call("credentials/extendTransaction", again)) == NOT_AUTHORISED
        assert v2.sign(renewed, digest(2)).status_code == 200
        assert v2.sign(sad, digest(1)).status_code == 400
        assert refused(v2.call("credentials/extendTransaction", again)) == INVALID_SAD
        assert SignatureRecord.objects.count() == 1
        assert sorted(ActivationItem.objects.values_list("state", flat=True)) == ["dead", "dead", "signed"]
