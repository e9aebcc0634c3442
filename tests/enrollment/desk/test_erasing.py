"""PH-13: a file on which a My Number is visible is erased at once, by the officer who holds the case."""

import threading
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.urls import reverse

from deploy.demo import pictures
from enrollment import checks, drafts, review, signed
from enrollment.applicants import corrections
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import Application, Attachment, ErasedFile, ReturnItem, TimelineEntry
from ledger import clock, log
from ledger.models import Entry
from outbox.models import Notice
from signing import reconciliation
from staff.models import Officer
from tests.enrollment.desk.test_desk import PASSED, desk
from tests.support import cases
from tests.support.people import Applying
from vault import files

pytestmark = pytest.mark.django_db(transaction=True)
CHECKED = {name.removeprefix("line-"): answer for name, answer in PASSED.items()}
SENTENCE = "個人番号が写っていたため消去しました。表面だけを撮影して"


def held(slot: str = "identity") -> tuple[Applying, Application, Officer, Attachment]:
    """A whole case of Hanako's authority, in the hands of an examiner; and its file in `slot`."""
    person = Applying()
    case = person.submit()
    officer = cases.officer("examiner", (case.authority, "EXAMINER"))
    review.claim(case, officer, clock.now())
    return person, case, officer, case.attachments.get(slot=slot)


def case_url(case: Application) -> str:
    return reverse("admin:enrollment_case", args=[case.public_id])


def erase_url(case: Application, row: Attachment) -> str:
    return reverse("admin:enrollment_case_file_erase", args=[case.public_id, row.public_id])


def is_whole(case: Application, row: Attachment) -> bool:
    """Nothing of this file has been erased, and nothing says so."""
    files.read(row.original_file), files.read(row.shown_file)
    return (
        Attachment.objects.filter(pk=row.pk).exists()
        and not ErasedFile.objects.exists()
        and not Entry.objects.filter(kind="attachment.erased").exists()
        and not TimelineEntry.objects.filter(application=case, kind="file_erased").exists()
    )


@pytest.mark.requirement("PH-13")
def test_the_officer_is_asked_once_and_then_both_stored_files_are_gone() -> None:
    _person, case, officer, row = held()
    client = desk(officer)
    page = client.get(case_url(case)).content.decode()
    assert f'href="{erase_url(case, row)}"' in page and "消去済み" not in page
    asked = client.get(erase_url(case, row)).content.decode()
    assert "身分証に個人番号（12桁）が写っていますか" in asked and "元に戻せません" in asked
    assert is_whole(case, row)
    statement = signed.newest(case)
    answer = client.post(erase_url(case, row))
    assert (answer.status_code, answer.headers["Location"]) == (302, case_url(case))
    for name in (row.original_file, row.shown_file):
        with pytest.raises(files.FileMissing):
            files.read(name)
    assert client.get(f"{case_url(case)}files/{row.public_id}/?original").status_code == 404
    entry = Entry.objects.get(kind="attachment.erased")
    assert (entry.subject, entry.actor_id) == (str(row.public_id), str(officer.public_id))
    assert entry.data == {"application": str(case.public_id), "slot": "identity"}
    assert TimelineEntry.objects.filter(application=case, kind="file_erased").count() == 1
    assert statement is not None and bytes(row.original_sha256).hex() in statement.content.decode()
    assert signed.facts(case)["files"]  # the signed record still holds
    gone = [one for one in reconciliation.compare().mismatches if one.what == "file_missing"]
    assert gone == []


@pytest.mark.requirement("PH-13")
def test_the_page_says_who_erased_it_and_leads_to_the_return_with_this_file_and_its_reason() -> None:
    _person, case, officer, row = held()
    client = desk(officer)
    client.post(erase_url(case, row))
    page = client.get(case_url(case)).content.decode()
    place = page.split('class="viewer viewer-gone"')[1].split("</section>")[0]
    assert (
        "身分証" in place
        and "個人番号が写っていたため" in place
        and str(officer) in place
        and "<time" in place
    )
    ask = page.split('<details class="desk-ask" open>')[1].split("</details>")[0]
    assert "修正を求める" in ask
    first = ask.split("<select")[1].split("</p>")[0]  # what was erased stands before everything else
    assert 'name="reason:identity:"' in first and SENTENCE in first
    assert "そのまま" not in first and "そのまま" in ask
    assert (
        client.post(f"{case_url(case)}return_to_applicant/", {"reason:photo:": "unclear"}).status_code == 422
    )
    wanted = {"reason:identity:": "number_visible"}
    assert client.post(f"{case_url(case)}return_to_applicant/", wanted).status_code == 302
    item = ReturnItem.objects.get(application=case)
    assert (item.step, item.code) == ("identity", "number_visible") and SENTENCE in item.note


@pytest.mark.requirement("PH-13")
def test_nobody_recommends_a_case_with_an_erased_file() -> None:
    _person, case, officer, row = held()
    client = desk(officer)
    client.post(erase_url(case, row))
    page = client.get(case_url(case)).content.decode()
    assert "身分証の画像を消去したため" in page and "承認の推薦と承認は選べません" in page
    answer = client.post(f"{case_url(case)}recommend/", PASSED, follow=True)
    assert "消去した画像があるため" in answer.content.decode()
    with pytest.raises(Refused, match="file_erased"):
        review.recommend(case, officer, "", {}, clock.now())
    case.refresh_from_db()
    assert case.state == State.IN_REVIEW and not case.decisions.exists()
    checks.run_all(str(case.public_id))
    finding = case.findings.get(check_name="files")
    assert finding.outcome == "notice" and "個人番号" in finding.detail


@pytest.mark.requirement("PH-13")
def test_the_applicant_reads_why_and_opens_that_page_only() -> None:
    person, case, officer, row = held()
    client = desk(officer)
    same = files.read(row.original_file)
    client.post(erase_url(case, row))
    client.post(f"{case_url(case)}return_to_applicant/", {"reason:identity:": "number_visible"})
    case.refresh_from_db()
    opened = drafts.open_fields(case, drafts.load(case, clock.now()), clock.now())
    assert set(opened or ()) == {"identity"}
    tasks = person.browser.get(reverse("tasks")).content.decode()
    assert SENTENCE in tasks and "続きから（身分証の画像）" in tasks and "まだ変わっていません" in tasks
    assert SENTENCE in person.get("identity").content.decode()
    assert SENTENCE not in person.get("photo").content.decode()
    assert "個人番号が写っていた画像を消去しました" in person.browser.get(reverse("status")).content.decode()
    cases.leaves(case)
    assert SENTENCE in Notice.objects.filter(owner=case.applicant.public_id).latest("pk").body
    answers = person.answers("identity")
    person.post("identity", answers | {"file": SimpleUploadedFile("again.jpg", same)})
    draft = drafts.load(case, clock.now())
    assert [row.is_changed for row in corrections.asked(case, draft)] == [False]  # the very picture again
    other = (pictures.folder(settings.HOME, "dentist") / "identity.jpg").read_bytes()
    person.post("identity", answers | {"file": SimpleUploadedFile("front.jpg", other)})
    assert person.submit().state == State.SUBMITTED
    case.refresh_from_db()
    review.claim(case, officer, clock.now())
    page = client.get(case_url(case)).content.decode()
    assert "消去済み" not in page
    review.recommend(case, officer, "", CHECKED, clock.now())
    assert case.state == State.RECOMMENDED


@pytest.mark.requirement("PH-13")
def test_pressed_twice_it_is_erased_once_and_says_so() -> None:
    _person, case, officer, row = held()
    client = desk(officer)
    client.post(erase_url(case, row))
    again = client.post(erase_url(case, row), follow=True).content.decode()
    assert "この画像は、すでに消去されています" in again
    assert (
        "この画像は、すでに消去されています" in client.get(erase_url(case, row), follow=True).content.decode()
    )
    assert Entry.objects.filter(kind="attachment.erased").count() == ErasedFile.objects.count() == 1
    assert TimelineEntry.objects.filter(kind="file_erased").count() == 1


@pytest.mark.requirement("PH-13")
def test_only_the_officer_who_holds_the_case_erases() -> None:
    _person, case, officer, row = held()
    foreign = "medis" if case.authority == "jma" else "jma"
    stranger = cases.officer("stranger", (foreign, "EXAMINER"))
    for asked in (desk(stranger).get, desk(stranger).post):
        assert asked(erase_url(case, row)).status_code == 404
    others = (
        cases.officer("colleague", (case.authority, "EXAMINER")),
        cases.officer("auditor", (case.authority, "AUDITOR")),
        cases.officer("approver", (case.authority, "APPROVER")),
    )
    for other in others:
        client = desk(other)
        client.post(f"{case_url(case)}purpose/", {"purpose": "colleague"})
        assert erase_url(case, row) not in client.get(case_url(case)).content.decode()
        assert client.get(erase_url(case, row)).status_code == 302
        refused = client.post(erase_url(case, row)).status_code
        assert refused == (403 if other.username == "auditor" else 302)
    assert is_whole(case, row)
    review.release(case, officer, clock.now())
    desk(officer).post(erase_url(case, row))
    assert is_whole(case, row)
    assert Entry.objects.filter(kind="case.move_refused").count() == 4


def test_a_file_of_another_case_is_not_reached_through_ones_own() -> None:
    _person, case, officer, _row = held()
    other = cases.submitted(case.authority)
    foreign = other.attachments.get()
    client = desk(officer)
    assert client.get(erase_url(case, foreign)).status_code == 404
    client.post(erase_url(case, foreign))
    assert is_whole(other, foreign)


def test_a_case_on_hold_loses_nothing() -> None:
    _person, case, officer, row = held()
    Application.objects.filter(pk=case.pk).update(legal_hold=True)
    answer = desk(officer).post(erase_url(case, row), follow=True)
    assert "保全の対象" in answer.content.decode() and is_whole(case, row)


def test_an_erasure_that_is_rolled_back_keeps_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    _person, case, officer, row = held()

    def fails(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the ledger cannot be written")

    monkeypatch.setattr(log, "append", fails)
    with pytest.raises(RuntimeError):
        review.erase_file(case, officer, row.public_id, clock.now())
    assert is_whole(case, row)


@pytest.mark.requirement("PH-13")
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
@pytest.mark.parametrize("rival", ["withdraw", "recommend", "erase", "release"])
def test_at_the_same_moment_one_order_of_things_wins(rival: str) -> None:
    person, case, officer, row = held()
    answers = {
        f"line-{line}": "pass" for line in ("photo", "identity_kind", "identity_face", "licence_agrees")
    }
    acts = {
        "withdraw": lambda: person.browser.post(reverse("withdraw", args=[case.public_id]), {"sure": "on"}),
        "recommend": lambda: desk(officer).post(f"{case_url(case)}recommend/", answers),
        "erase": lambda: desk(officer).post(erase_url(case, row)),
        "release": lambda: desk(officer).post(f"{case_url(case)}release/"),
    }
    start, statuses = threading.Barrier(2), []

    def run(act: Any) -> None:
        start.wait(30)
        try:
            statuses.append(act().status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in (acts["erase"], acts[rival])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(statuses) == 2 and max(statuses) < 500
    case.refresh_from_db()
    erased = ErasedFile.objects.filter(public_id=row.public_id).count()
    assert erased == Entry.objects.filter(kind="attachment.erased").count() <= 1
    assert erased == TimelineEntry.objects.filter(kind="file_erased").count()
    assert not (erased and case.state == State.RECOMMENDED)
    assert not (rival == "erase" and not erased)
    assert erased != Attachment.objects.filter(pk=row.pk).count() or case.state == State.WITHDRAWN
