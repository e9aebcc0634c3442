"""Hints never block; the photo's own record fills in and questions the declared day."""

import io
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation
from PIL import Image

from enrollment import drafts, flow, images, submission
from enrollment.errors import Refused
from enrollment.models import Attachment
from enrollment.steps import file_hints
from ledger import clock
from tests.enrollment.files.drawn import ONE_DAY, at, noise

pytestmark = pytest.mark.django_db


def today() -> date:
    return clock.today(clock.now())


def dark() -> SimpleUploadedFile:
    picture = Image.effect_noise((420, 540), 90).convert("RGB").point(lambda tone: tone // 4)
    out = io.BytesIO()
    picture.save(out, "JPEG")
    return SimpleUploadedFile("dark.jpg", out.getvalue())


def test_a_file_with_a_hint_is_kept_and_shown_once_more_before_going_on() -> None:
    """Without scripts: the first press shows the hint, the second goes on; nothing is an error."""
    person = at("photo")
    page = person.post("photo", {"file": dark(), **ONE_DAY})
    words = page.content.decode()
    assert page.status_code == 200 and "画像が暗いようです" in words
    assert "このまま進む" in words and "撮り直す" in words and "エラー" not in words.split("</title>")[0]
    assert Attachment.objects.get(slot="photo").warnings == ["picture_dark"]
    assert "photo" in drafts.all_answers(person.application)
    assert person.post("photo", ONE_DAY).status_code == 302


@pytest.mark.parametrize("code", sorted(images.WARNINGS))
def test_every_hint_says_what_to_do_better(code: str) -> None:
    row = Attachment(
        slot="photo",
        warnings=[code],
        width=800,
        height=600,
        measures={"taken_on": "2020-01-02", "head": 0.62, "faces": 2},
    )
    with translation.override("ja"):
        hint = file_hints.of(row)[0]
    assert hint.title.endswith("。")
    measured = {
        "photo_ratio": "縦600×横800",
        "head_small": "約62%",
        "head_large": "約62%",
        "face_several": "見つかった顔：2",
        "photo_taken_long_ago": "2020年1月2日",
    }
    assert measured.get(code, "") in hint.measured
    assert hint.can_crop == (code in ("photo_ratio", "head_small", "head_large"))


@pytest.mark.requirement("PH-07")
def test_the_declared_day_is_asked_prefilled_and_compared_with_the_files_own_record() -> None:
    person = at("photo")
    assert "撮影日を入力してください" in person.post("photo", {"file": noise(1)}).content.decode()
    tomorrow = {"taken_on": (today() + timedelta(days=1)).isoformat(), "is_recent": "on"}
    assert "撮影日が今日より後" in person.post("photo", tomorrow).content.decode()
    assert "チェックを入れて" in person.post("photo", {"taken_on": today().isoformat()}).content.decode()
    taken = today() - timedelta(days=20)
    page = person.post("photo", {"file": noise(2, taken=taken), "is_recent": "on"})
    words = page.content.decode()
    assert page.status_code == 200 and f'value="{taken.isoformat()}"' in words
    assert "写真の記録から、撮影日に" in words and "エラー" not in words.split("</title>")[0]
    other = {"taken_on": today().isoformat(), "is_recent": "on"}
    words = person.post("photo", other).content.decode()
    assert "写真の記録では、撮影日は" in words and 'name="seen_day"' in words
    assert person.post("photo", other | {"seen_day": today().isoformat()}).status_code == 302
    assert person.post("photo", other | {"taken_on": taken.isoformat()}).status_code == 302


@pytest.mark.requirement("PH-07")
def test_an_old_record_warns_and_refuses_nothing() -> None:
    person = at("photo")
    old = today() - timedelta(days=400)
    words = person.post("photo", {"file": noise(1, taken=old), **ONE_DAY}).content.decode()
    assert "画像の記録では、撮影から6か月を過ぎています" in words and "記録の撮影日" in words
    assert person.post("photo", {**ONE_DAY, "seen_day": "2026-11-01"}).status_code == 302


@pytest.mark.requirement("PH-52")
def test_a_declared_day_that_has_grown_too_old_stops_the_freeze_and_the_submission() -> None:
    person = at("photo")
    old = {"taken_on": "2026-05-19", "is_recent": "on"}
    assert "撮影から6か月を過ぎています" in person.post("photo", {"file": noise(1), **old}).content.decode()
    day = today().isoformat()
    assert person.post("photo", {"taken_on": day, "is_recent": "on"}).status_code == 302
    person.until(flow.SIGN)
    person.get(flow.SIGN)
    later = clock.now() + timedelta(days=200)
    with pytest.raises(Refused, match="incomplete"):
        submission.freeze(person.application, later)
    assert drafts.recheck(person.application, later) == ("photo",)
