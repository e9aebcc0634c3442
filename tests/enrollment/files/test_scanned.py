"""A malware scanner stands before everything else: what it finds is not kept, and its absence is said."""

from typing import Any

import pytest
from django.conf import settings as product
from django.core.files.uploadedfile import SimpleUploadedFile

from enrollment.models import Attachment
from ledger.models import Entry
from tests.enrollment.files.drawn import ONE_DAY, at, noise
from tests.support.clamd import MARKER, SIGNATURE, Clamd
from vault import files

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_clean_file_is_marked_and_an_infected_one_is_refused_and_written_down(
    settings: Any,
) -> None:
    person = at("photo")
    with Clamd() as scanner:
        settings.INKAN_CLAMD = scanner.address
        before = set(files.names())
        infected = SimpleUploadedFile("秘密の名前.jpg", noise(1).read() + MARKER)
        page = person.post("photo", {"file": infected, **ONE_DAY}).content.decode()
        assert "不正なプログラムが見つかったため、保存しませんでした" in page and 'value="2026-11-01"' in page
        assert set(files.names()) == before and not Attachment.objects.filter(slot="photo").exists()
        assert person.post("photo", {"file": noise(2), **ONE_DAY}).status_code == 302
    assert Attachment.objects.get(slot="photo").scan == "clean"
    entry = Entry.objects.get(kind="file.infected")
    assert entry.subject == str(person.application.public_id) and entry.authority == "jma"
    assert entry.data["slot"] == "photo" and str(entry.data["signature"]).startswith(SIGNATURE)
    assert "秘密" not in str(entry.data)


def test_without_its_configured_scanner_nothing_is_kept_and_the_page_says_so(
    settings: Any,
) -> None:
    person = at("photo")
    settings.INKAN_CLAMD = str(settings.HOME / "no-clamd-here")
    page = person.post("photo", {"file": noise(1), **ONE_DAY}).content.decode()
    assert "いまファイルの安全確認ができないため、保存していません" in page and 'value="2026-11-01"' in page
    assert not Attachment.objects.filter(slot="photo").exists()


def test_where_no_scanner_is_configured_the_row_says_so() -> None:
    assert product.INKAN_CLAMD == ""
    person = at("photo")
    answer: Any = person.post("photo", {"file": noise(1), **ONE_DAY})
    assert answer.status_code == 302 and Attachment.objects.get(slot="photo").scan == ""
