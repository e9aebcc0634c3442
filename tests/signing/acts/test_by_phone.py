"""/me/stopped/ with the phone alone: whoever holds the phone that suspended goes on with it; others may only revoke."""

import re
from typing import Any

import pytest

from ledger import clock
from ledger.log import Actor
from signing import credentials
from signing.models import Ceremony, Credential, SigningSession
from tests.signing.records import rows
from tests.support.phone import HONEST, Twist
from tests.support.signed_in import SignerBrowser, hidden

pytestmark = pytest.mark.django_db
SENTENCE = "このスマートフォンでは再開できません"


@pytest.fixture
def browser() -> SignerBrowser:
    return SignerBrowser()


def suspended_at_me(browser: SignerBrowser) -> None:
    """In a session that this phone has opened."""
    browser.sign_in()
    token = browser.fields(browser.client.get("/me/sign-in/"))["csrfmiddlewaretoken"]
    done = browser.client.post("/me/suspend/", {"csrfmiddlewaretoken": token})
    assert "電子証明書を一時停止しました" in done.content.decode()


def suspended_elsewhere(browser: SignerBrowser) -> None:
    """By the card at another computer, because the phone is lost."""
    card = rows.session_of(browser.credential, clock.now(), means="my_number_card")
    actor = Actor("signer", str(browser.credential.signer.public_id))
    credentials.suspend(browser.credential, actor, "signer_request", clock.now(), card.authenticator)


def proven(browser: SignerBrowser, twist: Twist = HONEST, **instead: str) -> Any:
    fields = browser.fields(browser.client.get("/me/stopped/"))
    answer = instead or {"credential": browser.phone.sign_in(fields.pop("options"), twist)}
    fields.pop("options", None)
    return browser.client.post("/me/stopped/phone/", {**fields, **answer}, follow=True)


def act(browser: SignerBrowser, answer: Any, **fields: str) -> Any:
    given = {name: hidden(answer, name) for name in ("csrfmiddlewaretoken", "proof")}
    return browser.client.post("/me/stopped/act/", {**given, **fields})


def state(browser: SignerBrowser) -> str:
    browser.credential.refresh_from_db()
    return str(browser.credential.state)


@pytest.mark.requirement("SG-6")
def test_the_phone_that_suspended_resumes_and_opens_no_session(browser: SignerBrowser) -> None:
    suspended_at_me(browser)
    before = SigningSession.objects.count()
    answer = proven(browser)
    assert SENTENCE not in answer.content.decode()
    done = act(browser, answer, act="resume")
    assert "電子証明書を再開しました" in done.content.decode()
    assert (state(browser), SigningSession.objects.count()) == ("active", before)
    assert browser.client.get("/me/").status_code == 303
    assert browser.sign_in().status_code == 303


@pytest.mark.requirement("SG-6")
def test_a_phone_that_did_not_suspend_may_revoke_and_not_resume(browser: SignerBrowser) -> None:
    """Lost phone, stopped from elsewhere: whoever has found it and knows its code sets nothing going."""
    suspended_elsewhere(browser)
    answer = proven(browser)
    assert SENTENCE in answer.content.decode()
    assert 'value="resume"' not in answer.content.decode()
    assert act(browser, answer, act="resume", may_resume="1").status_code == 422
    assert state(browser) == "suspended"
    wrong = act(browser, proven(browser), act="revoke")
    assert (wrong.status_code, SENTENCE in wrong.content.decode()) == (422, True)
    done = act(browser, wrong, act="revoke", reason="key_compromise")
    assert "電子証明書を失効しました" in done.content.decode()
    assert state(browser) == "revoked"


def test_a_later_suspension_from_elsewhere_takes_the_right_away(browser: SignerBrowser) -> None:
    suspended_at_me(browser)
    act(browser, proven(browser), act="resume")
    suspended_elsewhere(browser)
    assert SENTENCE in proven(browser).content.decode()


def test_what_officers_hold_no_phone_resumes(browser: SignerBrowser) -> None:
    suspended_at_me(browser)
    credentials.hold(browser.credential, True)
    assert "いま再開できません" in act(browser, proven(browser), act="resume").content.decode()
    assert state(browser) == "suspended"


def test_a_phone_of_a_living_certificate_is_told_so(browser: SignerBrowser) -> None:
    answer = proven(browser)
    assert (answer.status_code, "一時停止されていません" in answer.content.decode()) == (422, True)
    assert not Ceremony.objects.filter(purpose__startswith="stopped_").exists()


def test_neither_ceremony_serves_for_the_other(browser: SignerBrowser) -> None:
    """An answer to "resume?" opens no day, and an answer to "sign in" proves nothing here."""
    fields = browser.fields(browser.client.get("/me/stopped/"))
    answer = browser.phone.sign_in(fields.pop("options"))
    assert browser.client.post("/me/sign-in/phone/", {**fields, "credential": answer}).status_code == 422
    suspended_elsewhere(browser)
    fields = browser.fields(browser.client.get("/me/sign-in/"))
    answer = browser.phone.sign_in(fields.pop("options"))
    assert browser.client.post("/me/stopped/phone/", {**fields, "credential": answer}).status_code == 422
    assert not Ceremony.objects.filter(purpose__startswith="stopped_").exists()


def test_the_proof_is_this_browsers_and_spent_once(browser: SignerBrowser) -> None:
    suspended_at_me(browser)
    answer = proven(browser)
    other = SignerBrowser()
    other.client.get("/me/stopped/")
    token = other.fields(other.client.get("/me/stopped/"))["csrfmiddlewaretoken"]
    stolen = {"proof": hidden(answer, "proof"), "act": "resume", "csrfmiddlewaretoken": token}
    assert other.client.post("/me/stopped/act/", stolen).status_code == 422
    assert state(browser) == "suspended"
    act(browser, answer, act="resume")
    Credential.objects.filter(pk=browser.credential.pk).update(state="suspended")
    assert act(browser, answer, act="resume").status_code == 422
    assert state(browser) == "suspended"


@pytest.mark.parametrize(
    ("instead", "sentence"),
    [
        ({"error": "NotAllowedError"}, "本人確認は中断されました"),
        ({"error": "Unsupported"}, "このブラウザでは"),
        ({"credential": "{"}, "正しい返事がありません"),
        ({"credential": ""}, "正しい返事がありません"),
    ],
)
def test_what_the_browser_reports_becomes_a_sentence(
    instead: dict[str, str], sentence: str, browser: SignerBrowser
) -> None:
    suspended_elsewhere(browser)
    answer = proven(browser, **instead)
    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)


def test_a_phone_without_its_owner_proves_nothing(browser: SignerBrowser) -> None:
    suspended_at_me(browser)
    assert proven(browser, Twist(is_verified=False)).status_code == 422


def test_a_typed_person_id_makes_options_for_that_person(browser: SignerBrowser) -> None:
    suspended_at_me(browser)
    fields = browser.fields(browser.client.get("/me/stopped/"))
    fields.pop("options")
    person_id = browser.credential.signer.person_id
    page = browser.client.post("/me/stopped/phone/", {**fields, "person_id": person_id})
    assert page.status_code == 200
    assert re.search(r"allowCredentials&quot;: \[\{", page.content.decode())
