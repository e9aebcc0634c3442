"""A suspended signer reads the records before deciding: what a proof at /me/stopped/ opens, and what stays shut."""

import csv
import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from ledger import clock
from ledger.models import Entry
from signing.models import Ceremony, SignatureRecord, SigningSession
from tests.signing.acts.test_by_phone import act, proven, suspended_at_me, suspended_elsewhere
from tests.signing.records import rows
from tests.support.days import ehr
from tests.support.signed_in import Ehr, SignerBrowser

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("SG-6")]
LABEL = "処方箋 瀬戸花子様"
ELSEWHERE = (
    *("/me/", "/me/approvals/", "/me/phone/", "/me/renew/", "/me/revoke/", "/me/suspend/"),
    "/me/sign-in/done/",
)


@pytest.fixture
def browser() -> SignerBrowser:
    found = SignerBrowser()
    session = rows.session_of(found.credential, clock.now())
    rows.signed(session, ehr("みどり病院"), 2, clock.now(), label=LABEL)
    return found


def records(browser: SignerBrowser, path: str = "/me/signatures/") -> Any:
    return browser.client.get(path)


def text(answer: Any) -> str:
    return str(b"".join(answer).decode("utf-8-sig"))


def is_shut(browser: SignerBrowser, path: str = "/me/signatures/") -> bool:
    answer = records(browser, path)
    return (answer.status_code, answer["Location"].split("?")[0]) == (303, "/me/sign-in/")


def test_the_phone_that_suspended_reads_searches_and_takes_the_records(browser: SignerBrowser) -> None:
    suspended_at_me(browser)
    assert is_shut(browser)
    proven(browser)
    page = records(browser).content.decode()
    assert page.count(LABEL) >= 2 and "電子証明書は一時停止されています" in page
    assert 'href="/me/suspend/"' not in page and 'href="/me/stopped/choice/"' in page
    assert "この条件に合う署名はありません" in records(browser, "/me/signatures/?digest=00").content.decode()
    item = SignatureRecord.objects.select_related("item").first().item.public_id  # type: ignore[union-attr]
    assert LABEL in records(browser, f"/me/signatures/{item}/").content.decode()
    assert records(browser, f"/me/signatures/{item}/proof.json").status_code == 409  # until the day's root
    lines = csv.DictReader(io.StringIO(text(records(browser, "/me/signatures/export.csv"))))
    assert [line["内容"] for line in lines] == [LABEL, LABEL]
    found = json.loads(text(records(browser, "/me/signatures/export.json")))["signatures"]
    assert [each["label"] for each in found] == [LABEL, LABEL]
    told = Entry.objects.filter(kind="signing.records_exported").order_by("pk")
    assert [entry.data for entry in told] == [{"format": each, "suspended": True} for each in ("csv", "json")]
    assert Entry.objects.get(kind="signing.stopped_proved").data == {
        "means": "authenticator",
        "may_resume": True,
    }


def test_nothing_else_opens_and_nothing_is_signed(browser: SignerBrowser) -> None:
    """No session is made: neither the signer's pages nor a caller's silent sign-in take the proof for one."""
    suspended_at_me(browser)
    before = SigningSession.objects.count()
    proven(browser)
    assert records(browser).status_code == 200
    for path in ELSEWHERE:
        answer = browser.client.get(path)
        assert (answer.status_code // 100, answer["Location"].split("?")[0]) == (3, "/me/sign-in/"), path
    asked = browser.client.get(Ehr().authorize_path(prompt="none"))
    assert "login_required" in asked["Location"]
    assert browser.sign_in().status_code == 422
    assert SigningSession.objects.count() == before
    assert not SigningSession.objects.filter(ended_at=None, expires_at__gt=clock.now()).exists()


def test_a_phone_that_did_not_suspend_reads_everything_but_what_the_documents_are_called(
    browser: SignerBrowser,
) -> None:
    """It may be in a stranger's hand; a label can name a patient."""
    suspended_elsewhere(browser)
    proven(browser)
    item = SignatureRecord.objects.select_related("item").first().item.public_id  # type: ignore[union-attr]
    found = [
        records(browser).content.decode(),
        records(browser, f"/me/signatures/{item}/").content.decode(),
        text(records(browser, "/me/signatures/export.csv")),
    ]
    assert all("内容は表示していません" in each and "みどり病院" in each for each in found)
    as_json = text(records(browser, "/me/signatures/export.json"))
    assert [each["label"] for each in json.loads(as_json)["signatures"]] == [None, None]
    assert not any("瀬戸" in each for each in (*found, as_json))


@pytest.mark.parametrize("how", ["resumed", "revoked", "left", "late", "suspended anew"])
def test_reading_ends_with_the_proof(how: str, browser: SignerBrowser, settings: Settings) -> None:
    suspended_at_me(browser)
    answer = proven(browser)
    assert records(browser).status_code == 200
    if how == "late":
        settings.CLOCK_OFFSET = timedelta(minutes=10, seconds=1)
    elif how == "resumed":
        act(browser, answer, act="resume")
    elif how == "revoked":
        act(browser, answer, act="revoke", reason="unspecified")
    elif how == "left":
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]*)"', answer.content.decode())
        assert token is not None
        left = browser.client.post("/me/stopped/leave/", {"csrfmiddlewaretoken": token[1]})
        assert "一時停止されたままです" in left.content.decode()
    else:  # resumed at the authority's desk and suspended again
        type(browser.credential).objects.update(changed_at=clock.now() + timedelta(seconds=1))
        assert act(browser, answer, act="resume").status_code == 422
    assert is_shut(browser)
    assert browser.client.get("/me/stopped/choice/")["Location"] == "/me/stopped/"
    if how == "resumed":
        assert browser.sign_in().status_code == 303 and records(browser).status_code == 200


def test_the_proof_is_the_cookie_that_was_made_for_it(browser: SignerBrowser) -> None:
    """Whoever knew this browser's cookies before, or the ceremony's number since, reads and decides nothing."""
    suspended_at_me(browser)
    browser.client.get("/me/stopped/")
    before = {name: morsel.value for name, morsel in browser.client.cookies.items()}
    proven(browser)
    other, proof = SignerBrowser(), Ceremony.objects.get(purpose="stopped_act")
    other.client.cookies.load(before)
    assert is_shut(other)
    for value in (str(proof.public_id), "", "\x00", "x" * 5000):
        other.client.cookies[django_settings.SIGNER_COOKIE_NAME] = value
        assert is_shut(other) and is_shut(other, "/me/signatures/export.csv")
    cookie = browser.client.cookies[django_settings.SIGNER_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", 600)


def test_another_signers_records_are_not_there(browser: SignerBrowser) -> None:
    other = SignerBrowser()
    theirs = rows.signed(
        rows.session_of(other.credential, clock.now()), ehr(), 1, clock.now(), label="他人の"
    )
    suspended_at_me(browser)
    proven(browser)
    assert "他人の" not in records(browser).content.decode()
    assert records(browser, f"/me/signatures/{theirs[0].item.public_id}/").status_code == 404


def test_a_refused_sign_in_leads_here(browser: SignerBrowser) -> None:
    suspended_elsewhere(browser)
    answer = browser.sign_in()
    assert (answer.status_code, 'href="/me/stopped/"' in answer.content.decode()) == (422, True)
