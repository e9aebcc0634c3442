"""What officers see of the files: measured lines that decide nothing, the original only as a download."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from enrollment import checklists, checks, uploads
from enrollment.images import Crop
from enrollment.models import Application, Attachment, Finding
from ledger import clock
from ledger.models import Entry
from tests.enrollment.desk.test_desk import desk
from tests.enrollment.files.drawn import at, noise
from tests.support import cases
from vault import files

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def case() -> Application:
    """A submitted case whose photo was cut out of a wide picture and declared of another day than it records."""
    person = at("photo")
    today = clock.today(clock.now())
    taken = today - timedelta(days=30)
    row = uploads.accept(person.application, "photo", noise(1, size=(900, 800), taken=taken), clock.now())
    uploads.crop(row, Crop(100, 50, 420, 540, 0), clock.now())
    day = today.isoformat()
    assert person.post("photo", {"taken_on": day, "is_recent": "on", "seen_day": day}).status_code == 302
    return person.submit()


def examiner_page(case: Application) -> str:
    client = desk(cases.officer("examiner", ("jma", "EXAMINER")))
    client.post(reverse("admin:enrollment_case_move", args=[case.public_id, "claim"]))
    answer = client.get(reverse("admin:enrollment_case", args=[case.public_id]))
    return answer.content.decode()


@pytest.mark.requirement("PH-08")
def test_measured_lines_stand_beside_the_officers_questions_and_answer_none_of_them(
    case: Application,
) -> None:
    page = examiner_page(case)
    assert "顔写真は旅券用の規格に合う" in page
    photo = page.split('id="line-photo"')[1].split("</fieldset>")[0]
    for words in ("縦横比（45:35）", "縦540×横420", "明るさ", "鮮明さ", "顔の数", "撮影日の記録", "要確認"):
        assert words in photo, words
    assert "checked" not in photo and "申請者が420×540に切り抜き" in page
    seen = checklists.Seen("photo", [], {"faces_looked_for": False}, (413, 531))
    assert {line.slug: line.outcome for line in checklists.measured(seen)}["faces"] == checklists.UNKNOWN


def test_what_was_measured_is_a_finding_with_its_figures_and_never_a_failure(case: Application) -> None:
    Attachment.objects.filter(slot="photo").update(
        warnings=["picture_dark", "face_several", "head_small"],
        measures={"brightness": 41.5, "faces_looked_for": True, "faces": 2, "head": 0.5},
    )
    checks.run_all(str(case.public_id))
    found = Finding.objects.get(application=case, check_name="pictures")
    assert found.outcome == "notice"
    for words in ("顔写真：明るさ（41.5", "顔の数（2）", "頭の高さ", "約50%"):
        assert words in found.detail, found.detail


@pytest.mark.parametrize(
    ("warnings", "measures", "slug", "outcome"),
    [
        ([], {"brightness": 120.0}, "brightness", "fine"),
        (["picture_bright"], {"brightness": 240.0}, "brightness", "care"),
        ([], {}, "sharpness", "unknown"),
        (["picture_blurred"], {"sharpness": 0.1}, "sharpness", "care"),
        (["photo_ratio"], {}, "ratio", "care"),
        ([], {"faces_looked_for": True, "faces": 1}, "faces", "fine"),
        (["face_none"], {"faces_looked_for": True, "faces": 0}, "faces", "care"),
        ([], {"faces_looked_for": True, "faces": 1, "head": 0.75}, "head", "fine"),
        ([], {}, "head", "unknown"),
        ([], {}, "day", "unknown"),
        ([], {"taken_on": "2026-11-01"}, "day", "fine"),
        ([], {"taken_on": "2026-11-02"}, "day", "care"),
        (["photo_taken_long_ago"], {"taken_on": "2026-11-01"}, "day", "care"),
    ],
)
def test_each_line_is_fine_or_to_be_looked_at_or_not_judged(
    warnings: list[str], measures: dict[str, object], slug: str, outcome: str
) -> None:
    seen = checklists.Seen("photo", warnings, measures, (413, 531), "2026-11-01")
    assert {line.slug: line.outcome for line in checklists.measured(seen)}[slug] == outcome


@pytest.mark.requirement("PH-23", "PH-36")
@pytest.mark.parametrize("kind", ["jpeg", "pdf"])
def test_an_original_leaves_only_as_a_download_for_officers_of_its_authority(
    case: Application, kind: str
) -> None:
    row = case.attachments.get(slot="licence_front")
    Attachment.objects.filter(pk=row.pk).update(kind=kind)
    original = files.read(row.original_file)
    url = reverse("admin:enrollment_case_file", args=[case.public_id, row.public_id])
    officer = desk(cases.officer("mine", ("jma", "EXAMINER")))
    page = officer.get(reverse("admin:enrollment_case", args=[case.public_id])).content.decode()
    assert f'href="{url}?original" download' in page
    answer = officer.get(f"{url}?original")
    assert answer.content == original and answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == f'attachment; filename="licence_front.{kind}"'
    assert answer["X-Content-Type-Options"] == "nosniff" and "no-store" in answer["Cache-Control"]
    assert Entry.objects.filter(kind="file.viewed", subject=str(row.public_id), data__original=True).exists()
    shown = officer.get(url)
    assert shown["Content-Type"] == "image/jpeg" and shown.content == files.read(row.shown_file) != original
    stranger = desk(cases.officer("other", ("medis", "EXAMINER")))
    assert stranger.get(f"{url}?original").status_code == 404
    stored = next(path for path in _stored() if path.name == row.original_file)
    assert original[:200] not in stored.read_bytes() and row.original_file != row.given_name


def _stored() -> list[Path]:
    return [path for path in settings.STORAGE_ROOT.rglob("*") if path.is_file()]
