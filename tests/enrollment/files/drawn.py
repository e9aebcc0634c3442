"""Pictures for these tests, each of other bytes, and a person who has come to a page."""

import io
from datetime import date

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from tests.support.people import Applying

ONE_DAY = {"taken_on": "2026-11-01", "is_recent": "on"}
UPRIGHT = (420, 540)


def noise(
    seed: int = 1, kind: str = "JPEG", size: tuple[int, int] = UPRIGHT, taken: date | None = None
) -> SimpleUploadedFile:
    """A sharp picture of 35:45 in which nothing is to be seen."""
    picture = Image.effect_noise(size, 40 + seed).convert("RGB")
    exif = Image.Exif()
    if taken:
        exif.get_ifd(0x8769)[0x9003] = taken.strftime("%Y:%m:%d 09:00:00")
    out = io.BytesIO()
    picture.save(out, kind, exif=exif)
    return SimpleUploadedFile(f"写真{seed}.{kind.lower()}", out.getvalue())


def quarters(width: int, height: int) -> SimpleUploadedFile:
    """Red, green, blue and white: upper left, upper right, lower left, lower right, with some noise over them."""
    colours = Image.new("RGB", (2, 2))
    for place, colour in zip(
        ((0, 0), (1, 0), (0, 1), (1, 1)),
        ((200, 0, 0), (0, 200, 0), (0, 0, 200), (200, 200, 200)),
        strict=True,
    ):
        colours.putpixel(place, colour)
    picture = colours.resize((width, height), Image.Resampling.NEAREST)
    grain = Image.effect_noise((width, height), 90).convert("RGB")
    out = io.BytesIO()
    Image.blend(picture, grain, 0.3).save(out, "JPEG", quality=95)
    return SimpleUploadedFile("quarters.jpg", out.getvalue())


def at(step: str, who: str = "doctor", **changed: object) -> Applying:
    """A person who has come to this step."""
    person = Applying(who, **changed)  # type: ignore[arg-type]
    person.until(step)
    return person
