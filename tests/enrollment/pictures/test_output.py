"""What leaves the decoder: pixels, and nothing that was planted beside them."""

import hashlib
from datetime import date

import pytest
from PIL import Image, ImageCms

from enrollment import images
from tests.enrollment import samples

TODAY = date(2026, 11, 20)


def inspected(data: bytes, slot: str = "photo") -> images.Picture:
    return images.inspect(data, slot=slot, authority="jma", on=TODAY)


@pytest.mark.requirement("PH-22")
def test_nothing_but_pixels_survives() -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010E] = "<script>alert(1)</script>"
    srgb = b"\0" * 200
    data = samples.jpeg(exif=exif, icc_profile=srgb, comment=b"<?php system(1); ?>")
    data = samples.with_segment(data, 0xFE, b"<?php system(2); ?>") + b"PK\x03\x04<?php"
    shown = inspected(data).shown_jpeg
    for planted in (b"<?php", b"<script", b"PK\x03\x04", b"Exif", b"GPS", b"ICC_PROFILE", b"\xff\xfe"):
        assert planted in data or planted in (b"GPS",)
        assert planted not in shown
    found = samples.shown(shown)
    assert set(found.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert not found.getexif()


@pytest.mark.requirement("PH-22")
def test_nothing_planted_in_a_png_or_behind_a_bmp_survives() -> None:
    data = samples.saved(samples.face(), "PNG")
    planted = samples.chunk(b"tEXt", b"Comment\0<?php system(1); ?><script>") + samples.chunk(
        b"eXIf", b"MM\0*GPS"
    )
    for whole in (
        data[:33] + planted + data[33:],
        samples.saved(samples.face(), "BMP") + b"<?php <script PK\x03\x04",
    ):
        shown = inspected(whole).shown_jpeg
        for mark in (b"<?php", b"<script", b"PK\x03\x04", b"Exif", b"GPS", b"ICC_PROFILE", b"\xff\xfe"):
            assert mark not in shown
        assert shown[:4] == b"\xff\xd8\xff\xe0" and b"\xff\xc0" in shown and b"\xff\xc2" not in shown[:700]


def swapped_profile() -> bytes:
    """A good profile that is not sRGB: what it calls red is our blue."""
    profile = bytearray(
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes().replace(b"sRGB", b"tRGB")
    )
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)


@pytest.mark.requirement("PH-21")
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_good_profile_is_applied_and_a_bad_one_is_not(kind: str) -> None:
    red = Image.new("RGB", (60, 60), (230, 20, 20))
    for profile, is_applied in ((swapped_profile(), True), (swapped_profile()[:200], False), (b"", False)):
        data = samples.saved(red, kind, icc_profile=profile)
        red_band, _green, blue_band = samples.shown(inspected(data, "identity").shown_jpeg).getpixel((30, 30))  # type: ignore[misc]
        assert (blue_band > red_band) is is_applied


@pytest.mark.requirement("PH-21")
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "RGBA", "LA", "I;16"])
def test_every_mode_becomes_8_bit_rgb(mode: str) -> None:
    source = samples.face(60, 80)
    image = (
        source.convert("I").point(lambda value: value * 256).convert("I;16")
        if mode == "I;16"
        else source.convert(mode)
    )
    shown = samples.shown(inspected(samples.saved(image, "PNG"), "identity").shown_jpeg)
    assert (shown.mode, shown.size) == ("RGB", (60, 80))


@pytest.mark.requirement("PH-05")
@pytest.mark.parametrize(("kind", "mode"), [("PNG", "1"), ("JPEG", "L")])
def test_a_picture_full_of_detail_is_shown_small_enough(kind: str, mode: str) -> None:
    noise = Image.effect_noise((3_190, 3_190), 140).convert(mode)
    data = samples.saved(noise, kind, **({"quality": 12} if kind == "JPEG" else {}))
    picture = inspected(data, "identity")
    assert len(data) <= 4_194_304 and len(picture.shown_jpeg) <= 4_000_000
    assert samples.shown(picture.shown_jpeg).size == (picture.shown_width, picture.shown_height)


@pytest.mark.requirement("PH-05")
def test_the_shown_copy_stays_below_four_million_bytes() -> None:
    noise = Image.effect_noise((2400, 2400), 120).convert("RGB")
    data = samples.saved(noise, "JPEG", quality=55)
    assert len(data) < 4_194_304
    assert len(inspected(data).shown_jpeg) <= 4_000_000


@pytest.mark.requirement("PH-19")
def test_16_bit_grey_is_scaled_not_clipped() -> None:
    shown = samples.shown(
        images.inspect(samples.grey_16_bit(47_545), slot="identity", authority="jma").shown_jpeg
    )
    assert all(abs(band - 185) <= 2 for band in shown.getpixel((200, 200)))  # type: ignore[union-attr]


@pytest.mark.requirement("PH-21")
def test_transparency_lies_on_white() -> None:
    clear = samples.face().convert("RGBA")
    clear.putalpha(0)
    for data in (
        samples.saved(clear, "PNG"),
        samples.saved(samples.face().convert("L").convert("P"), "PNG", transparency=bytes(256)),
    ):
        shown = samples.shown(images.inspect(data, slot="identity", authority="jma").shown_jpeg)
        assert all(band >= 253 for band in shown.getpixel((200, 250)))  # type: ignore[union-attr]


@pytest.mark.requirement("PH-21")
def test_cmyk_keeps_its_colours() -> None:
    data = samples.saved(Image.new("CMYK", (50, 50), (0, 255, 255, 0)), "JPEG")
    red, green, _blue = samples.shown(inspected(data, "identity").shown_jpeg).getpixel((25, 25))  # type: ignore[misc]
    assert red > 200 and green < 60


@pytest.mark.requirement("PH-18")
@pytest.mark.parametrize(
    ("mode", "kind"), [("RGB", "JPEG"), ("RGBA", "PNG"), ("P", "PNG"), ("L", "PNG"), ("1", "BMP")]
)
def test_a_picture_just_under_fifty_megapixels_is_shrunk(mode: str, kind: str) -> None:
    large = Image.new("RGB", (8_000, 6_000), "white")
    large.paste(samples.face(1_000, 1_000), (0, 0))
    data = samples.saved(large.convert(mode), kind)
    picture = inspected(
        data if len(data) < 4_194_304 else samples.saved(large.convert("P"), "PNG"), "identity"
    )
    shown = samples.shown(picture.shown_jpeg)
    assert (picture.width, picture.height) == (8_000, 6_000)
    assert shown.size == ((2_000, 1_500) if kind == "JPEG" else (1_600, 1_200))
    assert min(shown.getpixel((1_500, 1_100))) > 245  # type: ignore[arg-type]


@pytest.mark.requirement("PH-04")
def test_a_narrow_photo_is_never_shrunk_below_the_least_size() -> None:
    shown = samples.shown(inspected(samples.jpeg(6_000, 540)).shown_jpeg)
    assert shown.height >= 531 and shown.width >= 413


def test_digests_are_those_of_the_bytes() -> None:
    data = samples.jpeg()
    picture = inspected(data)
    assert picture.sha256_original == hashlib.sha256(data).digest()
    assert picture.sha256_shown == hashlib.sha256(picture.shown_jpeg).digest()


@pytest.mark.requirement("PH-10", "PH-44")
@pytest.mark.parametrize(
    ("width", "height", "warned"),
    [(413, 531, False), (700, 900, False), (420, 540, False), (450, 540, True), (600, 600, True)],
)
def test_another_ratio_is_a_hint(width: int, height: int, warned: bool) -> None:
    assert ("photo_ratio" in inspected(samples.jpeg(width, height)).warnings) is warned
    assert images.WARNINGS["photo_ratio"] == "縦45mm×横35mmの比率に切り抜いてください。"


@pytest.mark.requirement("PH-25")
def test_several_frames_are_a_hint_and_the_first_counts() -> None:
    for data in (samples.animated_png(), samples.mpo()):
        picture = inspected(data)
        assert picture.warnings == ("several_frames",)
        red, green, _blue = samples.shown(picture.shown_jpeg).getpixel((5, 5))  # type: ignore[misc]
        assert red > 180 and green < 90


@pytest.mark.requirement("PH-07")
@pytest.mark.parametrize(
    ("day", "warned"),
    [("2026:05:20", False), ("2026:05:19", True), ("0000:00:00", False), ("nonsense", False)],
)
def test_an_old_shooting_date_is_a_hint(day: str, warned: bool) -> None:
    picture = inspected(samples.taken_on(day))
    assert ("photo_taken_long_ago" in picture.warnings) is warned
    if day.startswith("2026"):
        assert picture.taken_on == date.fromisoformat(day.replace(":", "-"))


def test_a_dark_picture_is_a_hint() -> None:
    dark = samples.face().point(lambda value: value // 5)
    assert "picture_dark" in inspected(samples.saved(dark, "PNG")).warnings
