"""RV-4: an auditor who looks for a signer finds the entries that cover many at once, of their authority alone."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from ledger import clock
from signing.models import Credential, SigningSession
from tests.signing.records import counting, rows
from tests.staff.test_granting import desk, make
from tests.support.credentials import active_credential
from tests.support.days import ehr

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("RV-4")]
URL = "/admin/ledger/entry/"
ONE = "（探している署名者の署名 1 件を含む）"


def session(authority: str = "jma") -> SigningSession:
    credential = active_credential(at=clock.now())
    Credential.objects.filter(pk=credential.pk).update(authority=authority)
    credential.refresh_from_db()
    return rows.session_of(credential, clock.now())


@pytest.fixture
def auditor() -> Client:
    return desk(make("auditor", ("jma", "AUDITOR")))


def found(client: Client, **asked: str) -> list[dict[str, Any]]:
    """The signatures' entries, as the export tells them."""
    lines = b"".join(client.get(f"{URL}export/", asked)).decode().splitlines()  # type: ignore[arg-type]
    return [each for each in map(json.loads, lines) if each["kind"] == "signing.signed"]


def test_a_signer_is_found_by_credential_by_public_id_and_by_person_id(auditor: Client) -> None:
    mine, theirs, client, at = session(), session(), ehr(), clock.now()
    alone = rows.signed(mine, client, 1, at)[0]
    (shared, *_) = rows.group(
        [(theirs, client, [rows.digest(1)], ""), (mine, client, [rows.digest(2)], "")], at
    )
    rows.group([(theirs, client, [rows.digest(3)], ""), (session(), client, [rows.digest(4)], "")], at)
    credential = mine.credential
    for wanted in (credential.public_id, credential.signer.public_id, credential.signer.person_id):
        numbers = [each["number"] for each in found(auditor, subject=str(wanted))]
        assert numbers == [alone.log_number, shared.log_number]
        page = auditor.get(URL, {"subject": str(wanted), "kind": "signing"}).content.decode()
        assert (page.count(ONE), page.count("signing.signed</td>")) == (1, 2)
    assert found(auditor, subject=str(credential.public_id), kind="signing.signed") != []
    for query in (
        {"kind": "case"},
        {"kind": "signing.outcome_unknown"},
        {"authority": "medis"},
        {"day": "2020-01-01"},
    ):
        assert found(auditor, subject=str(credential.public_id), **query) == []
    assert len(found(auditor, subject=str(credential.public_id), day=str(clock.today(at)))) == 2


def test_another_authoritys_signers_are_not_there(auditor: Client) -> None:
    at, client = clock.now(), ehr()
    theirs = [session("medis") for _ in range(2)]
    rows.group([(each, client, [rows.digest(5)], "") for each in theirs], at)
    for wanted in (theirs[0].credential.public_id, theirs[0].credential.signer.person_id):
        assert found(auditor, subject=str(wanted)) == []
        assert "many" not in auditor.get(URL, {"subject": str(wanted)}).content.decode().split("</form>")[-1]
    medis = desk(make("auditor_medis", ("medis", "AUDITOR")))
    assert len(found(medis, subject=str(theirs[0].credential.public_id))) == 1
    # A signer with certificates of both: each auditor finds those of their own.
    both = session()
    Credential.objects.filter(pk=theirs[0].credential.pk).update(
        signer=both.credential.signer, state="revoked"
    )
    rows.group([(each, client, [rows.digest(6)], "") for each in (both, session())], at)
    assert len(found(auditor, subject=str(both.credential.signer.public_id))) == 1
    assert len(found(medis, subject=str(both.credential.signer.public_id))) == 1


def test_pages_follow_each_other_and_read_no_more_than_they_show(auditor: Client, settings: Settings) -> None:
    """Ten minutes apart, so that what is read beyond a page is little; every entry once, the newest first."""
    settings.LEDGER_SIGNERS = counting.FINDS
    mine, theirs, client, last = session(), session(), ehr(), clock.now()
    made = []
    for number in range(300):
        settings.CLOCK_OFFSET = timedelta(minutes=10 * (number - 300))
        calls = [(mine, client, [rows.digest(number)], ""), (theirs, client, [rows.digest(-number)], "")]
        made += rows.group(calls if number % 3 else calls[:1], clock.now())[:1]
    settings.CLOCK_OFFSET = timedelta(0)
    assert clock.now() >= last
    seen: list[int] = []
    asked = {"subject": str(mine.credential.public_id), "kind": "signing.signed"}
    for page in counting.pages(lambda before: auditor.get(URL, {**asked, **before}).content.decode()):
        seen += counting.numbers(page, "web")
        assert len(counting.read) <= 3 * 64 + 1
    assert seen == [record.log_number for record in reversed(made)]


@pytest.mark.parametrize("before", ["1", "2", "9" * 18])
def test_a_place_that_nobody_was_led_to_is_answered(auditor: Client, before: str) -> None:
    mine = session()
    rows.group([(each, ehr(), [rows.digest(7)], "") for each in (mine, session())], clock.now())
    page = auditor.get(URL, {"subject": str(mine.credential.public_id), "before": before})
    assert (page.status_code, ONE in page.content.decode()) == (200, before.startswith("9"))
