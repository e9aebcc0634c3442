"""DQ-23, RV-4 (security.md threat 12): at the desk the card's PIN is shown to nobody and written nowhere in clear."""

import logging
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.test import Client

from enrollment import checks, issuance
from enrollment.authority_data import rows
from enrollment.flow import State
from enrollment.models import Application, CardOrder, SealedPin
from ledger.models import Entry
from outbox.models import Job
from tests.enrollment.desk.test_desk import _case_url, desk
from tests.enrollment.test_at_rest import _dump
from tests.support import cases
from tests.support.people import Applying

pytestmark = pytest.mark.django_db
CANARY = "59273816"  # long enough to be found by chance nowhere
ROLES = {"examiner": "EXAMINER", "approver": "APPROVER", "auditor": "AUDITOR", "operator": "OPERATOR"}


def every_page(client: Client, *starts: str) -> list[bytes]:
    """What this officer's browser gets by following every link of the desk, documents and downloads too."""
    waiting, seen, found = ["/admin/", *starts], set[str](), list[bytes]()
    while waiting:
        address = waiting.pop().partition("#")[0]
        if address in seen or not address.startswith("/admin/") or "logout" in address or len(seen) > 150:
            continue
        seen.add(address)
        answer = client.get(address, follow=True)
        body = b"".join(answer) if answer.streaming else answer.content  # type: ignore[attr-defined]
        found.append(str(answer.headers).encode() + body)
        if "html" in answer.headers.get("Content-Type", ""):
            parts = body.decode().replace('src="', 'href="').split('href="')[1:]
            waiting += [unquote(part.split('"')[0]).replace("&amp;", "&") for part in parts]
    return found


@pytest.mark.requirement("DQ-23", "RV-4")
def test_no_page_row_log_task_or_file_of_the_desk_holds_a_card_pin(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(rows.FIELDS, "jma", rows.FIELDS["jma"]._replace(card_pin_digits=len(CANARY)))
    caplog.set_level(logging.DEBUG)
    case = Applying(card_pin={"pin": CANARY, "again": CANARY}).submit()
    checks.run_all(str(case.public_id))
    officers = {
        name: cases.officer(name, ("" if role == "OPERATOR" else "jma", role)) for name, role in ROLES.items()
    }
    browsers = {name: desk(officer) for name, officer in officers.items()}
    pages: list[bytes] = []

    def look_at_everything() -> None:
        for name, browser in browsers.items():
            if name != "operator":
                browser.post(f"{_case_url(case)}purpose/", {"purpose": "audit"})
            starts = (
                _case_url(case),
                "/admin/enrollment/application/?state=all",
                "/admin/ledger/entry/export/",
            )
            pages.extend(every_page(browser, *starts))

    look_at_everything()
    assert SealedPin.objects.filter(application=case).exists()
    browsers["examiner"].post(f"{_case_url(case)}claim/")
    look_at_everything()
    Application.objects.filter(pk=case.pk).update(
        state=State.APPROVED,
        recommended_by=officers["examiner"],
        approved_by=officers["approver"],
        claimed_by=None,
        claimed_until=None,
    )
    issuance.order(str(case.public_id))  # the sealed PIN moves into the card order
    assert CardOrder.objects.get(application=case).sealed_pin and not SealedPin.objects.exists()
    look_at_everything()
    written = [f"{entry.kind} {entry.subject} {entry.data}" for entry in Entry.objects.all()]
    written += [f"{job.kind} {job.subject} {job.dedupe} {job.last_error}" for job in Job.objects.all()]
    haystacks = [*pages, _dump(), "\n".join(written).encode(), caplog.text.encode()]
    haystacks += [path.read_bytes() for path in settings.HOME.rglob("*") if path.is_file()]
    assert len(pages) > 60 and len(written) > 20
    assert not [place for place, text in enumerate(haystacks) if CANARY.encode() in text]
