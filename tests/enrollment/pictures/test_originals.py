"""The bytes as they were given are a download for officers, never a page (PH-36)."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from enrollment import uploads
from ledger import clock
from ledger.models import Entry
from tests.enrollment.corpus import document
from tests.enrollment.desk.test_desk import desk
from tests.support import cases
from tests.support.people import Applying

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.requirement("PH-23", "PH-35", "PH-36")
def test_a_pdf_is_shown_as_pictures_and_its_original_only_downloaded() -> None:
    data = document(streams=False)
    case = cases.submitted("medis", original=data)
    case.attachments.update(kind="pdf")
    row = case.attachments.get()
    officer = desk(cases.officer("examiner", ("medis", "EXAMINER")))
    address = f"{reverse('admin:enrollment_case', args=[case.public_id])}files/{row.public_id}/"
    shown = officer.get(address)
    assert shown["Content-Type"] == "image/jpeg" and b"%PDF" not in shown.content
    original = officer.get(f"{address}?original")
    assert original.content == data
    assert original["Content-Disposition"].startswith("attachment")
    assert original["Content-Type"] == "application/octet-stream"
    assert original["X-Content-Type-Options"] == "nosniff" and "no-store" in original["Cache-Control"]
    assert Entry.objects.filter(kind="file.viewed").count() == 2


@pytest.mark.requirement("PH-36")
def test_its_owner_sees_the_pictures_too_and_no_address_shows_the_original() -> None:
    person = Applying("dentist")
    person.until("licence-front")
    given = SimpleUploadedFile("licence.pdf", document(streams=False), "application/pdf")
    row = uploads.accept(person.application, "licence_front", given, clock.now())
    assert row.kind == "pdf"
    address = reverse("file", args=[row.public_id])
    for query in ("", "?original", "?original=1"):
        page = person.browser.get(address + query)
        assert page["Content-Type"] == "image/jpeg" and page.content.startswith(b"\xff\xd8\xff")
