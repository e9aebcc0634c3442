"""prompt, max_age, login_hint and the policy's step-up: a living day is asked again lightly and never lost."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from ledger import clock
from ledger.models import Entry
from signing.authorising import approvals
from signing.authorising.policy import Intent
from signing.models import AccessToken, Activation, Approval, AuthorizationCode, CardBinding, SigningSession
from tests.signing.oauth.conftest import code_for
from tests.signing.oauth.test_credential_scope import HASHES, v1
from tests.support.card_site import hpki
from tests.support.cards import Card
from tests.support.signed_in import Ehr, SignerBrowser, hidden, query_of

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SG-2")]


def again(signer: SignerBrowser, path: str) -> str:
    """The person is asked again, answers by phone, and is where the page's link leads."""
    page = signer.client.get(path)
    assert page.status_code == 200
    carried = signer.fields(page)["next"]
    answer = signer.sign_in(carried)
    assert answer.status_code == 303
    return carried


class TestPromptLogin:
    def test_a_light_re_check_answers_it_within_the_same_day(self, signer: SignerBrowser, ehr: Ehr) -> None:
        before = SigningSession.objects.get()
        carried = again(signer, ehr.authorize_path(prompt="login"))
        assert query_of(signer.client.get(carried))["code"]
        after = SigningSession.objects.get()  # no second one
        assert (after.pk, after.expires_at, after.started_at) == (
            before.pk,
            before.expires_at,
            before.started_at,
        )
        assert after.proved_at is not None and after.proved_at > before.started_at
        assert Entry.objects.get(kind="signing.session_proved").data["means"] == "authenticator"

    @pytest.mark.parametrize("means", ["my_number_card", "hpki_card"])
    def test_a_card_answers_it_within_the_same_day_too(
        self, means: str, at_noon: None, card: Card, card_site: Path, ehr: Ehr
    ) -> None:
        signer = SignerBrowser()
        signer.sign_in()
        before = SigningSession.objects.get()
        page = signer.client.get(ehr.authorize_path(prompt="login"))
        carried = hidden(page, "next")
        if means == "hpki_card":
            answer = hpki.shown(signer.client, "session", hpki.card_of(signer.credential), carried)
        else:
            CardBinding.objects.create(
                credential=signer.credential, fingerprint=card.fingerprint, bound_at=clock.now()
            )
            response = card.answer(hidden(page, "request"))
            answer = signer.client.post("/me/sign-in/card/", {"response": response})
        assert answer.status_code in (302, 303), answer.content
        after = SigningSession.objects.get()  # no second one
        assert (after.pk, after.expires_at, after.means) == (before.pk, before.expires_at, "authenticator")
        assert after.started_at == before.started_at
        assert after.proved_at is not None and after.proved_at > before.started_at
        assert Entry.objects.get(kind="signing.session_proved").data["means"] == means
        assert query_of(signer.client.get(carried))["code"]

    def test_the_page_says_that_the_day_goes_on_and_asks_this_persons_phone(
        self, signer: SignerBrowser, ehr: Ehr
    ) -> None:
        page = signer.client.get(ehr.authorize_path(prompt="login"))
        assert "そのまま続きます" in page.content.decode()
        assert "allowCredentials" in signer.fields(page)["options"]
        assert signer.credential.signer.person_id in page.content.decode()

    def test_it_is_asked_each_time(self, signer: SignerBrowser, ehr: Ehr) -> None:
        path = ehr.authorize_path(prompt="login")
        carried = again(signer, path)
        assert query_of(signer.client.get(carried))["code"]
        assert signer.client.get(path).status_code == 200
        assert query_of(signer.client.get(carried))["error"] == "invalid_request_uri"

    def test_leaving_the_prompt_out_of_the_carried_address_changes_nothing(
        self, signer: SignerBrowser, ehr: Ehr
    ) -> None:
        page = signer.client.get(ehr.authorize_path(prompt="login"))
        carried = signer.fields(page)["next"]
        assert signer.client.get(carried).status_code == 200
        assert not AuthorizationCode.objects.exists()

    def test_another_person_at_this_browser_begins_a_day_of_their_own(
        self, signer: SignerBrowser, ehr: Ehr
    ) -> None:
        other = SignerBrowser()
        other.client = signer.client
        carried = signer.fields(signer.client.get(ehr.authorize_path(prompt="login")))["next"]
        offered = other.client.post(
            "/me/sign-in/phone/",
            {
                **{k: v for k, v in other.fields(other.client.get(carried)).items() if k != "options"},
                "person_id": other.credential.signer.person_id,
            },
        )
        fields = other.fields(offered)
        answer = {"credential": other.phone.sign_in(fields.pop("options"))}
        assert other.client.post("/me/sign-in/phone/", {**fields, **answer}).status_code == 303
        assert SigningSession.objects.count() == 2
        code_for(other, carried)
        assert AuthorizationCode.objects.get().session.credential == other.credential

    def test_the_signers_own_pages_still_begin_a_session_of_their_own(self, signer: SignerBrowser) -> None:
        signer.sign_in("/me/sign-in/?next=/me/phone/")
        assert SigningSession.objects.count() == 2

    def test_an_ended_day_is_not_revived(self, signer: SignerBrowser, ehr: Ehr) -> None:
        carried = signer.fields(signer.client.get(ehr.authorize_path(prompt="login")))["next"]
        SigningSession.objects.update(ended_at=clock.now())
        signer.sign_in(carried)
        assert SigningSession.objects.filter(ended_at=None).count() == 1
        assert SigningSession.objects.count() == 2


class TestPromptNone:
    def test_a_living_day_answers(self, signer: SignerBrowser, ehr: Ehr) -> None:
        code_for(signer, ehr.authorize_path(prompt="none"))

    def test_nobody_is_asked_anything(self, ehr: Ehr) -> None:
        answer = query_of(Client().get(ehr.authorize_path(prompt="none")))
        assert (answer["error"], answer["state"], answer["iss"]) == (
            "login_required",
            "s t&te",
            settings.ORIGIN,
        )

    @pytest.mark.parametrize("changes", [{"max_age": "0"}, {"login_hint": "SOMEBODY23"}])
    def test_what_only_the_person_could_answer_is_an_error(
        self, signer: SignerBrowser, ehr: Ehr, changes: dict[str, str]
    ) -> None:
        answer = query_of(signer.client.get(ehr.authorize_path(prompt="none", **changes)))
        assert answer["error"] == "login_required"

    @pytest.mark.parametrize("prompt", ["none login", "login none", "sudo", "none none x"])
    def test_a_prompt_that_contradicts_itself_is_refused(
        self, signer: SignerBrowser, ehr: Ehr, prompt: str
    ) -> None:
        assert query_of(signer.client.get(ehr.authorize_path(prompt=prompt)))["error"] == "invalid_request"


class TestMaxAge:
    def test_a_young_proof_answers_and_an_old_one_is_renewed(self, signer: SignerBrowser, ehr: Ehr) -> None:
        code_for(signer, ehr.authorize_path(max_age="3600"))
        SigningSession.objects.update(started_at=clock.now() - timedelta(hours=2))
        carried = again(signer, ehr.authorize_path(max_age="3600"))
        code_for(signer, carried)
        code_for(signer, ehr.authorize_path(max_age="3600"))  # the re-check counts

    @pytest.mark.parametrize("age", ["-1", "x", "1.5", "9" * 11, "１"])
    def test_what_is_no_number_is_refused(self, signer: SignerBrowser, ehr: Ehr, age: str) -> None:
        answer = signer.client.get(ehr.authorize_path(max_age=age))
        assert answer.status_code == 400 or query_of(answer)["error"] == "invalid_request"
        assert not AuthorizationCode.objects.exists()

    def test_a_huge_one_is_no_server_error(self, signer: SignerBrowser, ehr: Ehr) -> None:
        code_for(signer, ehr.authorize_path(max_age="9999999999"))


class TestLoginHint:
    def test_the_right_person_is_admitted_silently(self, signer: SignerBrowser, ehr: Ehr) -> None:
        hint = signer.credential.signer.person_id.lower()
        code_for(signer, ehr.authorize_path(login_hint=hint))

    def test_a_colleagues_session_is_not_used(self, signer: SignerBrowser, ehr: Ehr) -> None:
        page = signer.client.get(ehr.authorize_path(login_hint="OTHER23456"))
        text = page.content.decode()
        assert page.status_code == 200 and "別の方の署名が求められています" in text
        assert "OTHER23456" in text and signer.credential.signer.person_id in text

    def test_whoever_then_signs_in_as_somebody_else_is_told_to_the_client(
        self, signer: SignerBrowser, ehr: Ehr
    ) -> None:
        wanted = SignerBrowser().credential.signer.person_id
        carried = signer.fields(signer.client.get(ehr.authorize_path(login_hint=wanted)))["next"]
        SigningSession.objects.update(proved_at=clock.now())
        answer = query_of(signer.client.get(carried))
        assert (answer["error"], answer["error_description"]) == (
            "access_denied",
            "Another person has signed in.",
        )
        assert not AuthorizationCode.objects.exists()

    def test_the_credential_asked_for_must_be_the_signers(self, signer: SignerBrowser, ehr: Ehr) -> None:
        other = str(SignerBrowser().credential.public_id)
        page = signer.client.get(ehr.authorize_path(**v1(signer, *HASHES, credentialID=other)))
        assert page.status_code == 200
        carried = again(signer, ehr.authorize_path(**v1(signer, *HASHES, credentialID=other)))
        assert query_of(signer.client.get(carried))["error"] == "access_denied"


def more_than_two(intent: Intent, at: Any) -> tuple[str, ...]:
    """A policy for these tests."""
    return ("many",) if intent.hashes > 2 else ()


class TestStepUp:
    """The same approval as at credentials/authorize: the challenge covers the hashes that the token will carry."""

    @pytest.fixture(autouse=True)
    def policy(self, settings: Settings) -> Iterator[None]:
        settings.SIGNING_STEP_UP = f"{__name__}.more_than_two"
        yield

    def laid(self, signer: SignerBrowser, ehr: Ehr, **changes: str | None) -> tuple[str, Any]:
        """The path of the approval, and the page."""
        answer = signer.client.get(
            ehr.authorize_path(**v1(signer, *HASHES, description="三件の処方箋", **changes))
        )
        assert answer.status_code == 302, answer.content
        assert answer["Location"].startswith("/me/approvals/")
        return answer["Location"], signer.client.get(answer["Location"])

    def approved(self, signer: SignerBrowser, path: str, page: Any) -> str:
        """The person approves by phone; where the page leads."""
        answer = signer.phone.sign_in(str(page.context["phone"].options))
        fields = {"ceremony": hidden(page, "ceremony"), "credential": answer}
        token = hidden(page, "csrfmiddlewaretoken")
        done = signer.client.post(f"{path}phone/", {**fields, "csrfmiddlewaretoken": token}, follow=True)
        return str(done.context["next_path"])

    def test_the_signer_approves_these_very_hashes_and_goes_on(self, signer: SignerBrowser, ehr: Ehr) -> None:
        path, page = self.laid(signer, ehr)
        text = page.content.decode()
        assert "電子カルテ" in text and "三件の処方箋" in text and HASHES[0].hex()[:16] in text
        carried = self.approved(signer, path, page)
        assert carried.startswith("/oauth2/authorize?client_id=") and len(carried) < 250
        token = ehr.redeem(query_of(signer.client.get(carried))["code"]).json()
        approval, sad = Approval.objects.get(), Activation.objects.get()
        assert (approval.state, approval.activation) == ("taken", sad)
        assert [bytes(each.digest) for each in sad.items.order_by("ordinal")] == list(HASHES)
        assert AccessToken.objects.get().activation == sad and token["scope"] == "credential"
        challenge = approvals.challenge(approval).hex()
        assert Entry.objects.get(kind="signing.approved").data["challenge"] == challenge

    def test_the_request_waits_for_the_approval(self, signer: SignerBrowser, ehr: Ehr) -> None:
        path, page = self.laid(signer, ehr)
        carried = str(page.context["next_path"])
        assert signer.client.get(carried)["Location"] == path
        assert not AuthorizationCode.objects.exists() and Approval.objects.count() == 1

    def test_a_refusal_is_told_to_the_client(self, signer: SignerBrowser, ehr: Ehr) -> None:
        path, page = self.laid(signer, ehr)
        token = hidden(page, "csrfmiddlewaretoken")
        done = signer.client.post(f"{path}refuse/", {"csrfmiddlewaretoken": token}, follow=True)
        answer = query_of(signer.client.get(str(done.context["next_path"])))
        assert (answer["error"], answer["error_description"]) == ("access_denied", "The signer has refused.")

    @pytest.mark.parametrize("state", ["waiting", "approved", "expired", "void", "taken"])
    def test_one_that_is_over_gives_nothing(self, signer: SignerBrowser, ehr: Ehr, state: str) -> None:
        _path, page = self.laid(signer, ehr)
        Approval.objects.update(state=state, expires_at=clock.now())
        answer = query_of(signer.client.get(str(page.context["next_path"])))
        assert answer["error"] == "access_denied"
        assert not AuthorizationCode.objects.exists()

    def test_it_is_taken_once_and_not_after_the_day(self, signer: SignerBrowser, ehr: Ehr) -> None:
        path, page = self.laid(signer, ehr)
        code = query_of(signer.client.get(self.approved(signer, path, page)))["code"]
        Approval.objects.update(state="taken")
        answer = ehr.redeem(code)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
        assert not Activation.objects.exists() and not AccessToken.objects.exists()

    def test_a_colleague_cannot_approve_it(self, signer: SignerBrowser, ehr: Ehr) -> None:
        path, _page = self.laid(signer, ehr)
        other = SignerBrowser()
        other.sign_in()
        assert other.client.get(path).status_code == 404

    def test_few_hashes_and_service_tokens_are_silent(self, signer: SignerBrowser, ehr: Ehr) -> None:
        code_for(signer, ehr.authorize_path(**v1(signer, *HASHES[:2])))
        code_for(signer, ehr.authorize_path())

    def test_prompt_none_cannot_answer_it(self, signer: SignerBrowser, ehr: Ehr) -> None:
        path = ehr.authorize_path(**v1(signer, *HASHES), prompt="none")
        assert query_of(signer.client.get(path))["error"] == "interaction_required"


class TestLanguage:
    @pytest.mark.parametrize("changes", [{"lang": "en-US"}, {"ui_locales": "fr en ja"}])
    def test_the_caller_may_wish_english_until_the_person_chooses(
        self, ehr: Ehr, changes: dict[str, str]
    ) -> None:
        browser = Client()
        page = browser.get(ehr.authorize_path(**changes))
        assert '<html lang="en">' in page.content.decode() and page["Content-Language"] == "en"
        assert '<html lang="en">' in browser.get("/me/sign-in/").content.decode()
        browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "ja"
        assert '<html lang="ja">' in browser.get(ehr.authorize_path(**changes)).content.decode()

    def test_japanese_comes_first(self, ehr: Ehr) -> None:
        assert '<html lang="ja">' in Client().get(ehr.authorize_path(lang="xx")).content.decode()
