"""What is shown when a person cuts a picture to size: that part, upright, never too small."""

import io

import pytest
from PIL import Image, ImageChops, ImageOps, ImageStat

from enrollment import images
from enrollment.images import Crop
from tests.enrollment import samples


def stored(orientation: int, kind: str = "PNG", size: tuple[int, int] = (640, 700)) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return samples.saved(samples.face(*size), kind, exif=exif)


def by_pillow(data: bytes, crop: Crop) -> Image.Image:
    """The same part by the library's own ways, as a witness."""
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    turned = upright.rotate(-crop.turned, expand=True)
    box = (crop.left, crop.top, crop.left + crop.width, crop.top + crop.height)
    return turned.convert("RGB").crop(box)


def differs(one: Image.Image, other: Image.Image) -> float:
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)


@pytest.mark.requirement("PH-10", "PH-20")
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_crop_shows_its_box_of_the_turned_picture(orientation: int, turned: int) -> None:
    data, crop = stored(orientation), Crop(101, 37, 413, 531, turned)
    picture = images.inspect(data, slot="photo", authority="jma", crop=crop)
    shown = samples.shown(picture.shown_jpeg)
    assert shown.size == (413, 531) == (picture.shown_width, picture.shown_height)
    assert differs(shown, by_pillow(data, crop)) < 3
    sideways = (turned in (90, 270)) != (orientation >= 5)
    assert (picture.width, picture.height) == ((700, 640) if sideways else (640, 700))
    assert "photo_ratio" not in picture.warnings


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "RGB"), ("JPEG", "L"), ("PNG", "RGB"), ("PNG", "L"), ("PNG", "P"), ("PNG", "1"), ("BMP", "1")],
)
def test_a_large_crop_is_shrunk_but_stays_large_enough(kind: str, mode: str) -> None:
    whole = samples.face(3_000, 3_400)
    data, crop = samples.saved(whole.convert(mode), kind), Crop(100, 200, 2_589, 3_190, 0)
    picture = images.inspect(data, slot="photo", authority="jma", crop=crop)
    shown = samples.shown(picture.shown_jpeg)
    assert shown.width >= 413 and 1_594 <= shown.height < 3_200
    expected = by_pillow(data, crop).resize(shown.size, Image.Resampling.BOX)
    assert differs(shown.convert("RGB"), expected) < 12  # two-tone pictures lose their dots


@pytest.mark.requirement("PH-04", "PH-10")
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("factor", [1, 2, 3, 4, 5])
def test_a_crop_of_the_least_size_is_never_made_smaller(kind: str, factor: int) -> None:
    data = samples.saved(samples.face(2_200, 2_800), kind)
    crop = Crop(1, 3, 413 * factor, 531 * factor, 0)
    picture = images.inspect(data, slot="photo", authority="jma", crop=crop)
    assert picture.shown_width >= 413 and picture.shown_height >= 531


@pytest.mark.requirement("PH-04")
def test_a_wide_photo_is_never_shrunk_below_the_least_height() -> None:
    picture = images.inspect(samples.jpeg(3_300, 900), slot="photo", authority="jma")
    assert picture.shown_height >= 531 and picture.shown_width >= 413


@pytest.mark.requirement("PH-04", "PH-10")
@pytest.mark.parametrize(
    ("crop", "code", "measured"),
    [
        (Crop(0, 0, 412, 531, 0), "crop_too_small", "縦531×横412"),
        (Crop(0, 0, 413, 530, 0), "crop_too_small", "縦530×横413"),
        (Crop(0, 0, 531, 413, 0), "crop_too_small", "縦413×横531"),
        (Crop(228, 0, 413, 531, 0), "crop_outside", "縦700×横640"),
        (Crop(0, 170, 413, 531, 0), "crop_outside", "縦700×横640"),
        (Crop(288, 0, 413, 531, 90), "crop_outside", "縦640×横700"),
        (Crop(-1, 0, 413, 531, 0), "crop_outside", "縦700×横640"),
        (Crop(0, -5, 413, 531, 0), "crop_outside", "縦700×横640"),
        (Crop(0, 0, 0, 531, 0), "crop_outside", "縦700×横640"),
        (Crop(0, 0, -413, -531, 0), "crop_outside", "縦700×横640"),
        (Crop(0, 0, 10**30, 531, 0), "crop_outside", "縦700×横640"),
        (Crop(0, 0, 413, 531, 45), "crop_outside", ""),
    ],
)
def test_a_crop_that_cannot_be_is_refused(crop: Crop, code: str, measured: str) -> None:
    with pytest.raises(images.PictureRefused) as refused:
        images.inspect(stored(1), slot="photo", authority="jma", crop=crop)
    assert refused.value.code == code
    assert measured in refused.value.message


@pytest.mark.requirement("PH-04")
def test_the_whole_is_measured_too_and_as_the_person_turned_it() -> None:
    with pytest.raises(images.PictureRefused) as refused:
        images.inspect(
            stored(1, size=(412, 700)), slot="photo", authority="jma", crop=Crop(0, 0, 412, 531, 0)
        )
    assert refused.value.code == "photo_pixels"
    lying = stored(1, size=(531, 413))
    picture = images.inspect(lying, slot="photo", authority="jma", crop=Crop(0, 0, 413, 531, 90))
    assert (picture.width, picture.height) == (413, 531)


@pytest.mark.requirement("PH-10")
def test_the_ratio_is_that_of_the_crop() -> None:
    square = stored(1, size=(800, 800))
    whole = images.inspect(square, slot="photo", authority="jma")
    cut = images.inspect(square, slot="photo", authority="jma", crop=Crop(100, 0, 622, 800, 0))
    askew = images.inspect(square, slot="photo", authority="jma", crop=Crop(0, 0, 700, 800, 0))
    assert "photo_ratio" in whole.warnings
    assert "photo_ratio" not in cut.warnings
    assert "photo_ratio" in askew.warnings


def test_a_blank_part_of_a_photo_is_blank() -> None:
    wall = Image.new("RGB", (1_000, 1_000), "white")
    wall.paste(samples.face(400, 400), (0, 0))
    data = samples.saved(wall, "PNG")
    assert images.inspect(data, slot="photo", authority="jma").kind == "png"
    with pytest.raises(images.PictureRefused) as refused:
        images.inspect(data, slot="photo", authority="jma", crop=Crop(450, 420, 413, 531, 0))
    assert refused.value.code == "photo_blank"


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_document_is_turned_and_may_be_cut_small(turned: int) -> None:
    data, crop = samples.jpeg(300, 200), Crop(20, 30, 60, 50, turned)
    picture = images.inspect(data, slot="identity", authority="jma", crop=crop)
    assert samples.shown(picture.shown_jpeg).size == (60, 50)
    assert differs(samples.shown(picture.shown_jpeg), by_pillow(data, crop)) < 6
    assert (picture.width, picture.height) == ((200, 300) if turned in (90, 270) else (300, 200))
