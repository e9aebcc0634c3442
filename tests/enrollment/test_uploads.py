"""Uploaded files: kept encrypted, shown to their owner only, replaced files are gone after the commit."""

import io

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from PIL import Image

from deploy.demo import pictures
from enrollment import drafts, uploads
from enrollment.models import Attachment
from enrollment.problems import Problem
from ledger import clock
from tests.support.people import Applying
from vault import files

pytestmark = pytest.mark.django_db(transaction=True)


def noise(seed: int, kind: str = "JPEG", size: tuple[int, int] = (420, 540)) -> SimpleUploadedFile:
    picture = Image.effect_noise(size, 40 + seed).convert("RGB")
    out = io.BytesIO()
    picture.save(out, kind)
    return SimpleUploadedFile(f"写真{seed}.{kind.lower()}", out.getvalue())


@pytest.fixture
def person() -> Applying:
    person = Applying()
    person.until("licence-front")
    return person


@pytest.mark.requirement("PH-23", "PH-28")
def test_the_original_is_encrypted_and_the_page_shows_the_copy(person: Applying) -> None:
    given = noise(1)
    row = uploads.accept(person.application, "licence_front", given, clock.now())
    given.seek(0)
    original = given.read()
    assert files.read(row.original_file) == original
    page = person.browser.get(reverse("file", args=[row.public_id]))
    assert page.content == files.read(row.shown_file) != original
    assert page["X-Content-Type-Options"] == "nosniff" and "no-store" in page["Cache-Control"]
    assert page["Content-Type"] == "image/jpeg" and row.given_name == "写真1.jpeg"


def test_nobody_else_sees_it(person: Applying) -> None:
    row = uploads.accept(person.application, "licence_front", noise(1), clock.now())
    other = Applying("dentist")
    other.sign_in()
    url = reverse("file", args=[row.public_id])
    assert other.browser.get(url).status_code == 404
    for name in ("whole", "crop"):
        assert other.browser.get(reverse(name, args=[row.public_id])).status_code == 404
    other.until("licence-front")
    other.post("licence-front", {"act": f"remove:{row.public_id}"})
    assert Client().get(url).url.startswith(reverse("sign_in"))  # type: ignore[attr-defined]
    assert Attachment.objects.count() == 1


def test_a_new_file_replaces_the_old_one_and_erases_it(person: Applying) -> None:
    first = uploads.accept(person.application, "licence_front", noise(1), clock.now())
    second = uploads.accept(person.application, "licence_front", noise(2), clock.now())
    assert list(Attachment.objects.values_list("pk", flat=True)) == [second.pk]
    for name in (first.original_file, first.shown_file):
        with pytest.raises(files.FileMissing):
            files.read(name)


def test_a_rollback_keeps_the_old_file(person: Applying) -> None:
    first = uploads.accept(person.application, "licence_front", noise(1), clock.now())
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        uploads.accept(person.application, "licence_front", noise(2), clock.now())
        raise ZeroDivisionError
    assert Attachment.objects.get().pk == first.pk and files.read(first.original_file)


@pytest.mark.requirement("PH-27")
def test_the_same_bytes_in_two_places_are_refused(person: Applying) -> None:
    uploads.accept(person.application, "licence_front", noise(1), clock.now())
    data = files.read(Attachment.objects.get().original_file)
    with pytest.raises(Problem, match="同じファイル") as refused:
        uploads.accept(person.application, "identity", SimpleUploadedFile("a.jpg", data), clock.now())
    assert refused.value.code == "file_duplicate"
    uploads.accept(person.application, "licence_front", SimpleUploadedFile("a.jpg", data), clock.now())
    assert Attachment.objects.count() == 1


@pytest.mark.requirement("PH-51")
def test_name_papers_may_be_four_pictures_and_no_more(person: Applying) -> None:
    for seed in range(4):
        uploads.accept(person.application, "name_proof", noise(seed), clock.now())
    with pytest.raises(Problem) as refused:
        uploads.accept(person.application, "name_proof", noise(9), clock.now())
    assert refused.value.code == "files_full"
    assert [row.ordinal for row in uploads.kept(person.application, "name_proof")] == [0, 1, 2, 3]
    uploads.remove(uploads.kept(person.application, "name_proof")[0], clock.now())
    assert len(uploads.kept(person.application, "name_proof")) == 3


@pytest.mark.requirement("PH-03")
def test_a_kind_that_the_new_authority_does_not_take_blocks_the_way(person: Applying) -> None:
    uploads.accept(person.application, "photo", noise(1, "PNG"), clock.now())
    assert "photo" in drafts.acceptable_slots(person.application)
    person.post("qualification", {"hpki_card": "none", "qualification": "doctor", "authority": "medis"})
    assert "photo" not in drafts.acceptable_slots(person.application)
    assert "いまの申請先では、このファイルは使えません" in person.get("photo").content.decode()


@pytest.mark.requirement("PH-48")
def test_a_refused_file_says_why_and_the_other_answers_stay(person: Applying) -> None:
    text = SimpleUploadedFile("photo.jpg", b"<html>")
    page = person.post("photo", {"file": text, "taken_on": "2026-11-01", "is_recent": "on"}).content.decode()
    assert "このファイル形式は使用できません" in page and "2026-11-01" in page
    assert "エラー" in page.split("</title>")[0]
    assert not Attachment.objects.exists()


def test_a_good_file_is_kept_even_where_another_answer_is_wrong(person: Applying) -> None:
    photo = pictures.folder(settings.HOME, "doctor") / "photo.jpg"
    given = SimpleUploadedFile("photo.jpg", photo.read_bytes())
    page = person.post("photo", {"file": given, "taken_on": "1999-01-01"})
    assert page.status_code == 200 and Attachment.objects.get().slot == "photo"
    assert (
        person.post("photo", {"taken_on": clock.now().date().isoformat(), "is_recent": "on"}).status_code
        == 302
    )


def test_a_page_without_its_file_says_which_one_is_missing(person: Applying) -> None:
    assert "資格免許証の表面を選んでください" in person.post("licence-front", {}).content.decode()
