"""The crop page without scripts: the original stays, the shown copy is the part, never less than 531 by 413."""

import io
from typing import Any

import pytest
from django.urls import reverse
from PIL import Image

from enrollment import drafts, flow, uploads
from enrollment.models import Attachment, Statement
from ledger import clock
from tests.enrollment.files.drawn import ONE_DAY, at, noise, quarters
from tests.support.people import Applying
from vault import files

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person() -> Applying:
    person = at("photo")
    uploads.accept(person.application, "photo", quarters(2000, 1800), clock.now())
    return person


def photo() -> Attachment:
    return Attachment.objects.get(slot="photo")


def url(**query: Any) -> str:
    wanted = "&".join(f"{name}={value}" for name, value in query.items())
    return f"{reverse('crop', args=[photo().public_id])}?{wanted}"


def picture() -> Image.Image:
    return Image.open(io.BytesIO(files.read(photo().shown_file)))


@pytest.mark.requirement("PH-09", "PH-10", "PH-44")
def test_another_ratio_is_offered_a_crop_and_the_result_is_a_passport_photo(person: Applying) -> None:
    page = person.get("photo").content.decode()
    assert "縦45mm×横35mmの比率に切り抜いてください" in page and "縦1800×横2000" in page
    assert reverse("crop", args=[photo().public_id]) in page
    before = photo()
    drawn = person.browser.get(url()).content.decode()
    assert "photo-band" in drawn and "この範囲で決める" in drawn
    answer = person.browser.post(url(), {"left": 1000, "top": 0, "width": 700, "turned": 0})
    assert answer.status_code == 302 and answer["Location"] == reverse("step", args=["photo"])
    after = photo()
    assert after.crop == {"left": 1000, "top": 0, "width": 700, "height": 900, "turned": 0}
    assert picture().size == (700, 900) and picture().getpixel((300, 400))[1] > 120  # type: ignore[index]
    assert after.original_file == before.original_file and files.read(after.original_file)
    assert after.shown_sha256 != before.shown_sha256 and "photo_ratio" not in after.warnings
    with pytest.raises(files.FileMissing):
        files.read(before.shown_file)
    assert "photo-with-guides" in person.get("photo").content.decode()


@pytest.mark.requirement("PH-04", "PH-10")
@pytest.mark.parametrize("width", [1, 100, 412, -5, "", "x", 10**9])
def test_the_result_is_never_smaller_than_the_least_photo(person: Applying, width: Any) -> None:
    person.browser.post(url(), {"left": -99, "top": 10**6, "width": width, "turned": 0})
    shown = picture()
    assert shown.height >= 531 and shown.width >= 413


def test_every_button_is_drawn_by_the_server(person: Applying) -> None:
    """Eight presses of "bigger" and one each of the others, each from the values of the page before."""
    page = person.browser.get(url())
    for button in ["bigger"] * 8 + ["left", "up", "right", "down", "smaller", "turn"]:
        frame = page.context["frame"]
        asked = {"left": frame.left, "top": frame.top, "width": frame.width, "turned": page.context["turned"]}
        page = person.browser.get(url(**asked, press=button))
        assert page.status_code == 200 and page.context["frame"] != frame
    assert page.context["turned"] == 90
    frame = page.context["frame"]
    asked = {"left": frame.left, "top": frame.top, "width": frame.width, "turned": 90}
    whole = person.browser.get(f"{reverse('whole', args=[photo().public_id])}?turned=90")
    assert Image.open(io.BytesIO(whole.content)).size == (1800, 2000) and "no-store" in whole["Cache-Control"]
    person.browser.post(url(), asked)
    assert photo().crop == {**asked, "height": frame.height}


def test_a_crop_can_be_taken_back(person: Applying) -> None:
    before = files.read(photo().shown_file)
    person.browser.post(url(), {"left": 0, "top": 0, "width": 500, "turned": 0})
    assert "切り抜きをやめて、元の写真に戻す" in person.browser.get(url()).content.decode()
    person.browser.post(url(), {"undo": "1"})
    assert photo().crop is None and files.read(photo().shown_file) == before


def test_a_crop_clears_what_was_agreed_to() -> None:
    person = at(flow.SIGN)
    person.get(flow.SIGN)
    assert Statement.objects.filter(application=person.application).exists()
    person.browser.post(url(), {"left": 0, "top": 0, "width": 500, "turned": 0})
    assert not Statement.objects.filter(application=person.application).exists()
    assert flow.CONSENT not in drafts.all_answers(person.application)


def test_from_the_check_page_it_leads_back_to_the_check_page() -> None:
    person = at(flow.CHECK)
    page = person.browser.get(reverse("step", args=["photo"]) + "?from=check").content.decode()
    link = f"{reverse('crop', args=[photo().public_id])}?from=check"
    assert link in page
    answer = person.browser.post(link, {"left": 0, "top": 0, "width": 500, "turned": 0})
    assert answer["Location"].endswith("?from=check")


def test_only_an_own_and_open_photo_has_a_crop_page(person: Applying) -> None:
    row = uploads.accept(person.application, "identity", noise(3), clock.now())
    assert person.browser.get(reverse("crop", args=[row.public_id])).status_code == 404
    own = url()
    other = Applying("dentist")
    other.sign_in()
    assert other.browser.get(own).status_code == 404
    assert other.browser.post(own, {"width": 500}).status_code == 404
    person.post("photo", {**ONE_DAY})
    person.submit()
    assert person.browser.post(own, {"width": 500}).status_code == 409
    assert photo().crop is None


def test_a_document_is_turned_a_quarter_at_a_time(person: Applying) -> None:
    row = uploads.accept(person.application, "licence_front", quarters(800, 600), clock.now())
    corners = []
    for _press in range(4):
        person.post("licence-front", {"act": f"turn:{row.public_id}"})
        row.refresh_from_db()
        shown = Image.open(io.BytesIO(files.read(row.shown_file))).convert("RGB")
        red, green, blue = shown.getpixel((40, 40))  # type: ignore[misc]
        corners.append(
            "white" if min(red, green, blue) > 120 else "rgb"[(red, green, blue).index(max(red, green, blue))]
        )
    assert corners == ["b", "white", "g", "r"] and row.crop is None and (row.width, row.height) == (800, 600)
