"""RV-4, RV-7: an operator finds by exact number, stops and ends, retries what failed, and reads nobody's data."""

from urllib.parse import unquote

import pytest
from django.test import Client
from django.urls import reverse

from enrollment.models import Application
from ledger import clock
from ledger.models import Entry
from outbox.models import Job
from signing.models import Credential
from tests.enrollment.desk.test_desk import desk
from tests.support import cases
from tests.support.addresses import ADDRESSES
from tests.support.credentials import active_credential

pytestmark = pytest.mark.django_db
URL = "/admin/signing/credential/"
SERIAL = "00ab12" + "cd" * 13


@pytest.fixture
def operator() -> Client:
    return desk(cases.officer("operator", ("", "OPERATOR")))


def credential(serial: str = SERIAL) -> Credential:
    row = active_credential(at=clock.now())
    Credential.objects.filter(pk=row.pk).update(serial=serial)
    row.refresh_from_db()
    return row


@pytest.mark.requirement("RV-7")
def test_a_credential_is_found_by_its_whole_serial_or_person_id_and_by_no_part(operator: Client) -> None:
    row = credential()
    printed = ":".join(SERIAL[place : place + 2] for place in range(0, len(SERIAL), 2)).upper()
    for typed in (SERIAL, printed, f" {SERIAL} ", row.signer.person_id, row.signer.person_id.lower()):
        page = operator.get(URL, {"q": typed}).content.decode()
        assert f'class="mono">{row.signer.person_id}</td>' in page
    assert Entry.objects.filter(kind="credential.looked_up", actor_kind="operator").count() == 5
    for typed in (SERIAL[:-1], SERIAL[1:-2], row.signer.person_id[:-1], "", "%", "\x00", "x" * 9000):
        assert "desk-acts" not in operator.get(URL, {"q": typed}).content.decode()


@pytest.mark.requirement("RV-7")
def test_an_operator_suspends_and_revokes_with_a_reason_and_never_resumes(operator: Client) -> None:
    row = credential()
    page = f"{URL}{row.public_id}/"
    assert operator.post(f"{page}suspend/").status_code == 422
    assert operator.post(f"{page}suspend/", {"reason": "privilege_withdrawn"}).status_code == 422
    operator.post(f"{page}suspend/", {"reason": "suspected_misuse"})
    row.refresh_from_db()
    assert row.state == "suspended"
    assert operator.get(f"{page}resume/").status_code == operator.post(f"{page}resume/").status_code == 404
    operator.post(f"{page}revoke/", {"reason": "key_compromise"})
    row.refresh_from_db()
    assert (row.state, row.revocation_reason) == ("revoked", "key_compromise")
    assert Job.objects.filter(kind="signing.crl").exists()
    operator.post(f"{page}revoke/", {"reason": "unspecified"})
    row.refresh_from_db()
    assert row.revocation_reason == "key_compromise"
    entry = Entry.objects.get(kind="signing.credential_revoked")
    assert (entry.actor_kind, entry.data["reason"]) == ("operator", "key_compromise")


@pytest.mark.requirement("RV-4")
def test_an_authoritys_operator_reaches_its_own_credentials_and_others_not_at_all() -> None:
    row = credential()  # of JMA
    foreign = desk(cases.officer("medis-operator", ("medis", "OPERATOR")))
    assert "desk-acts" not in foreign.get(URL, {"q": SERIAL}).content.decode()
    for client in (foreign, desk(cases.officer("auditor", ("jma", "AUDITOR")))):
        assert (
            client.post(f"{URL}{row.public_id}/suspend/", {"reason": "suspected_misuse"}).status_code == 404
        )
    assert Entry.objects.filter(kind="credential.refused", subject=str(row.public_id)).count() == 2
    row.refresh_from_db()
    assert row.state == "active"
    assert (
        "desk-acts" in desk(cases.officer("o", ("jma", "OPERATOR"))).get(URL, {"q": SERIAL}).content.decode()
    )


@pytest.mark.requirement("RV-4")
def test_failed_jobs_are_told_without_what_they_said_and_tried_again(operator: Client) -> None:
    at = clock.now()
    words = {"subject": "s-1", "run_after": at, "ring_after": at, "created_at": at, "attempts": 8}
    job = Job.objects.create(kind="x.y", state="failed", last_error="ValueError: 見本　花子 is odd", **words)
    fine = Job.objects.create(kind="x.z", state="done", **words)
    page = operator.get("/admin/outbox/job/").content.decode()
    assert "x.y" in page and "ValueError" in page and "花子" not in page and "x.z" not in page
    assert operator.post(f"/admin/outbox/job/{job.pk}/retry/").status_code == 302
    operator.post(f"/admin/outbox/job/{fine.pk}/retry/")
    job.refresh_from_db(), fine.refresh_from_db()
    assert (job.state, job.attempts, fine.state) == ("ready", 0, "done")
    assert Entry.objects.get(kind="job.retried").data == {"job": job.pk, "kind": "x.y"}
    assert operator.post(f"/admin/outbox/job/{2**63}/retry/").status_code == 404


@pytest.mark.requirement("RV-4")
def test_no_page_that_an_operator_can_open_holds_a_word_of_a_person(operator: Client) -> None:
    """Every link of every page, from the desk's start on, with a case, a certificate and a failed job about."""
    case, row = cases.submitted(), credential()
    Application.objects.filter(pk=case.pk).update(credential=row.public_id)
    at = clock.now()
    Job.objects.create(
        kind="signing.issue",
        subject=str(row.public_id),
        state="failed",
        last_error="X: 見本",
        run_after=at,
        ring_after=at,
        created_at=at,
    )
    waiting, seen = ["/admin/", f"{URL}?q={row.signer.person_id}"], set[str]()
    waiting += ["/" + route for route in ADDRESSES if route.startswith("admin/") and "<" not in route]
    while waiting:
        address = waiting.pop().partition("#")[0]
        if address in seen or not address.startswith("/admin/") or "logout" in address:
            continue
        seen.add(address)
        answer = operator.get(address)
        if answer.status_code != 200:
            continue
        page = answer.content.decode()
        for word in (
            "見本",
            "花子",
            "MIHON",
            "ミホン",
            "東京都千代田区",
            "1985",
            "case1@",
            str(case.receipt_number),
        ):
            assert word not in page, f"{address} shows {word}"
        waiting += [unquote(part.split('"')[0]).replace("&amp;", "&") for part in page.split('href="')[1:]]
    assert len(seen) > 12 and f"{URL}{row.public_id}/revoke/" in seen
    assert operator.get(reverse("admin:enrollment_case", args=[case.public_id])).status_code == 404
