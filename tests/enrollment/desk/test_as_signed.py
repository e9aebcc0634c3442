"""What was signed is what is shown: asked anew at each display (RV-2; security.md 3.3 row 15)."""

from hashlib import sha256

import pytest
from django.test import Client
from django.urls import reverse

from enrollment import review
from enrollment.errors import Refused
from enrollment.flow import State
from enrollment.models import Application, Attachment, StepAnswers
from ledger import clock
from ledger.models import Entry
from tests.enrollment.desk.test_desk import LINES, PASSED, desk
from tests.support import cases
from vault import files

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("RV-2")]
OTHER = b"\xff\xd8 another picture \xff\xd9"


def held() -> tuple[Application, Client]:
    officer = cases.officer("examiner", ("jma", "EXAMINER"))
    case = cases.submitted()
    review.claim(case, officer, clock.now())
    return case, desk(officer)


def url(case: Application, name: str = "") -> str:
    return reverse("admin:enrollment_case", args=[case.public_id]) + (f"{name}/" if name else "")


def exchanged(case: Application, *, thoroughly: bool) -> Attachment:
    """Somebody who reaches the database and the storage puts another picture there, and perhaps its digest too."""
    row = case.attachments.get()
    row.shown_file = files.save(OTHER)
    if thoroughly:
        row.shown_sha256 = sha256(OTHER).digest()
    row.save()
    return row


@pytest.mark.parametrize("thoroughly", [False, True])
def test_an_exchanged_picture_is_not_shown_and_nobody_passes_the_case(thoroughly: bool) -> None:
    case, client = held()
    row = exchanged(case, thoroughly=thoroughly)
    page = client.get(url(case)).content.decode()
    assert "署名されたものと異なります" in page and f"files/{row.public_id}/" not in page
    assert "署名されたものと異なるため、承認の推薦と承認は選べません。" in page
    picture = client.get(f"{url(case)}files/{row.public_id}/")
    assert (picture.status_code, picture.headers["Content-Type"]) == (409, "image/svg+xml")
    assert "署名された画像と異なります" in picture.content.decode() and OTHER not in picture.content
    assert client.post(url(case, "recommend"), PASSED).status_code == 409
    case.refresh_from_db()
    assert case.state == State.IN_REVIEW and not case.decisions.exists()
    assert Entry.objects.filter(kind="case.not_as_signed", subject=str(case.public_id)).exists()
    assert Entry.objects.filter(kind="file.not_as_signed", subject=str(row.public_id)).count() == 1


def test_an_exchanged_original_does_not_leave_either() -> None:
    case, client = held()
    row = case.attachments.get()
    row.original_file = files.save(OTHER)
    row.original_sha256 = sha256(OTHER).digest()
    row.save()
    assert client.get(f"{url(case)}files/{row.public_id}/?original").status_code == 409
    assert "署名されたものと異なります" in client.get(url(case)).content.decode()


def test_a_damaged_and_a_lost_file_are_told_apart() -> None:
    case, client = held()
    row = case.attachments.get()
    files.erase(row.shown_file)
    assert "壊れています" in client.get(url(case)).content.decode()
    row.delete()
    assert "失われたもの：資格免許証（表）。" in client.get(url(case)).content.decode()
    with pytest.raises(Refused, match="statement_broken"):
        officer = case.claimed_by
        review.recommend(case, officer, "", dict.fromkeys(LINES, "pass"), clock.now())  # type: ignore[arg-type]


def test_the_words_come_from_the_statement_and_not_from_the_rows() -> None:
    case, client = held()
    StepAnswers.objects.filter(application=case, step="card").update(
        data={"values": {"name": "偽物　太郎", "birth_date": "1999-09-09"}}
    )
    page = client.get(url(case)).content.decode()
    assert "見本　花子" in page and "偽物" not in page and "1999" not in page


def test_a_statement_whose_signature_does_not_hold_shows_no_word_of_it() -> None:
    case, client = held()
    row = case.statements.get()
    row.content = bytes(row.content).replace("見本　花子".encode(), "偽物　太郎".encode())
    row.save()
    page = client.get(url(case)).content.decode()
    assert "署名された申請内容を確かめられません" in page and "偽物" not in page
    assert Entry.objects.get(kind="case.not_as_signed").data["problem"] == "signature"
    assert client.post(url(case, "recommend"), PASSED).status_code == 409


def test_a_whole_case_says_nothing_of_it() -> None:
    case, client = held()
    page = client.get(url(case)).content.decode()
    assert "desk-broken" not in page and "署名されたものと異なります" not in page
    assert not Entry.objects.filter(kind="case.not_as_signed").exists()
