"""An installation without the two optional libraries takes no PDF, says so, and misses nothing else (PH-50)."""

import subprocess
import sys

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from enrollment import images
from enrollment.pictures.client import ROOT, Zygote
from tests.enrollment import samples
from tests.enrollment.corpus import document
from tests.support.people import Applying

PDF = document(streams=False)
SENTENCE = "このサイトではPDFを使用できません。"


@pytest.fixture
def without_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Python sees a library that is not installed."""
    for name in ("pikepdf", "pypdfium2"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.requirement("PH-50")
@pytest.mark.usefixtures("without_pdf")
def test_a_pdf_is_refused_and_the_reason_is_not_the_file() -> None:
    for slot in ("identity", "licence_front", "name_proof"):
        assert images.taken_kinds("medis", slot) == {"jpeg"}
        with pytest.raises(images.PictureRefused, match=SENTENCE) as refused:
            images.inspect(PDF, slot=slot, authority="medis")
        assert refused.value.code == "file_type" and "JPEG(JPG)" in refused.value.message
    assert images.inspect(samples.jpeg(), slot="identity", authority="medis").kind == "jpeg"
    with pytest.raises(images.PictureRefused) as refused:
        images.inspect(PDF, slot="identity", authority="jma")
    assert SENTENCE not in refused.value.message  # there nobody takes PDF


@pytest.mark.requirement("PH-50")
@pytest.mark.django_db(transaction=True)
def test_the_page_says_it_before_anything_is_chosen(request: pytest.FixtureRequest) -> None:
    person = Applying("dentist")
    person.until("licence-front")
    assert "PDF" in person.get("licence-front").content.decode()
    request.getfixturevalue("without_pdf")
    page = person.get("licence-front").content.decode()
    assert SENTENCE in page and "application/pdf" not in page
    given = SimpleUploadedFile("licence.pdf", PDF, "application/pdf")
    answer = person.browser.post(reverse("give_file", args=["licence-front"]), {"file": given})
    assert answer.status_code == 200 and SENTENCE in answer.content.decode()
    assert not person.application.attachments.exists()


@pytest.mark.requirement("PH-50")
def test_the_decoder_starts_without_them() -> None:
    script = (
        "import sys, socket\nsys.modules['pikepdf'] = sys.modules['pypdfium2'] = None\n"
        "from enrollment.pictures import zygote\nzygote.serve(socket.socket(fileno=0))\n"
    )
    other = Zygote((sys.executable, "-c", script))
    try:
        assert other.ask({"kind": "jpeg", "photo": True}, samples.jpeg()).head["code"] == ""
        assert other.ask({"kind": "pdf", "photo": False}, PDF).head["code"] == "file_type"
    finally:
        other.stop()


@pytest.mark.requirement("PH-50")
def test_the_web_process_never_loads_them() -> None:
    script = "import sys\nfrom enrollment import images\nimages.taken_kinds('medis', 'identity')\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not {"pikepdf", "pypdfium2", "PIL", "cv2"} & set(done.stdout.split())
