"""How a file comes in: one per request, never more of it than a byte above the limit, by either of the two controls."""

import asyncio
import tracemalloc

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from deploy import asgi
from enrollment.models import Attachment
from enrollment.views.receiving import MOST_KEPT, OneBoundedFile, has_second_file
from tests.deploy.test_asgi import Recorder, ask
from tests.enrollment import samples
from tests.enrollment.files.drawn import ONE_DAY, at, noise

LIMIT = 4_194_304


@pytest.mark.parametrize(("sent", "kept"), [(LIMIT, LIMIT), (LIMIT + 1, LIMIT + 1), (40_000_000, LIMIT + 1)])
def test_reading_stops_one_byte_above_the_limit(sent: int, kept: int) -> None:
    handler = OneBoundedFile()
    handler.new_file("file", "photo.jpg", "image/jpeg", None)
    part = b"x" * 65_536
    tracemalloc.start()
    for start in range(0, sent, len(part)):
        handler.receive_data_chunk(part[: sent - start], start)
    found = handler.file_complete(sent)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.size, len(found.read()), found.sent_size) == (kept, kept, sent)
    assert most < 3 * MOST_KEPT


@pytest.mark.requirement("PH-06")
def test_a_request_of_more_than_six_megabytes_reaches_no_page() -> None:
    pages = Recorder()
    router = asgi.Router(pages=pages, hot=Recorder())
    part = b"x" * (1024 * 1024)
    ask(router, "/apply/photo/file/", *[part] * 6)
    ask(router, "/apply/photo/file/", *[part] * 6, b"x")
    assert [len(body) for body in pages.bodies] == [6 * 1024 * 1024, 0]
    assert pages.scopes[1][asgi.REFUSED] == 413
    assert asyncio.iscoroutinefunction(router._answer)


@pytest.mark.requirement("PH-05", "PH-06", "PH-42", "K-05")
@pytest.mark.django_db
def test_a_file_a_byte_too_large_is_refused_with_its_size_and_a_byte_smaller_is_kept() -> None:
    person = at("photo")
    data = noise().read()
    fits = SimpleUploadedFile("a.jpg", samples.padded(data, LIMIT))
    large = SimpleUploadedFile("a.jpg", samples.padded(data, LIMIT + 900_000))
    page = person.post("photo", {"file": large, **ONE_DAY}).content.decode()
    assert "ファイル容量が4MBを超えています" in page and "このファイルは4.9MB" in page
    assert 'value="2026-11-01"' in page and not Attachment.objects.filter(slot="photo").exists()
    assert person.post("photo", {"file": fits, **ONE_DAY}).status_code == 302
    assert Attachment.objects.get(slot="photo").original_sha256


@pytest.mark.django_db
def test_two_files_in_one_request_are_told_apart_and_none_is_kept() -> None:
    person = at("photo")
    page = person.post("photo", {"file": noise(1), "camera": noise(2), **ONE_DAY}).content.decode()
    assert "2つのファイルが同時に選ばれています" in page
    assert not Attachment.objects.filter(slot="photo").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("slug", "capture"), [("photo", "user"), ("licence-front", "environment")])
def test_the_camera_and_the_file_reach_the_same_place(slug: str, capture: str) -> None:
    person = at(slug)
    assert f'capture="{capture}"' in person.get(slug).content.decode()
    for seed, control in enumerate(("camera", "file")):
        person.post(slug, {control: noise(seed), **ONE_DAY})
        row = Attachment.objects.get(slot=slug.replace("-", "_"))
        assert row.given_name == f"写真{seed}.jpeg"


def test_a_request_without_a_file_has_no_second_one() -> None:
    assert not has_second_file(RequestFactory().post("/", {"a": "b"}))
